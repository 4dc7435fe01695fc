import { assert, it } from "@effect/vitest"
import { DialectId } from "@sluice/protocol/Wire"
import { Clock, Effect, Exit, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { ExchangeId } from "../src/ExchangeId.ts"
import { Ledger, type Settlement } from "../src/Ledger.ts"
import * as LedgerMemory from "../src/LedgerMemory.ts"
import * as UsageDelivery from "../src/UsageDelivery.ts"
import * as UsageOutbox from "../src/UsageOutbox.ts"
import { type UsageSink, UsageSinkError } from "../src/UsageSink.ts"

const id = (n: number) => ExchangeId.make(`01K6Z${String(n).padStart(21, "0")}`)

const settlement = (n: number): Settlement => ({
  id: id(n),
  startedAt: n,
  operation: "generate",
  principal: "ci",
  inbound: DialectId.make("openai-chat"),
  stream: false,
  estimatedInput: 1,
  endedAt: n + 1,
  outcome: { _tag: "Completed" },
  attempts: [],
  usage: { tokens: {}, provenance: {} },
  losses: [],
  responseLosses: [],
  bytesOut: 0
})

/** A ledger and an outbox, and deliveries that can be started and ended on them. */
const rig = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const ledger = yield* Ledger
  const outbox = UsageOutbox.memory(() => clock.currentTimeMillisUnsafe())
  let random = 0
  const needs = { ledger, outbox, clock, random: () => (random = (random + 0.37) % 1) }
  const start = (sink: UsageSink, generation = 1) =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { status } = yield* Scope.provide(UsageDelivery.start(needs, [sink], generation), scope)
      return { status: () => status()[0], end: Scope.close(scope, Exit.void) }
    })
  const settle = (...numbers: ReadonlyArray<number>) => Effect.forEach(numbers, (n) => ledger.settle(settlement(n)), { discard: true })
  return { outbox, settle, start }
})

const test = (name: string, run: (tools: Effect.Success<typeof rig>) => Effect.Effect<void, unknown, Scope.Scope>, capacity = 1000) =>
  it.effect(name, () => Effect.flatMap(rig, run).pipe(Effect.provide(LedgerMemory.layerBounded(capacity))))

/** A sink that remembers, and fails as it is told to. */
const remembering = (fails: (ids: ReadonlyArray<string>) => "for now" | "for good" | "dies" | "hangs" | undefined = () => undefined) => {
  const taken: Array<string> = []
  let calls = 0
  const sink: UsageSink = {
    id: "bill",
    pageSize: 3,
    deliver: (records) =>
      Effect.suspend(() => {
        calls++
        const ids = records.map((record) => record.id)
        switch (fails(ids)) {
          case "for now":
            return new UsageSinkError({ reason: "busy", isTemporary: true })
          case "for good":
            return new UsageSinkError({ reason: "no such account", isTemporary: false })
          case "dies":
            return Effect.die(new Error("a mistake"))
          case "hangs":
            return Effect.never
          default:
            taken.push(...ids)
            return Effect.void
        }
      })
  }
  return { sink, taken, calls: () => calls }
}

test("a new sink is given what ends from then on, in pages, in its order", ({ settle, start }) =>
  Effect.gen(function*() {
    const { calls, sink, taken } = remembering()
    yield* settle(1)
    const delivery = yield* start(sink)
    yield* TestClock.adjust("2 seconds")
    yield* settle(3, 2, 4, 5)
    yield* TestClock.adjust("2 seconds")
    assert.deepStrictEqual(taken, [3, 2, 4, 5].map(id))
    assert.strictEqual(calls(), 2)
    assert.deepInclude(delivery.status(), { id: "bill", state: "delivering", delivered: 4, rejected: 0, missed: 0 })
  }))

test("a sink that fails for now is given the same again, ever more slowly, and nothing is lost", ({ settle, start }) =>
  Effect.gen(function*() {
    let isDown = true
    const { calls, sink, taken } = remembering(() => isDown ? "for now" : undefined)
    const delivery = yield* start(sink)
    yield* TestClock.adjust("1 second")
    yield* settle(1, 2)
    yield* TestClock.adjust("10 minutes")
    assert.deepInclude(delivery.status(), { state: "failing", delivered: 0 })
    assert.include(delivery.status()?.failing?.reason, "busy")
    // A minute at most, half of it at least: between 10 and 25 tries, the first quick ones included
    assert.isAbove(calls(), 9)
    assert.isBelow(calls(), 26)
    isDown = false
    yield* TestClock.adjust("1 minute")
    assert.deepStrictEqual(taken, [1, 2].map(id))
    assert.isUndefined(delivery.status()?.failing)
  }))

test("a record that is refused for good is left out, and those beside it are delivered", ({ settle, start }) =>
  Effect.gen(function*() {
    const { sink, taken } = remembering((ids) => ids.includes(id(2)) ? "for good" : undefined)
    const delivery = yield* start(sink)
    yield* TestClock.adjust("1 second")
    yield* settle(1, 2, 3, 4)
    yield* TestClock.adjust("3 seconds")
    assert.deepStrictEqual(taken, [1, 3, 4].map(id))
    assert.deepInclude(delivery.status(), { delivered: 3, rejected: 1 })
  }))

for (const fault of ["dies", "hangs"] as const) {
  test(`a sink that ${fault} is tried again like one that fails`, ({ settle, start }) =>
    Effect.gen(function*() {
      let isBroken = true
      const { sink, taken } = remembering(() => isBroken ? fault : undefined)
      yield* start(sink)
      yield* TestClock.adjust("1 second")
      yield* settle(1)
      yield* TestClock.adjust("90 seconds")
      isBroken = false
      yield* TestClock.adjust("3 minutes")
      assert.deepStrictEqual(taken, [id(1)])
    }))
}

it.effect("a ledger that dies when it is asked is asked again", () =>
  Effect.gen(function*() {
    const { settle, start } = yield* rig
    const { sink, taken } = remembering()
    const delivery = yield* start(sink)
    yield* TestClock.adjust("1 second")
    yield* settle(1)
    yield* TestClock.adjust("2 minutes")
    assert.include(delivery.status()?.failing?.reason, "a page is torn")
    dies.isDead = false
    yield* TestClock.adjust("2 minutes")
    assert.deepStrictEqual(taken, [id(1)])
  }).pipe(
    Effect.provide(
      Layer.effect(
        Ledger,
        Ledger.useSync((ledger) => ({
          ...ledger,
          settled: (after, limit) => dies.isDead && after !== undefined ? Effect.die(new Error("a page is torn")) : ledger.settled(after, limit)
        }))
      ).pipe(Layer.provide(LedgerMemory.layerBounded(10)))
    ),
    Effect.scoped
  ))

const dies = { isDead: true }

test("one of two delivers, and the other goes on where it ended", ({ settle, start }) =>
  Effect.gen(function*() {
    const [first, second] = [remembering(), remembering()]
    const one = yield* start(first.sink)
    yield* TestClock.adjust("1 second")
    const two = yield* start(second.sink, 2)
    yield* settle(1, 2)
    yield* TestClock.adjust("5 seconds")
    assert.deepStrictEqual([first.taken, second.taken], [[1, 2].map(id), []])
    assert.strictEqual(two.status()?.state, "elsewhere")
    yield* one.end
    yield* settle(3)
    yield* TestClock.adjust("2 seconds")
    assert.deepStrictEqual([first.taken, second.taken], [[1, 2].map(id), [id(3)]])
  }))

test("the delivery of a process that died is taken over when its claim has run out, and what it did not confirm comes again", ({ outbox, settle, start }) =>
  Effect.gen(function*() {
    yield* outbox.claim("bill", "dead")
    yield* outbox.confirm("bill", "dead", { memory: 1 })
    yield* settle(1, 2, 3)
    const { sink, taken } = remembering()
    yield* start(sink)
    yield* TestClock.adjust(UsageOutbox.claimMs - 1_500)
    assert.deepStrictEqual(taken, [])
    yield* TestClock.adjust("3 seconds")
    assert.deepStrictEqual(taken, [2, 3].map(id))
  }))

test("what the ledger no longer has is counted as missed", ({ settle, start }) =>
  Effect.gen(function*() {
    let isDown = true
    const { sink, taken } = remembering(() => isDown ? "for now" : undefined)
    const delivery = yield* start(sink)
    yield* TestClock.adjust("1 second")
    yield* settle(...Array.from({ length: 25 }, (_, n) => n))
    isDown = false
    yield* TestClock.adjust("2 minutes")
    const { missed = 0 } = delivery.status() ?? {}
    assert.isAbove(missed, 0)
    assert.strictEqual(taken.length + missed, 25)
    assert.strictEqual(taken.at(-1), id(24))
  }), 10)
