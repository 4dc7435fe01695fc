/** Models asked within the process: what they answer, the two levels of their failures, and that no exchange goes around the pipeline. */
import { assert, layer } from "@effect/vitest"
import { CompletionClient } from "@sluice/gateway/CompletionClient"
import * as Extension from "@sluice/gateway/Extension"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { perMinute } from "@sluice/gateway/LimitRules"
import { retrying } from "@sluice/gateway/Retrying"
import { OpenAiChat } from "@sluice/openai"
import * as CanonicalDialect from "@sluice/protocol/CanonicalDialect"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { textOf } from "@sluice/protocol/CanonicalPart"
import type { Failure } from "@sluice/protocol/GatewayError"
import { label } from "@sluice/protocol/Outcome"
import { Duration, Effect, Exit, Fiber, Layer, Schedule, Scope, Stream } from "effect"
import * as Scripted from "./Scripted.ts"

const model = (name: string, id = "caller") => CompletionClient.use((client) => Effect.succeed(client.completionModel(name, { as: { id } })))
const textIn = (events: ReadonlyArray<CanonicalEvent>) => events.map((event) => event.type === "text-delta" ? event.text : "").join("")

/** All events of a stream, and how it ended. */
const collected = Effect.fnUntraced(function*(name: string) {
  const events: Array<CanonicalEvent> = []
  const stream = yield* (yield* model(name)).stream(Scripted.hello)
  const exit = yield* Effect.exit(Stream.runForEach(stream, (event) => Effect.sync(() => void events.push(event))))
  return { events, exit }
})

const eventually = (condition: Effect.Effect<boolean, never, Scripted.Provider>) =>
  Effect.repeat(condition, { schedule: Schedule.spaced("2 millis"), until: (met) => met, times: 1000 })

const closed = eventually(Effect.map(Scripted.Provider, ({ open }) => open === 0))

const busy: Failure = { class: "overloaded", message: "Busy.", status: 529 }
const finished: Array<string> = []

const settings: Scripted.Settings = {
  failing: { "fails-once": [busy], "fails-ever": Array.from({ length: 9 }, () => busy) },
  parts: Layer.mergeAll(
    Interceptor.layer({
      id: "brief",
      request: (request) => Effect.succeed({ ...request, instructions: [{ role: "system", parts: [{ type: "text", text: "Be brief." }] }] })
    }),
    Extension.layer({
      id: "watch",
      finish: ({ model, outcome }, { principal }) => Effect.sync(() => void finished.push(`${principal.id} ${model} ${label(outcome)}`))
    })
  )
}

layer(Scripted.layer(settings), { excludeTestServices: true })("a model asked within the process", (it) => {
  it.effect("gives a whole answer, or the same as events", () =>
    Effect.gen(function*() {
      const whole = yield* (yield* model("whole")).generate(Scripted.hello)
      assert.strictEqual(textOf(whole.choices[0]?.parts.map(({ part }) => part) ?? []), "Hello")
      assert.deepInclude(whole, { model: "served-1", usage: { input: 7, output: 3 } })
      const { events, exit } = yield* collected("whole")
      assert.isTrue(Exit.isSuccess(exit))
      assert.strictEqual(textIn(events), "Hello")
      assert.deepStrictEqual([events[0]?.type, events.at(-1)?.type], ["start", "end"])
      assert.deepInclude(events, { type: "usage", usage: { input: 7, output: 3 } })
    }))

  it.effect("goes through interceptors, extensions and the ledger, with whoever the program says is asking", () =>
    Effect.gen(function*() {
      const { asked } = yield* Scripted.Provider
      yield* (yield* model("recorded", "robot")).generate(Scripted.hello)
      const [row] = yield* Scripted.rows("recorded")
      assert.deepInclude(row, {
        principal: "robot",
        inbound: CanonicalDialect.id,
        upstream: OpenAiChat.dialect.id,
        status: "completed",
        stream: false,
        lane: "typed"
      })
      assert.include(String(asked.find(({ model }) => model === "recorded")?.body), "Be brief.")
      assert.include(finished, "robot recorded Completed")
      yield* CompletionClient.use((client) => client.completionModel("unnamed").generate(Scripted.hello))
      assert.strictEqual((yield* Scripted.rows("unnamed"))[0]?.principal, "in-process")
    }))

  it.effect("fails in its setup where no answer begins: by a refusal, by the provider, or by an error at the head of its stream", () =>
    Effect.gen(function*() {
      const refused = yield* Effect.flip(Effect.scoped(Effect.flatMap(model("fails-ever"), ({ stream }) => stream(Scripted.hello))))
      assert.deepInclude(refused.failure, { class: "overloaded", message: "Busy." })
      const early = yield* Effect.flip(Effect.scoped(Effect.flatMap(model("refused"), ({ stream }) => stream(Scripted.hello))))
      assert.strictEqual(early.failure.class, "overloaded")
      const whole = yield* Effect.flip(Effect.flatMap(model("fails-ever"), ({ generate }) => generate(Scripted.hello)))
      assert.strictEqual(whole.failure.class, "overloaded")
      yield* closed
    }))

  it.effect("fails in the middle where an answer breaks off, after what came of it", () =>
    Effect.gen(function*() {
      const { events, exit } = yield* collected("cut")
      assert.strictEqual(textIn(events), "Hello")
      const error = Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
      assert.strictEqual(error?.failure.class, "cut")
      const [row] = yield* Scripted.rows("cut")
      assert.deepInclude(row, { outcome: "Truncated", status: "failed" })
    }))

  it.effect("is cancelled when its scope closes: the provider's connection too, and the row says who left", () =>
    Effect.gen(function*() {
      const provider = yield* Scripted.Provider
      const first = yield* Effect.scoped(Effect.gen(function*() {
        const stream = yield* (yield* model("held")).stream(Scripted.hello)
        const events = yield* Stream.runCollect(Stream.take(stream, 3))
        assert.strictEqual(provider.open, 1)
        return events
      }))
      assert.isNotEmpty(first)
      yield* closed
      assert.strictEqual((yield* Scripted.rows("held"))[0]?.outcome, "Cancelled(client)")
    }))

  it.effect("is cancelled when its caller is interrupted, before an answer and for whole ones", () =>
    Effect.gen(function*() {
      const provider = yield* Scripted.Provider
      const silent = yield* model("silent")
      for (const asking of [Effect.scoped(Effect.asVoid(silent.stream(Scripted.hello))), Effect.asVoid(silent.generate(Scripted.hello))]) {
        const fiber = yield* Effect.forkChild(asking)
        yield* eventually(Effect.sync(() => provider.open === 1))
        yield* Fiber.interrupt(fiber)
        yield* closed
      }
      assert.deepStrictEqual((yield* Scripted.rows("silent", 2)).map(({ outcome }) => outcome), ["Cancelled(client)", "Cancelled(client)"])
    }))

  it.effect("asks again for its setup where it is told to: each try is a row of its own", () =>
    Effect.gen(function*() {
      const patient = retrying({ base: Duration.millis(1) })(yield* model("fails-once"))
      const stream = yield* patient.stream(Scripted.hello)
      assert.strictEqual(textIn(yield* Stream.runCollect(stream)), "Hello")
      assert.deepStrictEqual((yield* Scripted.rows("fails-once", 2)).map(({ outcome }) => outcome), ["Completed", "UpstreamFailed(overloaded)"])
    }))

  it.effect("may be asked by many at once, each with an answer of its own", () =>
    Effect.gen(function*() {
      const texts = yield* Effect.forEach(Array.from({ length: 50 }), () => Effect.map(Effect.scoped(collected("whole")), ({ events }) => textIn(events)), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual([...new Set(texts)], ["Hello"])
      yield* closed
    }))

  it.effect("is refused what its caller may not use", () =>
    Effect.gen(function*() {
      const asking = CompletionClient.use((client) => client.completionModel("whole", { as: { id: "narrow", models: ["other"] } }).generate(Scripted.hello))
      assert.strictEqual((yield* Effect.flip(asking)).failure.class, "forbidden")
    }))

  it.effect("is refused what its caller's limits do not allow, before anything is sent", () =>
    Effect.gen(function*() {
      const { asked } = yield* Scripted.Provider
      const as = { id: "limited", limits: { rates: [perMinute("requests", 1)] } }
      const limited = yield* CompletionClient.use((client) => Effect.succeed(client.completionModel("limited-model", { as })))
      yield* limited.generate(Scripted.hello)
      const { failure } = yield* Effect.flip(limited.generate(Scripted.hello))
      assert.strictEqual(failure.class, "rate-limited")
      assert.isAbove(failure.retryAfterMs ?? 0, 0)
      assert.lengthOf(asked.filter(({ model }) => model === "limited-model"), 1)
      assert.deepStrictEqual((yield* Scripted.rows("limited-model", 2)).map(({ outcome }) => outcome), ["Denied(limits)", "Completed"])
    }))
})

layer(Scripted.layer({ settings: { preCommitMs: 1 }, failing: { late: [busy] } }), { excludeTestServices: true })("a head that went out early", (it) => {
  it.effect("leaves an error before the answer an error of the setup", () =>
    Effect.gen(function*() {
      const { failure } = yield* Effect.flip(Effect.scoped(Effect.flatMap(model("late"), ({ stream }) => stream(Scripted.hello))))
      assert.strictEqual(failure.class, "overloaded")
    }))
})

layer(Scripted.layer({ failing: { other: [busy] } }), { excludeTestServices: true })("several gateways in one program", (it) => {
  it.effect("have clients of their own, and what runs in one ends when it is closed", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Scripted.layer(), scope)
      const ended = yield* Effect.gen(function*() {
        yield* (yield* model("other")).generate(Scripted.hello)
        const stream = yield* (yield* model("held")).stream(Scripted.hello)
        const fiber = yield* Effect.forkChild(Effect.exit(Stream.runDrain(stream)), { startImmediately: true })
        yield* Scope.close(scope, Exit.void)
        return yield* Fiber.join(fiber)
      }).pipe(Effect.scoped, Effect.provide(context))
      assert.strictEqual(Exit.isFailure(ended) ? (yield* Effect.flip(ended)).failure.class : undefined, "cancelled")
      assert.strictEqual((yield* Effect.flip((yield* model("other")).generate(Scripted.hello))).failure.class, "overloaded")
    }))
})
