/** A server told to stop: what finishes in time finishes, what does not gets a terminal error, everything is settled, exit code 0. */
import { NodeServices } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { Effect, Fiber, FileSystem, Schedule } from "effect"
import { join } from "node:path"
import * as ServerProcess from "./ServerProcess.ts"

const configuration = (url: string, database: string) => `
server: { lameDuck: 300 millis, drainTimeout: 1500 millis }
auth: { mode: open }
ledger: { url: "sqlite:${database}" }
log: { level: error }
providers:
  - { id: up, dialect: anthropic-messages, baseUrl: "${url}", credentials: [{ id: main, apiKey: upstream-key }] }
models:
  - { id: "*", targets: [{ provider: up }] }
`

const ask = (url: string, model: string) =>
  Effect.promise(async () => {
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }] })
    })
    return response.text()
  })

const soon = Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 1000 })

it.live("SIGTERM drains open streams, ends the others with an error and settles them all", () =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const simulator = yield* SimulatorServer
    const folder = yield* files.makeTempDirectoryScoped()
    const config = join(folder, "sluice.yaml")
    yield* files.writeFileString(config, configuration(simulator.url, join(folder, "ledger.db")))
    const server = yield* ServerProcess.start(config)
    const quick = yield* Effect.forkChild(ask(server.url, "sim-long;events=20;delay=30"))
    const stuck = yield* Effect.forkChild(ask(server.url, "sim-stall;after=2"))
    yield* Effect.flatMap(simulator.open, (open) => open === 2 ? Effect.void : Effect.fail("pending" as const)).pipe(soon)
    const stopped = yield* Effect.forkChild(server.kill("SIGTERM"))
    const notReady = yield* Effect.flatMap(
      Effect.promise(() => fetch(`${server.url}/health/ready`)),
      (response) => response.status === 503 ? Effect.succeed(response) : Effect.fail("pending" as const)
    ).pipe(soon)
    // A health check that keeps its connection must not hold up the end
    assert.strictEqual(notReady.headers.get("connection"), "close")
    assert.include(yield* Fiber.join(quick), "[DONE]")
    const cut = yield* Fiber.join(stuck)
    assert.match(cut, /data: \{"error":.*shutting down/)
    assert.notInclude(cut, "[DONE]")
    assert.deepStrictEqual(yield* Fiber.join(stopped), { code: 0, signal: null })
    const { stdout } = yield* ServerProcess.command(["ledger", "query", "--config", config, "--json"])
    const outcomes = stdout.trim().split("\n").map((line) => JSON.parse(line).outcome).sort()
    assert.deepStrictEqual(outcomes, ["Cancelled(server)", "Completed"])
  }).pipe(Effect.provide([Simulator.layerServer(), NodeServices.layer])), 30_000)
