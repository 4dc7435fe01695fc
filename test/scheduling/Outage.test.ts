/** Outages of providers and of single keys: what is asked of whom meanwhile, who is left out, and how everything comes back. */
import { assert, describe, it } from "@effect/vitest"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Fleet from "./Fleet.ts"

const broken = "sim-error;status=500"
const targets = (...ids: ReadonlyArray<string>) => ids.map((id) => ({ provider: ProviderId.make(id) }))
const asks = (count: number, concurrency: number) =>
  Fleet.Fleet.use(({ ask }) => Effect.forEach(Array.from({ length: count }), () => ask("m"), { concurrency }))
const ok = (replies: ReadonlyArray<Fleet.Reply>) => replies.filter(({ status }) => status === 200).length

describe("while everything is down", () => {
  for (const breaker of [true, false]) {
    for (const concurrency of [1, 20, 200]) {
      it.effect(`at most 1.1 upstream calls are made for each of 200 requests, ${concurrency} at a time, ${breaker ? "with" : "without"} breakers`, () =>
        Effect.gen(function*() {
          const { asked } = yield* Fleet.Fleet
          const replies = yield* asks(200, concurrency)
          assert.strictEqual(ok(replies), 0)
          assert.isAtMost(asked.length, 220)
        }).pipe(Effect.provide(Fleet.layer({
          providers: ["a", "b", "c"].map((id) => ({ id, keys: [`${id}1`, `${id}2`], retries: 3, policy: { breaker } })),
          models: [{ id: "m", targets: targets("a", "b"), fallbacks: ["n"] }, { id: "n", targets: targets("c") }],
          answer: () => broken
        }))))
    }
  }

  it.effect("a single target is asked by every request all the same: nobody is left out where nobody else is", () =>
    Effect.gen(function*() {
      const { asked } = yield* Fleet.Fleet
      assert.strictEqual(ok(yield* asks(30, 1)), 0)
      assert.isAtLeast(asked.length, 30)
    }).pipe(Effect.provide(Fleet.layer({ providers: [{ id: "a" }], models: [{ id: "m", targets: targets("a") }], answer: () => broken }))))
})

describe("while one target is down", () => {
  const fleet = (breaker: boolean) => {
    const down = { is: true }
    const layer = Fleet.layer({
      providers: ["a", "b", "c", "d"].map((id) => ({ id, policy: { breaker } })),
      models: [{ id: "m", targets: targets("a", "b", "c", "d") }],
      answer: ({ provider }) => down.is && provider === "a" ? broken : "sim-text"
    })
    return { down, layer }
  }

  it.effect("it is left out after at most ten failures, probed, and comes back with its whole share", () => {
    const { down, layer } = fleet(true)
    return Effect.gen(function*() {
      const { asked } = yield* Fleet.Fleet
      assert.strictEqual(ok(yield* asks(200, 5)), 200)
      const failures = asked.filter(({ provider }) => provider === "a").length
      assert.isAtMost(failures, 10)
      // Each rest ends with one probe and no more
      yield* TestClock.adjust("31 seconds")
      const before = asked.length
      assert.strictEqual(ok(yield* asks(100, 5)), 100)
      assert.strictEqual(asked.slice(before).filter(({ provider }) => provider === "a").length, 1)
      down.is = false
      yield* TestClock.adjust("61 seconds")
      yield* asks(20, 1)
      const recovered = asked.length
      assert.strictEqual(ok(yield* asks(400, 1)), 400)
      assert.closeTo(asked.slice(recovered).filter(({ provider }) => provider === "a").length / 400, 0.25, 0.08)
    }).pipe(Effect.provide(layer))
  })

  it.effect("no request fails for it, however many come at once and although no breaker leaves it out", () =>
    Effect.gen(function*() {
      assert.strictEqual(ok(yield* asks(300, 100)), 300)
    }).pipe(Effect.provide(fleet(false).layer)))
})

describe("while one key of four is bad", () => {
  for (const [what, scenario, most] of [["breaks", broken, 10], ["is refused", "sim-error;status=401", 1], ["is used up", "sim-quota", 1]] as const) {
    it.effect(`that ${what}, it is left out after at most ${most} failures, probed, and comes back`, () => {
      const bad = { is: true }
      return Effect.gen(function*() {
        const { asked, gateway } = yield* Fleet.Fleet
        const ofBad = (from: number) => asked.slice(from).filter(({ key }) => key === "k2").length
        assert.strictEqual(ok(yield* asks(100, 1)), 100)
        assert.isAtMost(ofBad(0), most)
        const [shown] = gateway().scheduling.status().circuits.filter(({ credential, state }) => credential === "k2" && state !== "counting")
        assert.strictEqual(shown?.state, "resting")
        bad.is = false
        yield* TestClock.adjust("61 seconds")
        const before = asked.length
        assert.strictEqual(ok(yield* asks(100, 1)), 100)
        assert.closeTo(ofBad(before), 25, 2)
        assert.deepStrictEqual(gateway().scheduling.status().circuits, [])
      }).pipe(Effect.provide(Fleet.layer({
        providers: [{ id: "a", keys: ["k1", "k2", "k3", "k4"], policy: { cooldown: { refusedMs: 60_000, exhaustedMs: 60_000 } } }],
        models: [{ id: "m", targets: targets("a") }],
        answer: ({ key }) => bad.is && key === "k2" ? scenario : "sim-text"
      })))
    })
  }

  it.effect("not all of them are ever left out, although all of them break", () =>
    Effect.gen(function*() {
      const { asked } = yield* Fleet.Fleet
      yield* asks(60, 1)
      const before = asked.length
      yield* asks(10, 1)
      assert.isAtLeast(asked.length - before, 10)
    }).pipe(Effect.provide(Fleet.layer({
      providers: [{ id: "a", keys: ["k1", "k2", "k3", "k4"] }],
      models: [{ id: "m", targets: targets("a") }],
      answer: () => broken
    }))))
})

describe("an answer that breaks off after its commit", () => {
  const streaming = (count: number) => Fleet.Fleet.use(({ ask }) => Effect.forEach(Array.from({ length: count }), () => ask("m", { stream: true })))
  const layer = (scenario: string) =>
    Fleet.layer({
      providers: [{ id: "a" }, { id: "b" }],
      models: [{ id: "m", targets: targets("a"), fallbacks: ["n"] }, { id: "n", targets: targets("b") }],
      answer: ({ provider }) => provider === "a" ? scenario : "sim-text"
    })

  it.effect("counts against whoever gave it: after five in a row others are asked", () =>
    Effect.gen(function*() {
      const { asked } = yield* Fleet.Fleet
      yield* streaming(8)
      assert.deepStrictEqual(["a", "b"].map((id) => asked.filter(({ provider }) => provider === id).length), [5, 3])
    }).pipe(Effect.provide(layer("sim-truncated;after=3"))))

  it.effect("does not, where it was the client who left", () =>
    Effect.gen(function*() {
      const { asked, gateway, leave } = yield* Fleet.Fleet
      for (let request = 0; request < 8; request++) yield* leave("m", { stream: true })
      assert.deepStrictEqual(asked.map(({ provider }) => provider), Array.from({ length: 8 }, () => "a"))
      assert.deepStrictEqual(gateway().scheduling.status().circuits, [])
    }).pipe(Effect.provide(layer("sim-slow;delay=500"))))
})
