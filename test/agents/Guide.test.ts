/** The guide for coding agents says what the runs with real agents do: the settings that point an agent at the gateway are in it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it } from "vitest"
import { read } from "../Repository.ts"
import { agents } from "./Agents.ts"

const guide = read("docs/guides/coding-agents.md")
const folder = mkdtempSync(join(tmpdir(), "sluice-guide-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const url = "http://127.0.0.1:8787"

/** Settings that only keep a run quiet, or hold what the guide says in a file. */
const isQuiet = (name: string): boolean => /DISABLE|NO_RELAUNCH|CODEX_HOME|OPENCODE_CONFIG_CONTENT/.test(name)

const ways = agents.flatMap((agent) => agent.ways.map((way) => ({ agent, way })))

describe.each(ways)("$agent.name with $way.model is set up as the guide says", ({ agent, way }) => {
  const home = join(folder, `${agent.name}-${way.model}`)
  const { env } = way.start({ url, key: "KEY", model: "coder", home, prompt: "" })

  it("by variables", () => {
    expect(Object.keys(env).filter((name) => !isQuiet(name) && !guide.includes(name))).toEqual([])
  })

  it("by the lines of its file", () => {
    const config = agent.name === "codex" ? readFileSync(join(home, ".codex/config.toml"), "utf8") : ""
    const [pointing = ""] = config.split("[analytics]")
    expect(pointing.split("\n").filter((line) => !guide.includes(line))).toEqual([])
    if (agent.name === "gemini-cli") {
      const settings: { readonly security: object } = JSON.parse(readFileSync(join(home, ".gemini/settings.json"), "utf8"))
      const block = /```json\n(.*selectedType.*)\n```/.exec(guide)?.[1] ?? "{}"
      expect(JSON.parse(block)).toEqual({ security: settings.security })
    }
  })

  it("by the packages and addresses of its providers", () => {
    const { provider }: { readonly provider: { readonly [id: string]: { readonly npm: string; readonly options: { readonly baseURL: string } } } } = JSON.parse(
      env["OPENCODE_CONFIG_CONTENT"] ?? "{\"provider\":{}}"
    )
    for (const { npm, options } of Object.values(provider)) expect(guide).toMatch(new RegExp(`\`${npm}\` .*\`${options.baseURL.slice(url.length)}\` `))
  })
})
