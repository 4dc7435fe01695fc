/**
 * Installs an agent from npm into a cache inside node_modules, by its version, so that a second run needs no registry. An agent
 * that cannot be installed or does not start is a failure with its reason.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Agent } from "./Agents.ts"
import { type Ended, run } from "./GroupedProcess.ts"

const cache = join(import.meta.dirname, "../../node_modules/.cache/agents")
const installLimitMs = 600_000
const startLimitMs = 60_000

/** An installed agent, or why there is none. */
export type Installed = { readonly executable: string } | { readonly problem: string }

const lastWords = ({ output }: Ended): string => output.trim().slice(-2000)

/** Installs an agent unless it is there, and makes sure that it starts and is the wanted version. `home` is any empty folder. */
export const install = async (agent: Agent, home: string): Promise<Installed> => {
  const folder = join(cache, `${agent.name}-${agent.version}`)
  const done = join(folder, ".installed")
  if (!existsSync(done)) {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }))
    const args = ["install", "--no-audit", "--no-fund", "--loglevel=error", "--save-exact", "--ignore-scripts=false", `${agent.package}@${agent.version}`]
    const ended = await run("npm", args, { cwd: folder, env: process.env, limitMs: installLimitMs })
    if (ended.code !== 0) return { problem: `${agent.package}@${agent.version} cannot be installed (${ended.how}): ${lastWords(ended)}` }
    writeFileSync(done, "")
  }
  const executable = join(folder, "node_modules/.bin", agent.bin)
  const started = await run(executable, ["--version"], { cwd: home, env: { PATH: process.env["PATH"], HOME: home }, limitMs: startLimitMs })
  if (started.code !== 0) return { problem: `${agent.package}@${agent.version} does not start here (${started.how}): ${lastWords(started)}` }
  if (!started.output.includes(agent.version)) return { problem: `${agent.package} is not version ${agent.version} but says: ${lastWords(started)}` }
  return { executable }
}
