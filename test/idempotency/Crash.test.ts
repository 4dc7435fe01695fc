/**
 * The promise under attack, over HTTP and for every store: fifty requests with one key at once, with the same body, with others, and
 * after a process took the key and ended before anybody knows what it did. Never a second upstream call.
 */
import { assert, describe, layer } from "@effect/vitest"
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import * as Replays from "@sluice/gateway/Replays"
import { ReplayStore } from "@sluice/gateway/ReplayStore"
import { Context, Effect, Layer, Redacted } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import { ask, bodyOf, type Question, upstreamCalls } from "./Asking.ts"
import * as Stores from "./Stores.ts"

const secret = Redacted.make("a secret of thirty-two characters or more")

/** The store as a process sees it that is gone as soon as it has said something. */
const ofTheDead = Layer.effect(
  ReplayStore,
  Effect.map(ReplayStore, (store) => ({ ask: (message) => store.ask("aliveMs" in message ? { ...message, aliveMs: 0 } : message) }))
)

class Dying extends Context.Service<Dying, Replays.Replays["Service"]>()("test/Dying") {}

/** The gateway, and another process on the same store that will not live long. */
const rig = (store: Layer.Layer<ReplayStore>) => {
  const dying = Layer.effect(Dying, Effect.map(Replays.Replays, (replays) => replays)).pipe(
    Layer.provide(Replays.layer({ secret })),
    Layer.provide(Layer.provide(ofTheDead, store))
  )
  return Layer.merge(Rig.layer({ replays: Layer.provide(Replays.layer({ secret }), store) }), dying)
}

const fifty = <A, R>(one: (index: number) => Effect.Effect<A, never, R>) =>
  Effect.all(Array.from({ length: 50 }, (_, index) => one(index)), { concurrency: "unbounded" })

for (const { layer: store, missing, name } of Stores.kinds) {
  describe.skipIf(missing !== undefined)(`fifty requests with one key, kept in ${name}${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
    layer(rig(store()), { excludeTestServices: true })((it) => {
      for (const stream of [false, true]) {
        const mode = stream ? "streamed" : "buffered"
        const tagOf = (what: string) => `${name}-${mode}-${what}`

        it.effect(`and one body make one call and one answer, ${mode}`, () =>
          Effect.gen(function*() {
            const question = { key: tagOf("same"), scenario: "text;events=5;delay=5", tag: tagOf("same"), stream }
            const answers = yield* fifty(() => ask(question))
            assert.strictEqual(yield* upstreamCalls(question.tag), 1)
            assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
            assert.strictEqual(new Set(answers.map(({ text }) => text)).size, 1)
            assert.strictEqual(answers.filter(({ replayed }) => replayed).length, 49)
          }))

        it.effect(`and as many bodies make one call; all others are told, ${mode}`, () =>
          Effect.gen(function*() {
            const question = { key: tagOf("other"), scenario: "text;events=5;delay=5", tag: tagOf("other"), stream }
            const answers = yield* fifty((index) => ask({ ...question, text: `Hello ${index}` }))
            assert.strictEqual(yield* upstreamCalls(question.tag), 1)
            assert.deepStrictEqual(answers.map(({ status }) => status).toSorted(), [200, ...Array.from({ length: 49 }, () => 422)])
          }))

        it.effect(`that a process took before it crashed make no call; all are told that nobody knows, ${mode}`, () =>
          Effect.gen(function*() {
            const dying = yield* Dying
            const question: Question = { key: tagOf("crash"), scenario: "text", tag: tagOf("crash"), stream }
            const claim = yield* dying.claim({
              exchange: ExchangeId.make("01M7WQRHD3YJ1YRN1MV6WSD2AR"),
              tenant: undefined,
              principal: "key-1",
              route: "POST /v1/chat/completions",
              key: tagOf("crash"),
              path: "/v1/chat/completions",
              text: JSON.stringify(bodyOf(question))
            }, () => {})
            assert.strictEqual(claim._tag, "Execute")
            const answers = yield* fifty(() => ask(question))
            assert.strictEqual(yield* upstreamCalls(question.tag), 0)
            assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [409])
            assert.match(answers[0]?.text ?? "", /idempotency_result_unknown/)
            assert.strictEqual(answers[0]?.headers.get("x-should-retry"), "false")
          }))
      }
    })
  })
}
