/**
 * The reference server as its user runs it, with a configuration of its own: a simulated provider of each protocol, one key, a
 * ledger in a file. A model named `NAME@PROTOCOL` is answered by the provider of that protocol, which asks for a file to be
 * written.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { dialects } from "./Agents.ts"

const program = join(import.meta.dirname, "../../apps/server/src/main.ts")

/** The one key. */
export const key = "sk-agents"

/** What a line of the ledger says of an exchange, as far as it matters here. */
export interface Row {
  readonly id: string
  readonly inbound: string
  readonly upstream?: string
  readonly outcome?: string
  readonly status: string
  readonly model?: string
  readonly losses?: ReadonlyArray<string>
  readonly error?: { readonly class: string; readonly message: string }
}

/** A running server. */
export interface Gateway {
  readonly port: number
  /** The last of what it wrote since it listens. */
  readonly log: () => string
  /** Every row of its ledger, newest first. */
  readonly rows: () => Promise<ReadonlyArray<Row>>
  readonly stop: () => Promise<void>
}

const configuration = (ledger: string): string =>
  [
    "auth: { mode: keys }",
    `ledger: { url: "sqlite:${ledger}" }`,
    "providers:",
    ...dialects.map((dialect) => `  - { id: ${dialect}, dialect: ${dialect}, simulator: true }`),
    "models:",
    ...dialects.map((dialect) => `  - { id: "*@${dialect}", targets: [{ provider: ${dialect}, model: sim-agent }] }`),
    `keys: [{ id: agents, key: ${key} }]`,
    ""
  ].join("\n")

const listening = (child: ChildProcess, said: () => string): Promise<number> =>
  new Promise((resolve, reject) => {
    child.stdout?.on("data", () => {
      const port = /listening on http:\S+:(\d+)/.exec(said())?.[1]
      if (port !== undefined) resolve(Number(port))
    })
    child.once("exit", () => reject(new Error(`the server ended before it listened:\n${said()}`)))
  })

const execute = promisify(execFile)

/** Starts the server on a free port; its files are in `folder`. Rejects where it does not come to listen. */
export const start = async (folder: string): Promise<Gateway> => {
  const config = join(folder, "sluice.yaml")
  writeFileSync(config, configuration(join(folder, "ledger.db")))
  const env = { PATH: process.env["PATH"], HOME: folder }
  const child = spawn(process.execPath, [program, "serve", "--config", config, "--port", "0"], { env, stdio: ["ignore", "pipe", "pipe"] })
  process.on("exit", () => child.kill("SIGKILL"))
  let output = ""
  const take = (chunk: Buffer): void => void (output = (output + chunk.toString()).slice(-20_000))
  child.stdout.on("data", take)
  child.stderr.on("data", take)
  const port = await listening(child, () => output)
  output = ""
  return {
    port,
    log: () => output,
    rows: async () => {
      const args = [program, "ledger", "query", "--config", config, "--limit", "10000", "--json"]
      const { stdout } = await execute(process.execPath, args, { env, maxBuffer: 64 * 1024 * 1024 })
      return stdout.split("\n").filter((line) => line !== "").map((line): Row => JSON.parse(line))
    },
    stop: async () => {
      const exited = once(child, "exit")
      child.kill("SIGTERM")
      await exited
    }
  }
}
