import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Peer from "../../src/workers/Peer.ts"

/** Two peers whose messages go through JSON, as between processes. */
const pair = (handlers: Peer.Handlers, bounds?: Peer.Bounds) =>
  Effect.gen(function*() {
    const cut = { now: false }
    const deliver = (to: () => Peer.Peer) => (message: unknown) => {
      if (!cut.now) queueMicrotask(() => to().receive(JSON.parse(JSON.stringify(message))))
      return true
    }
    const left: Peer.Peer = yield* Peer.make(deliver(() => right), {}, bounds)
    const right: Peer.Peer = yield* Peer.make(deliver(() => left), handlers)
    return { left, cut }
  })

describe("a question to another process", () => {
  it.effect("is answered, by nothing too, each with its own answer", () =>
    Effect.gen(function*() {
      const { left } = yield* pair({ double: (n) => Effect.succeed(Number(n) * 2), nothing: () => Effect.void })
      const answers = yield* Effect.forEach([1, 2, 3], (n) => left.ask("double", n), { concurrency: "unbounded" })
      assert.deepStrictEqual(answers, [2, 4, 6])
      assert.strictEqual(yield* left.ask("nothing"), undefined)
    }))

  it.effect("is refused with the other's words", () =>
    Effect.gen(function*() {
      const { left } = yield* pair({ refuse: () => Effect.fail({ message: "not today" }) })
      assert.strictEqual((yield* Effect.flip(left.ask("refuse"))).message, "not today")
      assert.strictEqual((yield* Effect.flip(left.ask("unheard"))).message, "it knows nothing of \"unheard\"")
    }))

  it.live("ends though nothing comes back", () =>
    Effect.gen(function*() {
      const { cut, left } = yield* pair({}, { withinMs: 20, pending: 1 })
      cut.now = true
      const first = yield* Effect.forkChild(Effect.flip(left.ask("x")), { startImmediately: true })
      assert.match((yield* Effect.flip(left.ask("y"))).message, /too many questions/)
      assert.strictEqual((yield* Fiber.join(first)).message, "it did not answer within 20 ms")
    }))

  it.effect("ends when the other is gone, and so does every later one", () =>
    Effect.gen(function*() {
      const { cut, left } = yield* pair({})
      cut.now = true
      const asked = yield* Effect.forkChild(Effect.flip(left.ask("x")), { startImmediately: true })
      left.close("worker 3 is gone")
      assert.strictEqual((yield* Fiber.join(asked)).message, "worker 3 is gone")
      assert.strictEqual((yield* Effect.flip(left.ask("y"))).message, "worker 3 is gone")
    }))

  it.effect("that is none is ignored", () =>
    Effect.gen(function*() {
      const { left } = yield* pair({})
      for (const message of [undefined, 1, "x", {}, { sluice: "answer" }, { sluice: "answer", id: 99 }, { cmd: "NODE_CLUSTER" }]) left.receive(message)
    }))
})
