/** What a client that sends an Idempotency-Key can rely on, over HTTP: one execution, the same answer, and a clear word where there is none. */
import { assert, layer } from "@effect/vitest"
import { Ledger, LedgerUnavailable } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as Replays from "@sluice/gateway/Replays"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import { Duration, Effect, Layer, Redacted } from "effect"
import OpenAI from "openai"
import * as Rig from "../end-to-end/Rig.ts"
import { ask, askAndLeave, asked, bodyOf, entries, upstreamCalls } from "./Asking.ts"

const keys = [{ key: Redacted.make("sk-other"), principal: { id: "key-2" } }]

const rig = Rig.layer({ keys, replays: Replays.layer().pipe(Layer.provide(ReplayStoreMemory.layer())) })

layer(rig, { excludeTestServices: true })("an Idempotency-Key", (it) => {
  it.effect("gives the first answer again, and the ledger says so", () =>
    Effect.gen(function*() {
      const question = { key: "again", scenario: "text", tag: "again" }
      const first = yield* ask(question)
      const second = yield* ask(question)
      assert.deepStrictEqual([first.status, first.replayed, second.status, second.replayed], [200, false, 200, true])
      assert.strictEqual(second.text, first.text)
      assert.strictEqual(yield* upstreamCalls("again"), 1)
      assert.notStrictEqual(second.headers.get("x-request-id"), first.headers.get("x-request-id"))
      assert.strictEqual(second.headers.get("x-sluice-replay-of"), first.headers.get("x-request-id"))
      assert.strictEqual(second.headers.get("x-sluice-provider"), first.headers.get("x-sluice-provider"))
      const [replay, executed] = yield* entries("again", 2)
      assert.deepStrictEqual([executed?.outcome, replay?.outcome, replay?.status], ["Completed", "Replayed", "cached"])
      assert.deepStrictEqual([replay?.usage, replay?.attempts, replay?.bytesOut], [{}, 0, executed?.bytesOut])
    }))

  for (const upstream of Rig.upstreams) {
    it.effect(`gives a stream of ${upstream} again as a stream, byte by byte`, () =>
      Effect.gen(function*() {
        const question = { key: `stream-${upstream}`, scenario: "long;events=400", tag: `stream-${upstream}`, stream: true, upstream }
        const first = yield* ask(question)
        const second = yield* ask(question)
        assert.deepStrictEqual([first.replayed, second.replayed, second.status], [false, true, 200])
        assert.strictEqual(second.text, first.text)
        assert.match(second.headers.get("content-type") ?? "", /^text\/event-stream/)
        assert.include(second.text, "[DONE]")
        assert.strictEqual(yield* upstreamCalls(question.tag), 1)
      }))
  }

  for (const stream of [false, true]) {
    const mode = stream ? "streamed" : "buffered"

    it.effect(`of fifty requests at once has one executed and all answered alike, ${mode}`, () =>
      Effect.gen(function*() {
        const question = { key: `fifty-${mode}`, scenario: "long;events=20;delay=10", tag: `fifty-${mode}`, stream }
        const answers = yield* Effect.all(Array.from({ length: 50 }, () => ask(question)), { concurrency: "unbounded" })
        assert.strictEqual(yield* upstreamCalls(question.tag), 1)
        assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
        assert.strictEqual(new Set(answers.map(({ text }) => text)).size, 1)
        assert.strictEqual(answers.filter(({ replayed }) => !replayed).length, 1)
        const outcomes = (yield* entries(question.tag, 50)).map(({ outcome }) => outcome)
        assert.deepStrictEqual([outcomes.length, outcomes.filter((outcome) => outcome === "Replayed").length], [50, 49])
      }))

    it.effect(`with another body is refused fifty times at once, ${mode}`, () =>
      Effect.gen(function*() {
        const question = { key: `other-${mode}`, scenario: "slow", tag: `other-${mode}`, stream }
        const answers = yield* Effect.all([
          ask(question),
          Effect.andThen(asked(question.tag, 1), Effect.all(Array.from({ length: 49 }, () => ask({ ...question, text: "Bye" })), { concurrency: "unbounded" }))
        ], { concurrency: "unbounded" })
        assert.strictEqual(answers[0].status, 200)
        assert.deepStrictEqual([...new Set(answers[1].map(({ status }) => status))], [422])
        assert.match(answers[1][0]?.text ?? "", /idempotency_key_reused/)
        assert.strictEqual(yield* upstreamCalls(question.tag), 1)
        assert.strictEqual((yield* ask({ ...question, text: "Bye" })).status, 422)
      }))

    it.effect(`finishes the answer of a client that left and asks again, ${mode}`, () =>
      Effect.gen(function*() {
        const question = { key: `left-${mode}`, scenario: "long;events=40;delay=10", tag: `left-${mode}`, stream }
        const partial = yield* askAndLeave(question, stream ? (received) => received.length > 400 : undefined)
        const again = yield* ask(question)
        assert.deepStrictEqual([again.status, again.replayed], [200, true])
        assert.strictEqual(yield* upstreamCalls(question.tag), 1)
        if (stream) {
          assert.isTrue(again.text.startsWith(partial.slice(0, partial.lastIndexOf("\n\n"))))
          assert.include(again.text, "[DONE]")
        }
        const [replay, executed] = yield* entries(question.tag, 2)
        assert.deepStrictEqual([executed?.outcome, replay?.outcome], ["Completed", "Replayed"])
        assert.isAbove(executed?.usage.output ?? 0, 0)
      }))
  }

  it.effect("finishes the answer of a client that left before the stream began", () =>
    Effect.gen(function*() {
      const question = { key: "left-early", scenario: "text;head=300", tag: "left-early", stream: true }
      yield* askAndLeave(question, undefined)
      const again = yield* ask(question)
      assert.deepStrictEqual([again.status, again.replayed, yield* upstreamCalls("left-early")], [200, true, 1])
      assert.include(again.text, "[DONE]")
    }))

  it.effect("gives an error again where a provider may have worked on it, and says that another try is no use", () =>
    Effect.gen(function*() {
      const question = { key: "failed", scenario: "error;status=500", tag: "failed" }
      const first = yield* ask(question)
      const second = yield* ask(question)
      assert.deepStrictEqual([first.status, second.status, second.replayed], [502, 502, true])
      assert.strictEqual(second.text, first.text)
      assert.deepStrictEqual([first, second].map(({ headers }) => headers.get("x-should-retry")), ["false", "false"])
      assert.strictEqual(yield* upstreamCalls("failed"), 1)
    }))

  it.effect("gives a stream that broke off in the middle again, with its error", () =>
    Effect.gen(function*() {
      const question = { key: "broken", scenario: "stream-error;after=3", tag: "broken", stream: true }
      const first = yield* ask(question)
      const second = yield* ask(question)
      assert.strictEqual(second.text, first.text)
      assert.deepStrictEqual([second.replayed, yield* upstreamCalls("broken")], [true, 1])
    }))

  for (const status of [400, 401, 429, 503]) {
    it.effect(`stays free when the provider refuses with ${status}`, () =>
      Effect.gen(function*() {
        const tag = `refused-${status}`
        const question = { key: tag, scenario: `error;status=${status}`, tag }
        const first = yield* ask(question)
        const second = yield* ask(question)
        assert.deepStrictEqual([second.status, second.replayed, first.headers.get("idempotent-replayed")], [first.status, false, null])
        assert.strictEqual(yield* upstreamCalls(tag), 2)
      }))
  }

  it.effect("stays free when the gateway itself refuses", () =>
    Effect.gen(function*() {
      const question = { key: "unsaid", scenario: "text", tag: "unsaid" }
      assert.strictEqual((yield* ask({ ...question, upstream: "nobody" })).status, 404)
      assert.deepStrictEqual((yield* ask(question)).status, 200)
    }))

  it.effect("is the caller's own: another key of the gateway never gets its answer", () =>
    Effect.gen(function*() {
      const question = { key: "mine", scenario: "text", tag: "mine" }
      yield* ask(question)
      const other = yield* ask({ ...question, apiKey: "sk-other" })
      assert.deepStrictEqual([other.status, other.replayed, yield* upstreamCalls("mine")], [200, false, 2])
    }))

  it.effect("may have 255 characters and no more", () =>
    Effect.gen(function*() {
      const long = { key: "x".repeat(256), scenario: "text", tag: "long" }
      const refused = yield* ask(long)
      assert.deepStrictEqual([refused.status, yield* upstreamCalls("long")], [400, 0])
      assert.match(refused.text, /255 characters/)
      assert.strictEqual((yield* ask({ ...long, key: "x".repeat(255) })).status, 200)
    }))

  it.effect("counts only where somebody chose it", () =>
    Effect.gen(function*() {
      const question = { key: "stainless-node-retry-2f6b", scenario: "text", tag: "made-up" }
      const answers = [yield* ask(question), yield* ask(question)]
      assert.deepStrictEqual(answers.map(({ replayed }) => replayed), [false, false])
      assert.strictEqual(yield* upstreamCalls("made-up"), 2)
    }))

  it.effect("works with the OpenAI SDK, which sends none by itself", () =>
    Effect.gen(function*() {
      const { simulator, url } = yield* Rig.Rig
      const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test" })
      const plain = { scenario: "text", tag: "sdk-plain" }
      for (const _ of [1, 2]) yield* Effect.promise(() => client.chat.completions.create({ ...bodyOf(plain), messages: [{ role: "user", content: "Hello" }] }))
      assert.strictEqual(yield* upstreamCalls("sdk-plain"), 2)
      const named = { scenario: "text", tag: "sdk-named" }
      const params = { model: bodyOf(named).model, messages: [{ role: "user" as const, content: "Hello" }] }
      const options = { headers: { "Idempotency-Key": "order-17" } }
      const [first, second] = yield* Effect.promise(async () => [
        await client.chat.completions.create(params, options),
        await client.chat.completions.create(params, options)
      ])
      assert.deepStrictEqual(second, first)
      const streamed = () =>
        Effect.promise(async () => {
          const parts: Array<unknown> = []
          for await (const part of await client.chat.completions.create({ ...params, stream: true }, { headers: { "Idempotency-Key": "order-18" } })) {
            parts.push(part)
          }
          return parts
        })
      const parts = yield* streamed()
      assert.isAbove(parts.length, 2)
      assert.deepStrictEqual(yield* streamed(), parts)
      assert.strictEqual(yield* upstreamCalls("sdk-named"), 2)
      assert.isTrue((yield* simulator.log).every(({ headers }) => headers["idempotency-key"] === undefined))
    }))
})

const strict = Rig.layer({
  models: [{
    id: "a-little",
    targets: [{ provider: ProviderId.make("openai"), model: "sim-long;events=100000;delay=5;tag=a-little" }],
    onClientGone: { drain: { time: Duration.millis(200), bytes: 100_000_000 } }
  }],
  replays: Replays.layer({ onClientGone: "cancel", waitMs: 100, maxAnswerBytes: 500 }).pipe(Layer.provide(ReplayStoreMemory.layer()))
})

layer(strict, { excludeTestServices: true })("an Idempotency-Key whose answer there is not", (it) => {
  it.effect("is refused where the answer broke off with its client, and never executed again", () =>
    Effect.gen(function*() {
      const question = { key: "cut", scenario: "stall;after=3", tag: "cut", stream: true }
      yield* askAndLeave(question, (received) => received.length > 10)
      const again = yield* ask(question)
      assert.deepStrictEqual([again.status, again.headers.get("x-should-retry"), yield* upstreamCalls("cut")], [409, "false", 1])
      assert.match(again.text, /idempotency_result_unknown/)
      assert.match(again.text, /may have been charged/)
    }))

  it.effect("is refused where the answer was read on for its client, but not to its end", () =>
    Effect.gen(function*() {
      const question = { key: "a-little", scenario: "", tag: "a-little", stream: true, model: "a-little" }
      yield* askAndLeave(question, (received) => received.length > 10)
      const again = yield* Effect.repeat(ask(question), { until: ({ text }) => !text.includes("idempotency_key_in_use") })
      assert.deepStrictEqual([again.status, yield* upstreamCalls("a-little")], [409, 1])
      assert.match(again.text, /idempotency_result_unknown/)
    }))

  it.effect("is refused with a time to come back while it is worked on for too long", () =>
    Effect.gen(function*() {
      const question = { key: "busy", scenario: "stall-head", tag: "busy" }
      const left = yield* Effect.forkChild(askAndLeave(question, () => true), { startImmediately: true })
      yield* asked("busy", 1)
      const again = yield* ask(question)
      assert.deepStrictEqual([again.status, again.headers.get("retry-after"), again.headers.get("x-should-retry")], [409, "2", null])
      assert.match(again.text, /idempotency_key_in_use/)
      assert.strictEqual(left.pollUnsafe(), undefined)
    }))

  it.effect("is refused where the answer was too large to keep", () =>
    Effect.gen(function*() {
      const question = { key: "large", scenario: "long;events=100", tag: "large", stream: true }
      assert.strictEqual((yield* ask(question)).status, 200)
      const again = yield* ask(question)
      assert.deepStrictEqual([again.status, yield* upstreamCalls("large")], [409, 1])
      assert.match(again.text, /too large to be kept/)
    }))
})

/** A ledger that takes everything but the records of answers given again. */
const forgetful = Layer.effect(
  Ledger,
  Effect.map(Ledger, (ledger) =>
    Ledger.of({
      ...ledger,
      settle: (settled) => settled.outcome._tag === "Replayed" ? Effect.fail(new LedgerUnavailable({ reason: "the disk is full" })) : ledger.settle(settled)
    }))
).pipe(Layer.provide(LedgerMemory.layer))

layer(Rig.layer({ ledger: forgetful, replays: Replays.layer().pipe(Layer.provide(ReplayStoreMemory.layer())) }), { excludeTestServices: true })(
  "an answer that is given again",
  (it) => {
    it.effect("is recorded before its client gets anything of it", () =>
      Effect.gen(function*() {
        const question = { key: "unrecorded", scenario: "text", tag: "unrecorded" }
        assert.strictEqual((yield* ask(question)).status, 200)
        const again = yield* ask(question)
        assert.strictEqual(again.status, 503)
        assert.include(again.text, "the disk is full")
        assert.strictEqual(yield* upstreamCalls("unrecorded"), 1)
      }))
  }
)
