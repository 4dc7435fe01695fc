import { assert, describe, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { retryAfterMs } from "@sluice/protocol/ErrorReply"
import { type ErrorClass, errorClasses, fail, type Failure, type GatewayError, policyOf } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { Clock, Duration, Effect, Exit, Fiber, Random, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { CompletionModel } from "../src/CompletionModel.ts"
import { defaultPolicy, type Policy, retrying, waitMs } from "../src/Retrying.ts"

const event: CanonicalEvent = { type: "block-start", choice: 0, index: 0, kind: "text" }
const overloaded = (more: Partial<Failure> = {}): Failure => ({ class: "overloaded", message: "Busy.", ...more })

/** A model that fails as told, then answers; it writes down when it was asked and which of its scopes are open. */
const model = (...failures: ReadonlyArray<Failure>) => {
  const state = { askedAt: [] as Array<number>, open: 0 }
  const turn = Effect.gen(function*() {
    const failure = failures[state.askedAt.length]
    state.askedAt.push(yield* Clock.currentTimeMillis)
    if (failure !== undefined) return yield* fail(failure)
  })
  const made: CompletionModel = {
    name: "test",
    model: "m",
    stream: () =>
      Effect.gen(function*() {
        yield* Effect.acquireRelease(Effect.sync(() => void state.open++), () => Effect.sync(() => void state.open--))
        yield* turn
        return Stream.make(event)
      }),
    generate: () => Effect.as(turn, { choices: [], annotations: [], foreignEvents: [] })
  }
  return { state, model: made }
}

const request = { turns: [] }

/** Asks, lets time pass in steps of 100 ms, and tells when the model was asked. */
const ask = Effect.fnUntraced(function*(how: "stream" | "generate", failures: ReadonlyArray<Failure>, policy: Partial<Policy> = { jitter: 0 }) {
  const { model: inner, state } = model(...failures)
  const outer = retrying(policy)(inner)
  const asking: Effect.Effect<unknown, GatewayError, Scope.Scope> = how === "stream" ? outer.stream(request) : outer.generate(request)
  const fiber = yield* Effect.forkChild(Effect.exit(Effect.scoped(asking)), { startImmediately: true })
  for (let step = 0; step < 1500 && fiber.pollUnsafe() === undefined; step++) yield* TestClock.adjust("100 millis")
  const exit = yield* Fiber.join(fiber)
  return { askedAt: state.askedAt, isAnswered: Exit.isSuccess(exit), open: state.open }
})

for (const how of ["stream", "generate"] as const) {
  describe(`a retrying model asked to ${how}`, () => {
    it.effect("asks three times in total, after 1 s and 2 s", () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* ask(how, [overloaded(), overloaded()]), { askedAt: [0, 1000, 3000], isAnswered: true, open: 0 })
        assert.deepStrictEqual(yield* ask(how, [overloaded(), overloaded(), overloaded(), overloaded()]), {
          askedAt: [3000, 4000, 6000],
          isAnswered: false,
          open: 0
        })
      }))

    it.effect("waits no longer than 30 s, however often it has asked", () =>
      Effect.gen(function*() {
        const { askedAt } = yield* ask(how, Array.from({ length: 9 }, () => overloaded()), { attempts: 8, jitter: 0 })
        assert.deepStrictEqual(askedAt, [0, 1000, 3000, 7000, 15_000, 31_000, 61_000, 91_000])
      }))

    it.effect("is never sooner than the provider asked for, and never later than the cap", () =>
      Effect.gen(function*() {
        const { askedAt } = yield* ask(how, [overloaded({ retryAfterMs: 7000 }), overloaded({ retryAfterMs: 3_600_000 })])
        assert.deepStrictEqual(askedAt, [0, 7000, 37_000])
      }))

    it.effect("asks once where another try is hopeless", () =>
      Effect.gen(function*() {
        const hopeless: ReadonlyArray<ErrorClass> = ["bad-request", "provider-auth", "context-overflow", "content-filter", "forbidden", "unknown", "defect"]
        for (const each of hopeless) {
          const { askedAt } = yield* ask(how, [{ class: each, message: "No.", retryAfterMs: 10 }])
          assert.lengthOf(askedAt, 1, each)
        }
      }))

    it.effect("stops waiting when it is interrupted", () =>
      Effect.gen(function*() {
        const { model: inner, state } = model(overloaded())
        const outer = retrying()(inner)
        const asking: Effect.Effect<unknown, GatewayError, Scope.Scope> = how === "stream" ? outer.stream(request) : outer.generate(request)
        const fiber = yield* Effect.forkChild(Effect.scoped(asking), { startImmediately: true })
        yield* TestClock.adjust("500 millis")
        yield* Fiber.interrupt(fiber)
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual([state.askedAt.length, state.open], [1, 0])
      }))
  })
}

describe("a retrying model", () => {
  it.effect("does not ask again for what goes wrong in the middle of an answer", () =>
    Effect.gen(function*() {
      let asked = 0
      const broken: CompletionModel = {
        name: "test",
        model: "m",
        stream: () =>
          Effect.sync(() => {
            asked += 1
            return Stream.concat(Stream.make(event), Stream.fail(fail(overloaded())))
          }),
        generate: () => fail(overloaded())
      }
      const seen: Array<CanonicalEvent> = []
      const error = yield* retrying()(broken).stream(request).pipe(
        Stream.unwrap,
        Stream.runForEach((each) => Effect.sync(() => void seen.push(each))),
        Effect.flip
      )
      assert.deepStrictEqual([asked, seen, error.failure.class], [1, [event], "overloaded"])
    }))

  it.effect("keeps what its last try holds until its own scope closes, and nothing of the others", () =>
    Effect.gen(function*() {
      const { model: inner, state } = model(overloaded())
      const scope = yield* Scope.make()
      const fiber = yield* Effect.forkChild(Scope.provide(retrying({ jitter: 0 })(inner).stream(request), scope), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      assert.isDefined(yield* Fiber.join(fiber))
      assert.strictEqual(state.open, 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(state.open, 0)
    }))

  it.effect("adds up to a tenth by chance, never takes any off, and stays below the cap", () =>
    Effect.gen(function*() {
      const waits = yield* Effect.forEach(
        Array.from({ length: 200 }),
        () => Effect.map(Random.next, (chance) => waitMs(defaultPolicy, 1, overloaded(), chance))
      )
      assert.isTrue(waits.every((wait) => wait >= 1000 && wait < 1100))
      assert.isAbove(new Set(waits).size, 100)
      assert.strictEqual(waitMs(defaultPolicy, 9, overloaded(), 0.99), 30_000)
      assert.strictEqual(waitMs({ ...defaultPolicy, cap: Duration.seconds(5) }, 1, overloaded({ retryAfterMs: 60_000 }), 0), 5000)
    }).pipe(Random.withSeed("retrying")))

  it("waits for what a provider said in seconds or as a date, and no longer than the cap", () => {
    const asked = (after: string) => retryAfterMs({ "retry-after": after, date: "Fri, 02 Jan 2026 10:00:00 GMT" })
    const wait = (after: string) => waitMs(defaultPolicy, 1, overloaded(present({ retryAfterMs: asked(after) })), 0)
    assert.deepStrictEqual([wait("7"), wait("Fri, 02 Jan 2026 10:00:09 GMT")], [7000, 9000])
    assert.deepStrictEqual([wait("3600"), wait("Fri, 02 Jan 2026 11:00:00 GMT")], [30_000, 30_000])
    assert.deepStrictEqual([wait("0"), wait("soon"), wait("Fri, 02 Jan 2026 09:00:00 GMT")], [1000, 1000, 1000])
  })

  it("asks again for exactly the classes whose policy allows the same target", () => {
    for (const each of errorClasses) assert.strictEqual(defaultPolicy.isWorthwhile({ class: each, message: "" }), policyOf(each).sameTarget, each)
  })
})
