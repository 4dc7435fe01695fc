import { assert, describe, it } from "@effect/vitest"
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import { fail } from "@sluice/protocol/GatewayError"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer, Logger, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as ApiKeys from "../src/ApiKeys.ts"
import { Authenticator } from "../src/Authenticator.ts"
import * as Generations from "../src/Generations.ts"
import * as HttpExecutor from "../src/HttpExecutor.ts"
import * as LedgerMemory from "../src/LedgerMemory.ts"
import * as Lifecycle from "../src/Lifecycle.ts"
import { ProviderId } from "../src/ProviderId.ts"
import { defaults } from "../src/Timeouts.ts"

/** What the parts of a test have opened and closed, in order. */
type Events = Array<string>

/** Parts with one provider, which say when they are opened and closed. */
const parts = (id: string, events: Events, totalMs = defaults.totalMs) =>
  HttpExecutor.install({
    id: ProviderId.make(id),
    dialect: CanonicalDialect.dialect,
    limits: { ...defaults, totalMs },
    retries: 0,
    open: () => fail({ class: "unavailable", message: "no provider is asked here" })
  }).pipe(
    Layer.merge(
      Layer.effectDiscard(Effect.acquireRelease(Effect.sync(() => void events.push(`+${id}`)), () => Effect.sync(() => void events.push(`-${id}`))))
    )
  )

const options = { dialects: [CanonicalDialect.dialect] }

/** Generations that begin with parts of the name `one`; nothing is logged. */
const begun = Effect.fnUntraced(function*(events: Events, totalMs?: number) {
  const layer = Generations.layer(parts("one", events, totalMs), options).pipe(
    Layer.provide([LedgerMemory.layer, ApiKeys.layer(["sk-around"]), Lifecycle.layer])
  )
  return Context.get(yield* Layer.build(layer), Generations.Generations)
})

const silent = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.scoped(Effect.provide(effect, Logger.layer([])))

const providersOf = ({ current }: Generations.Generations["Service"]) => [...current().executors.keys()]

/** Takes the current generation in a scope that is closed by the second. */
const entered = Effect.fnUntraced(function*({ enter }: Generations.Generations["Service"]) {
  const scope = yield* Scope.make()
  const gateway = yield* Effect.provideService(enter, Scope.Scope, scope)
  return [gateway, Scope.close(scope, Exit.void)] as const
})

describe("generations", () => {
  it.effect("serve other parts from the moment they are replaced, with what outlives them", () =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events)
      const before = generations.current()
      const after = yield* generations.replace(parts("two", events))
      assert.strictEqual(generations.current(), after)
      assert.deepStrictEqual(providersOf(generations), ["two"])
      assert.deepStrictEqual([before.generation.number, after.generation.number], [1, 2])
      for (const name of ["ledger", "wheel", "continuity", "refusals", "counting", "drains", "lifecycle"] as const) {
        assert.strictEqual(after[name], before[name], name)
      }
      // Each generation counts the faults of its own authenticator, which is the one around them
      for (const { authenticator } of [before, after]) {
        assert.strictEqual((yield* authenticator.authenticate({ method: "POST", path: "/", headers: {}, secret: "sk-around" })).id, "key-1")
      }
    }).pipe(silent))

  it.effect("close what was replaced at once where nobody works with it", () =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events)
      yield* generations.replace(parts("two", events))
      yield* Effect.yieldNow
      assert.deepStrictEqual(events, ["+one", "+two", "-one"])
      assert.deepStrictEqual(generations.status().map(({ number }) => number), [2])
    }).pipe(silent))

  it.effect("close what was replaced when the last one has left it, and no earlier", () =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events)
      const [first, leaveFirst] = yield* entered(generations)
      const [second, leaveSecond] = yield* entered(generations)
      yield* generations.replace(parts("two", events))
      assert.strictEqual(first, second)
      assert.deepStrictEqual([...first.executors.keys()], ["one"], "who was there before keeps what was there before")
      yield* leaveFirst
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(events, ["+one", "+two"])
      assert.deepStrictEqual(generations.status().map(({ number }) => number), [1, 2])
      yield* leaveSecond
      yield* Effect.yieldNow
      assert.deepStrictEqual(events, ["+one", "+two", "-one"])
    }).pipe(silent))

  it.effect("are counted exactly where many come and leave while they are replaced again and again", () =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events)
      const working = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, at) => at),
        (at) => Effect.forkChild(Effect.scoped(Effect.andThen(Effect.sleep(at % 20), Effect.flatMap(generations.enter, () => Effect.sleep(30))))),
        { concurrency: "unbounded" }
      )
      for (let round = 0; round < 10; round++) {
        yield* TestClock.adjust(3)
        yield* generations.replace(parts(`round-${round}`, events))
        // Whoever is interrupted at whatever moment is counted out again
        yield* Effect.forEach(working.slice(round * 10, round * 10 + 5), Fiber.interrupt, { concurrency: "unbounded" })
      }
      yield* TestClock.adjust(100)
      yield* Effect.forEach(working, Fiber.await)
      assert.deepStrictEqual(generations.status(), [{ number: 11, startedAt: generations.current().generation.startedAt, exchanges: 0 }])
      assert.strictEqual(events.filter((event) => event.startsWith("-")).length, 10)
    }).pipe(silent))

  it.effect("close what was replaced after the longest an exchange may take, whoever is left in it", () =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events, 600_000)
      yield* entered(generations)
      yield* generations.replace(parts("two", events))
      yield* TestClock.adjust("14 minutes")
      assert.deepStrictEqual(events, ["+one", "+two"], "10 minutes with the provider and 5 of reading on")
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(events, ["+one", "+two", "-one"])
      assert.deepStrictEqual(generations.status().map(({ number }) => number), [2])
    }).pipe(silent))

  it.effect("are closed with the gateway, the current one too", () =>
    Effect.gen(function*() {
      const events: Events = []
      yield* Effect.scoped(Effect.gen(function*() {
        const generations = yield* begun(events)
        yield* entered(generations)
        yield* generations.replace(parts("two", events))
      }))
      assert.deepStrictEqual(events, ["+one", "+two", "-two", "-one"])
    }).pipe(silent))
})

describe("a replacement", () => {
  const failures: ReadonlyArray<readonly [name: string, part: Layer.Layer<never, string>, reason: RegExp]> = [
    ["fails", Layer.effectDiscard(Effect.fail("no such thing")), /no such thing/],
    ["dies", Layer.effectDiscard(Effect.die(new Error("a fault"))), /a fault/]
  ]
  it.effect.each(failures)("of parts of which one %s changes nothing, and leaves nothing open", ([, part, reason]) =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events)
      const error = yield* Effect.flip(generations.replace(Layer.merge(parts("two", events), part)))
      assert.strictEqual(error._tag, "ReloadError")
      assert.match(error.message, reason)
      assert.deepStrictEqual(providersOf(generations), ["one"])
      assert.deepStrictEqual(events, ["+one", "+two", "-two"])
      assert.strictEqual((yield* generations.replace(parts("three", events))).generation.number, 2)
    }).pipe(silent))

  it.effect("whose models cannot be served changes nothing", () =>
    Effect.gen(function*() {
      const generations = yield* begun([])
      const models = [{ id: "chat", targets: [{ provider: ProviderId.make("nobody") }] }]
      assert.match((yield* Effect.flip(generations.replace(parts("two", []), { models }))).message, /nobody/)
      assert.deepStrictEqual(providersOf(generations), ["one"])
    }).pipe(silent))

  it.effect("that takes too long changes nothing, and the next one is not kept waiting", () =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events)
      const stuck = yield* Effect.forkChild(Effect.flip(generations.replace(Layer.merge(parts("two", events), Layer.effectDiscard(Effect.never)))))
      const next = yield* Effect.forkChild(generations.replace(parts("three", events)))
      yield* TestClock.adjust("29 seconds")
      assert.deepStrictEqual(providersOf(generations), ["one"], "one at a time")
      yield* TestClock.adjust("2 seconds")
      assert.match((yield* Fiber.join(stuck)).message, /30|time/i)
      yield* Fiber.join(next)
      assert.deepStrictEqual(providersOf(generations), ["three"])
      assert.includeMembers(events, ["+two", "-two"])
    }).pipe(silent))

  it.effect("that is interrupted changes nothing, and leaves nothing open", () =>
    Effect.gen(function*() {
      const events: Events = []
      const generations = yield* begun(events)
      const reached = yield* Deferred.make<void>()
      const waiting = Layer.effectDiscard(Effect.andThen(Deferred.succeed(reached, undefined), Effect.never))
      const fiber = yield* Effect.forkChild(generations.replace(Layer.provideMerge(waiting, parts("two", events))))
      yield* Deferred.await(reached)
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
      assert.deepStrictEqual(events, ["+one", "+two", "-two"])
      assert.deepStrictEqual(providersOf(generations), ["one"])
    }).pipe(silent))

  it.effect("brings its own authenticator, which goes before the one around the gateway", () =>
    Effect.gen(function*() {
      const generations = yield* begun([])
      const own = Layer.succeed(Authenticator)({ authenticate: () => Effect.succeed({ id: "own" }) })
      yield* generations.replace(Layer.merge(parts("two", []), own))
      const { authenticator } = generations.current()
      assert.deepStrictEqual(yield* authenticator.authenticate({ method: "GET", path: "/", headers: {}, secret: undefined }), { id: "own" })
    }).pipe(silent))

  it.effect("without an authenticator is refused where none is around the gateway", () =>
    Effect.gen(function*() {
      const own = Layer.succeed(Authenticator)({ authenticate: () => Effect.succeed({ id: "own" }) })
      const layer = Generations.layerWithAuthenticator(Layer.merge(parts("one", []), own), options).pipe(
        Layer.provide([LedgerMemory.layer, Lifecycle.layer])
      )
      const generations = Context.get(yield* Layer.build(layer), Generations.Generations)
      assert.match((yield* Effect.flip(generations.replace(parts("two", [])))).message, /authenticator/)
      assert.deepStrictEqual(providersOf(generations), ["one"])
    }).pipe(silent))
})
