/**
 * What the tests of several workers have in common: a server of so many, requests on connections of their own, and the processes
 * behind it.
 */
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, FileSystem, Schedule } from "effect"
import { execFile } from "node:child_process"
import { request as httpRequest } from "node:http"
import { join } from "node:path"

const configuration = (workers: number, url: string, database: string) => `
server: { workers: ${workers}, lameDuck: 200 millis, drainTimeout: 20 seconds }
auth: { mode: keys }
ledger: { url: "sqlite:${database}" }
log: { level: warn }
providers:
  - { id: up, dialect: openai-chat, baseUrl: "${url}/v1", credentials: [{ id: main, apiKey: upstream-key }] }
  - { id: sim, dialect: anthropic-messages, simulator: true }
models:
  - { id: "sim/*", targets: [{ provider: sim, model: "*" }] }
  - { id: "*", targets: [{ provider: up }] }
keys:
  - { id: k, key: sk-k }
  - { id: ten, key: sk-ten, budget: { usd: "10.00", period: total } }
prices: { models: [{ model: "sim-text*", input: "0", output: "0", request: "1.00" }] }
`

/** What came of a request. */
export interface Reply {
  readonly status: number | undefined
  readonly text: string
  /** What broke the answer off. */
  readonly error?: string
}

/** One request on a connection of its own, so that the system deals it to any of the workers. */
export const ask = (url: string, path: string, key: string, body?: unknown, onHead = (): void => {}, idempotencyKey?: string): Effect.Effect<Reply> =>
  Effect.callback<Reply>((resume) => {
    let text = ""
    let status: number | undefined
    const request = httpRequest(`${url}${path}`, {
      agent: false,
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey })
      }
    }, (response) => {
      status = response.statusCode
      onHead()
      response.on("data", (chunk) => text += chunk)
      response.on("end", () => resume(Effect.succeed({ status, text })))
      response.on("error", (error) => resume(Effect.succeed({ status, text, error: error.message })))
    })
    request.on("error", (error) => resume(Effect.succeed({ status, text, error: error.message })))
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })

/** A chat completion, of a scenario of the upstream. */
export const chat = (model: string, stream: boolean) => ({ model, stream, messages: [{ role: "user", content: "Count." }] })

/** The processes of the workers. */
export const workersOf = (pid: number) =>
  Effect.callback<ReadonlyArray<number>>((resume) => {
    execFile("pgrep", ["-P", String(pid)], (_error, stdout) => resume(Effect.succeed(stdout.trim().split("\n").filter((line) => line !== "").map(Number))))
  })

/** Tries again until it is no longer pending. */
export const eventually = <A, R>(effect: Effect.Effect<A, "pending", R>) =>
  effect.pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 1_000 }), Effect.orDie)

/** Pending until it is so. */
export const when = (condition: boolean) => condition ? Effect.void : Effect.fail("pending" as const)

/** The numbers below. */
export const range = (count: number) => Array.from({ length: count }, (_, at) => at)

/** A configuration for so many workers in a folder of its own, and what the ledger holds. */
export const setUp = Effect.fn(function*(workers: number) {
  const files = yield* FileSystem.FileSystem
  const simulator = yield* SimulatorServer
  const folder = yield* files.makeTempDirectoryScoped()
  const database = join(folder, "ledger.db")
  const config = join(folder, "sluice.yaml")
  yield* files.writeFileString(config, configuration(workers, simulator.url, database))
  const rows = Effect.orDie(LedgerReader.query({ _tag: "Sqlite", filename: database }, { limit: 10_000 }))
  return { config, simulator, rows }
})
