/** How a server of several processes fails to start, is told to end at once, and outlives its primary process for as long as its streams last. */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Simulator } from "@sluice/testing/Simulator"
import { Effect, Fiber, FileSystem } from "effect"
import * as ServerProcess from "./ServerProcess.ts"
import { ask, chat, eventually, setUp, when, workersOf } from "./SeveralWorkers.ts"

const isRunning = (pid: number): boolean => {
  // Signal 0 only asks; an exception is the answer no
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** A stream that is under way. */
const streaming = (url: string, model: string) =>
  Effect.gen(function*() {
    let hasBegun = false
    const fiber = yield* Effect.forkChild(
      ask(url, "/v1/chat/completions", "sk-k", chat(model, true), () => {
        hasBegun = true
      })
    )
    yield* eventually(Effect.suspend(() => when(hasBegun)))
    return fiber
  })

describe("a server of several workers", () => {
  it.live("says once why its workers cannot start, and ends with 1", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const { config } = yield* setUp(3)
      const text = yield* files.readFileString(config)
      yield* files.writeFileString(config, text.replace(/sqlite:[^"]+/, "sqlite:/nowhere/sluice.db"))
      const { code, stderr, stdout } = yield* ServerProcess.command(["serve", "--config", config, "--port", "0"])
      assert.deepStrictEqual([code, stdout], [1, ""])
      assert.match(stderr, /^the ledger \/nowhere\/sluice\.db cannot be opened: [^\n]+\n$/)
    }).pipe(Effect.scoped, Effect.provide([Simulator.layerServer(), NodeServices.layer])), 120_000)

  it.live(
    "outlives SIGHUP, which has the configuration read again, ends at a second SIGTERM at once, and takes its workers along",
    () =>
      Effect.gen(function*() {
        const { config } = yield* setUp(2)
        const server = yield* ServerProcess.start(config)
        const workers = yield* workersOf(server.pid)
        yield* server.signal("SIGHUP")
        const token = /token (\S+)/.exec(server.output())?.[1] ?? ""
        const reloaded = /^sluice_config_reload_total\{result="unchanged"\} 1$/m
        yield* eventually(Effect.flatMap(ask(server.url, "/metrics", token), ({ text }) => when(reloaded.test(text))))
        const stuck = yield* streaming(server.url, "sim-stall;after=2")
        yield* server.signal("SIGTERM")
        // Signals within a second count as one
        yield* Effect.sleep("1500 millis")
        assert.isTrue(workers.some(isRunning), "the one with a stream goes on")
        assert.deepStrictEqual(yield* server.kill("SIGTERM"), { code: 1, signal: null })
        yield* eventually(Effect.suspend(() => when(!workers.some(isRunning))))
        assert.notInclude((yield* Fiber.join(stuck)).text, "[DONE]")
      }).pipe(Effect.scoped, Effect.provide([Simulator.layerServer(), NodeServices.layer])),
    120_000
  )

  it.live("lets its workers finish their streams when its primary process is killed", () =>
    Effect.gen(function*() {
      const { config, rows } = yield* setUp(2)
      const server = yield* ServerProcess.start(config)
      const workers = yield* workersOf(server.pid)
      const long = yield* streaming(server.url, "sim-long;events=60;delay=20")
      assert.deepStrictEqual(yield* server.kill("SIGKILL"), { code: null, signal: "SIGKILL" })
      assert.include((yield* Fiber.join(long)).text, "[DONE]")
      yield* eventually(Effect.suspend(() => when(!workers.some(isRunning))))
      assert.deepStrictEqual((yield* rows).map(({ outcome }) => outcome), ["Completed"])
    }).pipe(Effect.scoped, Effect.provide([Simulator.layerServer(), NodeServices.layer])), 120_000)
})
