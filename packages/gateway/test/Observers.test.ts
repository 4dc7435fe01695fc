/** Telling extensions events beside the exchanges: in order, each from a queue of its own that is bounded, and never in anybody's way. */
import { assert, describe, it } from "@effect/vitest"
import { DialectId } from "@sluice/protocol/Wire"
import { Clock, Deferred, Effect } from "effect"
import { ExchangeId } from "../src/ExchangeId.ts"
import type { ExchangeContext, Extension } from "../src/Extension.ts"
import * as Fuse from "../src/Fuse.ts"
import type { Installed } from "../src/Hooks.ts"
import * as Observers from "../src/Observers.ts"
import * as Wheel from "../src/Wheel.ts"

const context: ExchangeContext = {
  id: ExchangeId.make("01M7WQRHD3YJ1YRN1MV6WSD001"),
  startedAt: 1,
  principal: { id: "k" },
  inbound: DialectId.make("openai-chat"),
  operation: "generate",
  model: "m",
  stream: true,
  header: () => undefined,
  targets: []
}

const hook = (id: string, observe: NonNullable<Extension["observe"]>, fuse = Fuse.make()): Installed<NonNullable<Extension["observe"]>> => ({
  id,
  kind: "extension",
  failPolicy: "open",
  timeoutMs: 1000,
  fuse,
  call: observe
})

const started = (hooks: ReadonlyArray<Installed<NonNullable<Extension["observe"]>>>) =>
  Effect.gen(function*() {
    const observers = yield* Observers.start({ wheel: yield* Wheel.Wheel, clock: yield* Clock.Clock }, hooks)
    assert.isDefined(observers)
    return observers
  })

const text = (said: string) => [{ type: "text-delta", choice: 0, index: 0, text: said }] as const

describe("observers", () => {
  it.effect("are told every event in order, and who waits for them knows when", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const observers = yield* started([hook("a", (event) => Effect.sync(() => void told.push(event.type === "text-delta" ? event.text : event.type)))])
      for (const word of ["one", "two", "three"]) observers.offer(text(word), context)
      assert.deepStrictEqual(told, [])
      yield* observers.told("a")
      assert.deepStrictEqual(told, ["one", "two", "three"])
      // Nothing is waited for where there is nothing, or nobody
      yield* observers.told("a")
      yield* observers.told("nobody")
    }).pipe(Effect.scoped, Effect.provide(Wheel.layer())))

  it.effect("that are slow delay nobody else, and lose what does not fit, which is counted", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let slow = 0
      let quick = 0
      const observers = yield* started([
        hook("slow", () => Effect.andThen(Deferred.await(gate), Effect.sync(() => slow++))),
        hook("quick", () => Effect.sync(() => quick++))
      ])
      const offered = Observers.capacity + 10
      for (let frame = 0; frame < offered; frame++) {
        observers.offer([...text("a"), ...text("b")], context)
        if (frame % 1000 === 0) yield* observers.told("quick")
      }
      yield* observers.told("quick")
      assert.strictEqual(quick, 2 * offered)
      assert.deepStrictEqual(observers.status(), [
        { extension: "slow", waiting: Observers.capacity, dropped: 20 },
        { extension: "quick", waiting: 0, dropped: 0 }
      ])
      yield* Deferred.succeed(gate, undefined)
      yield* observers.told("slow")
      assert.strictEqual(slow, 2 * Observers.capacity)
    }).pipe(Effect.scoped, Effect.provide(Wheel.layer())))

  it.effect("that die are fused, and what waits is let go", () =>
    Effect.gen(function*() {
      const fuse = Fuse.make({ after: 2 })
      let calls = 0
      const observers = yield* started([
        hook("dies", () => {
          calls += 1
          throw new Error("a bug")
        }, fuse)
      ])
      for (let frame = 0; frame < 10; frame++) observers.offer(text("a"), context)
      yield* observers.told("dies")
      assert.deepStrictEqual([calls, fuse.isFused()], [2, true])
    }).pipe(Effect.scoped, Effect.provide(Wheel.layer())))

  it.effect("that are none cost nothing", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* Observers.start({ wheel: yield* Wheel.Wheel, clock: yield* Clock.Clock }, []))
    }).pipe(Effect.scoped, Effect.provide(Wheel.layer())))
})
