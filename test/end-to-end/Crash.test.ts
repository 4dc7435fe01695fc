/**
 * The server killed outright, again and again, with a hundred streams open: after the restart every request that reached the
 * upstream has exactly one entry in the ledger, and none is left open.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Console, Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import { join } from "node:path"
import * as RawClient from "./RawClient.ts"
import * as ServerProcess from "./ServerProcess.ts"

const kills = 20
const streams = 100

/** The moments of the kills, in milliseconds after the last request was sent. Set SLUICE_SEED to repeat a run. */
const seed = Number(process.env["SLUICE_SEED"] ?? Math.floor(Math.random() * 2 ** 31))
const moments = fc.sample(fc.integer({ min: 50, max: 900 }), { numRuns: kills, seed })

const configuration = (url: string, database: string) => `
auth: { mode: open }
ledger: { url: "sqlite:${database}" }
log: { level: error }
providers:
  - { id: up, dialect: anthropic-messages, baseUrl: "${url}", credentials: [{ id: main, apiKey: upstream-key }] }
  - { id: same, dialect: openai-chat, baseUrl: "${url}/v1", credentials: [{ id: main, apiKey: upstream-key }] }
models:
  - { id: "up/*", targets: [{ provider: up, model: "*" }] }
  - { id: "same/*", targets: [{ provider: same, model: "*" }] }
`

it.live("a killed server loses no request that reached its upstream", () =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const simulator = yield* SimulatorServer
    const folder = yield* files.makeTempDirectoryScoped()
    const database = join(folder, "ledger.db")
    const config = join(folder, "sluice.yaml")
    yield* files.writeFileString(config, configuration(simulator.url, database))
    for (let round = 0; round < kills; round++) {
      yield* Effect.scoped(Effect.gen(function*() {
        const server = yield* ServerProcess.start(config)
        const requests = Effect.forEach(Array.from({ length: streams }, (_, index) => index), (index) =>
          Effect.flatMap(
            RawClient.send(server.url, "/v1/chat/completions", {
              model: `${index % 2 === 0 ? "up" : "same"}/sim-long;events=400;delay=5;tag=${round}-${index}`,
              stream: true,
              messages: [{ role: "user", content: "Count." }]
            }),
            () => Effect.void
          ), { concurrency: "unbounded" })
        yield* requests
        yield* Effect.sleep(moments[round] ?? 0)
        yield* server.kill("SIGKILL")
      }))
    }
    yield* Effect.scoped(ServerProcess.start(config))
    const { code, stderr, stdout } = yield* ServerProcess.command(["ledger", "query", "--config", config, "--limit", "10000", "--json"])
    assert.strictEqual(code, 0, stderr)
    const entries = stdout.split("\n").filter((line) => line !== "").map((
      line
    ): { readonly upstreamModel?: string; readonly model: string; readonly status: string } => JSON.parse(line))
    const byTag = Map.groupBy(entries, ({ model }) => /tag=(.*)$/.exec(model)?.[1] ?? "")
    const reached = (yield* simulator.log).map(({ model }) => /tag=(.*)$/.exec(model)?.[1] ?? "")
    yield* Console.log(
      `Seed ${seed}: ${kills} kills, ${kills * streams} requests sent, ${reached.length} reached the upstream, ${entries.length} entries: ${
        [...Map.groupBy(entries, ({ status }) => status)].map(([status, group]) => `${group.length} ${status}`).join(", ")
      }`
    )
    assert.isAbove(reached.length, kills * streams / 4)
    for (const tag of reached) assert.strictEqual(byTag.get(tag)?.length, 1, `entries of ${tag}`)
    assert.deepStrictEqual(entries.filter(({ status }) => status === "open"), [])
  }).pipe(Effect.provide([Simulator.layerServer(), NodeServices.layer])), 240_000)
