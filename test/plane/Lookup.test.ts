/** What an extension that keeps answers does to exchanges: a hit skips the provider for streams too, is charged nothing, and is in the ledger. */
import { assert, layer } from "@effect/vitest"
import * as Extension from "@sluice/gateway/Extension"
import * as Interceptor from "@sluice/gateway/Interceptor"
import * as RecordedAnswer from "@sluice/gateway/RecordedAnswer"
import { Effect, Layer, Option, Schedule } from "effect"
import { answer, chunk, closed, ended, opened, said, spoken } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const json = { "content-type": "application/json" }
const own = JSON.stringify({ ...JSON.parse(answer("Hello")), x_vendor: { more: 1.5 } })

const answers: { readonly [model: string]: Verbatim.Answer } = {
  stream: { body: [said("Hel"), chunk({ content: "lo" }, null, { x_vendor: "kept" }), ...ended] },
  whole: { headers: json, body: [own] },
  cut: { body: [said("Hello")] },
  messages: { body: [...opened, spoken("Hello"), ...closed] },
  limited: { headers: json, body: [own] }
}

/** A cache by model, as text, so that what is kept is what a store would give back. */
const kept = new Map<string, string>()
const asked: Array<string> = []

const cache = Extension.layer({
  id: "cache",
  lookup: (_, { model }) =>
    Effect.sync(() => {
      asked.push(model)
      return Option.flatMap(Option.fromUndefinedOr(kept.get(model)), RecordedAnswer.fromText)
    }),
  store: (recorded, request, { model }) => Effect.sync(() => void kept.set(model, RecordedAnswer.toText({ ...recorded, upstreamModel: request.model })))
})

const second = Extension.layer({ id: "second", priority: -1, lookup: (_, { model }) => Effect.sync(() => (asked.push(`second ${model}`), Option.none())) })

const marking = Interceptor.layer({ id: "mark", response: () => Effect.succeed({ headers: { set: { "x-mark": "yes" } } }) })

const until = (holds: () => boolean) =>
  Effect.suspend(() => holds() ? Effect.void : Effect.fail("pending" as const)).pipe(
    Effect.retry({ schedule: Schedule.spaced("5 millis"), times: 2000 }),
    Effect.orDie
  )

const parts = Layer.mergeAll(cache, second, marking)

layer(Verbatim.layer({ answers, parts, rules: { rates: [{ kind: "requests", limit: 100, windowMs: 60_000 }] } }), { excludeTestServices: true })(
  "a cache",
  (it) => {
    for (const [name, model, stream] of [["a stream", "openai/stream", true], ["a body", "openai/whole", false]] as const) {
      it.effect(`gives ${name} again without asking the provider, word for word`, () =>
        Effect.gen(function*() {
          const { asked: reached } = yield* Verbatim.Verbatim
          const more = stream ? { stream, stream_options: { include_usage: true } } : { stream }
          const first = yield* Verbatim.ask("openai", model, more)
          yield* until(() => kept.has(model))
          const again = yield* Verbatim.ask("openai", model, more)
          assert.strictEqual(reached(model.slice(7)).length, 1)
          if (stream) assert.strictEqual(again.text, first.text)
          else assert.deepStrictEqual(JSON.parse(again.text), JSON.parse(first.text))
          assert.strictEqual(again.headers.get("content-type"), first.headers.get("content-type"))
          assert.strictEqual(again.headers.get("x-sluice-cache"), "hit")
          assert.strictEqual(first.headers.get("x-sluice-cache"), "miss")
          const [hit, miss] = yield* Verbatim.entriesOf(model, 2)
          assert.deepInclude(hit, { outcome: "Cached(lookup:cache)", status: "cached", usage: {}, attempts: 0 })
          assert.deepInclude(miss, { outcome: "Completed", lane: "bytes" })
          assert.strictEqual(again.headers.get("x-sluice-cache-of"), miss?.id)
          if (!stream) assert.strictEqual(again.headers.get("x-mark"), "yes")
        }))
    }

    it.effect("gives a stream as a body and a body as a stream, to clients of any dialect", () =>
      Effect.gen(function*() {
        const { asked: reached } = yield* Verbatim.Verbatim
        const whole = yield* Verbatim.ask("openai", "openai/stream", { stream: false })
        assert.strictEqual(JSON.parse(whole.text).choices[0].message.content, "Hello")
        const streamed = yield* Verbatim.ask("openai", "openai/whole", { stream: true })
        assert.match(streamed.text, /"content":"Hello"[^]*\[DONE\]/)
        const foreign = yield* Verbatim.ask("anthropic", "openai/stream", { stream: true })
        assert.match(foreign.text, /event: message_start[^]*Hel[^]*event: message_stop/)
        assert.strictEqual(reached("stream").length + reached("whole").length, 2)
      }))

    it.effect("shows no usage to a client that did not ask for it", () =>
      Effect.gen(function*() {
        const { text } = yield* Verbatim.ask("openai", "openai/stream", { stream: true })
        assert.include(text, "Hel")
        assert.notInclude(text, "prompt_tokens")
      }))

    it.effect("is not given what was cut", () =>
      Effect.gen(function*() {
        yield* Verbatim.ask("openai", "openai/cut", { stream: true })
        yield* Verbatim.entryOf("openai/cut")
        yield* Verbatim.ask("openai", "openai/cut", { stream: true })
        const entries = yield* Verbatim.entriesOf("openai/cut", 2)
        assert.deepStrictEqual(entries.map(({ outcome }) => outcome), ["Truncated", "Truncated"])
        assert.isFalse(kept.has("openai/cut"))
      }))

    it.effect("whose answer breaks the grammar, or has no end, has none", () =>
      Effect.gen(function*() {
        const { asked: reached } = yield* Verbatim.Verbatim
        const before = reached("whole").length
        const good = Option.getOrThrow(RecordedAnswer.fromText(kept.get("openai/whole") ?? ""))
        for (const frames of [[...good.frames, ...good.frames], [{ events: [{ type: "start" as const }] }], []]) {
          kept.set("openai/whole", RecordedAnswer.toText({ ...good, frames }))
          const { headers, text } = yield* Verbatim.ask("openai", "openai/whole")
          assert.strictEqual(headers.get("x-sluice-cache"), "miss")
          assert.strictEqual(JSON.parse(text).choices[0].message.content, "Hello")
          yield* until(() => kept.get("openai/whole")?.includes("Hello") === true)
        }
        assert.strictEqual(reached("whole").length, before + 3)
      }))

    it.effect("that has an answer is the last that is asked", () =>
      Effect.gen(function*() {
        asked.length = 0
        yield* Verbatim.ask("anthropic", "anthropic/messages", { stream: true })
        yield* until(() => kept.has("anthropic/messages"))
        yield* Verbatim.ask("anthropic", "anthropic/messages", { stream: true })
        assert.deepStrictEqual(asked, ["anthropic/messages", "second anthropic/messages", "anthropic/messages"])
      }))
  }
)

layer(Verbatim.layer({ answers, parts, rules: { rates: [{ kind: "requests", limit: 2, windowMs: 60_000 }] } }), { excludeTestServices: true })(
  "a cache behind limits",
  (it) => {
    it.effect("is no way around them", () =>
      Effect.gen(function*() {
        for (const status of [200, 200, 429]) {
          const reply = yield* Verbatim.ask("openai", "openai/limited")
          assert.strictEqual(reply.status, status)
          if (status === 200) yield* until(() => kept.has("openai/limited"))
        }
        const entries = yield* Verbatim.entriesOf("openai/limited", 3)
        assert.deepStrictEqual(entries.map(({ outcome }) => outcome), ["Denied(limits)", "Cached(lookup:cache)", "Completed"])
      }))
  }
)
