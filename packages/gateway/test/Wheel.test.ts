import { assert, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { TestClock } from "effect/testing"
import { describe } from "vitest"
import * as Wheel from "../src/Wheel.ts"

const quiet = Logger.layer([])

describe("Wheel", () => {
  it.effect("calls a watch once per tick with the time of the tick, until it is unregistered", () =>
    Effect.gen(function*() {
      const wheel = yield* Wheel.Wheel
      const start = wheel.now()
      const seen: Array<number> = []
      const unregister = wheel.register({ tick: (now) => seen.push(now - start) })
      yield* TestClock.adjust("350 millis")
      assert.deepStrictEqual(seen, [100, 200, 300])
      assert.strictEqual(wheel.now() - start, 300)
      unregister()
      unregister()
      yield* TestClock.adjust("1 second")
      assert.strictEqual(seen.length, 3)
      assert.strictEqual(wheel.size(), 0)
    }).pipe(Effect.provide(Wheel.layer())))

  it.effect("turns at the tick it was given", () =>
    Effect.gen(function*() {
      const wheel = yield* Wheel.Wheel
      let ticks = 0
      wheel.register({ tick: () => ticks += 1 })
      yield* TestClock.adjust("1 second")
      assert.strictEqual(ticks, 4)
    }).pipe(Effect.provide(Wheel.layer(250))))

  it.effect("lets a watch remove itself and others during a tick", () =>
    Effect.gen(function*() {
      const wheel = yield* Wheel.Wheel
      const called: Array<string> = []
      const removers: Array<() => void> = []
      const add = (name: string, then: () => void) => removers.push(wheel.register({ tick: () => (called.push(name), then()) }))
      add("self", () => removers[0]?.())
      add("killer", () => removers[2]?.())
      add("victim", () => {})
      add("last", () => {})
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(called, ["self", "killer", "last", "killer", "last"])
    }).pipe(Effect.provide(Wheel.layer())))

  it.effect("ends a tick although every watch registers another", () =>
    Effect.gen(function*() {
      const wheel = yield* Wheel.Wheel
      let calls = 0
      const breed = () => {
        calls += 1
        wheel.register({ tick: breed })
      }
      wheel.register({ tick: breed })
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(calls, 1)
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(calls, 3)
    }).pipe(Effect.provide(Wheel.layer())))

  it.effect("removes and counts a watch that throws, and calls the others in the same tick", () =>
    Effect.gen(function*() {
      const wheel = yield* Wheel.Wheel
      const called: Array<string> = []
      const failing = () => {
        called.push("failing")
        throw new Error("boom")
      }
      wheel.register({ tick: () => called.push("first") })
      wheel.register({ tick: failing })
      wheel.register({ tick: failing })
      wheel.register({ tick: () => called.push("last") })
      yield* TestClock.adjust("200 millis")
      assert.deepStrictEqual(called, ["first", "failing", "failing", "last", "first", "last"])
      assert.strictEqual(wheel.failures(), 2)
      assert.strictEqual(wheel.size(), 2)
    }).pipe(Effect.provide([Wheel.layer(), quiet])))

  it.effect("keeps two registrations of one watch apart", () =>
    Effect.gen(function*() {
      const wheel = yield* Wheel.Wheel
      let calls = 0
      const watch: Wheel.Watch = { tick: () => calls += 1 }
      const unregister = wheel.register(watch)
      wheel.register(watch)
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(calls, 2)
      unregister()
      yield* TestClock.adjust("100 millis")
      assert.strictEqual(calls, 3)
    }).pipe(Effect.provide(Wheel.layer())))
})
