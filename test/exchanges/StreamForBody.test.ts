/** Providers that answer with a stream where a body was asked for, or with a plain body where a stream was: whole, cut, empty and failing ones. */
import { assert, layer } from "@effect/vitest"
import type { Json } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import * as Verbatim from "./Verbatim.ts"

const { sse } = Verbatim

const chunk = (delta: Json, reason: string | null = null): string =>
  sse({ id: "c1", object: "chat.completion.chunk", created: 5, model: "m1", choices: [{ index: 0, delta, finish_reason: reason }] })
const event = (value: { readonly type: string; readonly [key: string]: Json }): string => sse(value, value.type)
const started = event({
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m1",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 }
  }
})
const text = [
  event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hel" } })
]

const answers = {
  empty: { body: [] },
  "only-started": { body: [started] },
  cut: { body: [started, ...text] },
  failing: { body: [started, ...text, event({ type: "error", error: { type: "overloaded_error", message: "Too busy." } })] },
  "plain-error": {
    headers: { "content-type": "application/json" },
    body: ["\n\n", JSON.stringify({ error: { message: "No capacity left.", type: "server_error" } })]
  },
  "plain-error-as-events": { body: ["\n\n", JSON.stringify({ error: { message: "No capacity left.", type: "server_error" } })] },
  "error-event": { body: [": keep-alive\n\n", sse({ error: { message: "No capacity left.", type: "server_error" } })] },
  "unfinished": { body: [": keep-alive\n\n", chunk({ content: "a" })] },
  "half": { body: [chunk({ content: "a" }), "data: {\"id\":\"c1\",\"cho"] },
  "in-pieces": { body: [...Buffer.from(chunk({ content: "zwölf 😀" }) + chunk({}, "stop") + sse("[DONE]"))].map((byte) => Uint8Array.of(byte)) },
  "after-mark": { body: [": keep-alive\n\n", chunk({ content: "a" }), chunk({}, "stop"), sse("[DONE]"), chunk({ content: "b" })] }
}

layer(Verbatim.layer({ answers }), { excludeTestServices: true })("a buffered request that a stream answers", (it) => {
  for (const [model, outcome] of [["empty", "Empty"], ["only-started", "UpstreamFailed(cut)"], ["cut", "UpstreamFailed(cut)"]] as const) {
    it.effect(`with ${model} events is an error of the provider, and no empty success`, () =>
      Effect.gen(function*() {
        const { status, text } = yield* Verbatim.ask("openai", `anthropic/${model}`)
        assert.strictEqual(status, 502, text)
        assert.isString(JSON.parse(text).error.message)
        assert.strictEqual((yield* Verbatim.entryOf(`anthropic/${model}`)).outcome, outcome)
      }))
  }

  it.effect("that breaks off with the provider's error is that error", () =>
    Effect.gen(function*() {
      const { status, text } = yield* Verbatim.ask("openai", "anthropic/failing")
      assert.strictEqual(status, 503, text)
      assert.strictEqual(JSON.parse(text).error.message, "Too busy.")
      assert.strictEqual((yield* Verbatim.entryOf("anthropic/failing")).outcome, "UpstreamFailed(overloaded)")
    }))
})

layer(Verbatim.layer({ answers }), { excludeTestServices: true })("a stream from a provider of chat completions", (it) => {
  for (const model of ["plain-error", "plain-error-as-events", "error-event"]) {
    it.effect(`whose ${model} stands where the answer should is the provider's failure with its own message`, () =>
      Effect.gen(function*() {
        const { status, text } = yield* Verbatim.ask("openai", `openai/${model}`, { stream: true })
        assert.strictEqual(status, 502, text)
        assert.include(JSON.parse(text).error.message, "No capacity left.")
        assert.strictEqual((yield* Verbatim.entryOf(`openai/${model}`)).outcome, "UpstreamFailed(transient)")
      }))
  }

  for (const client of ["openai", "responses", "anthropic"] as const) {
    it.effect(`that ends before its finish ends in an error of the client's own, for a client of ${client}`, () =>
      Effect.gen(function*() {
        const { status, text } = yield* Verbatim.ask(client, "openai/unfinished", { stream: true })
        assert.strictEqual(status, 200)
        assert.notMatch(text, /\[DONE\]|message_stop|response\.completed/)
        assert.match(text, /data: .*error/)
      }))
  }

  for (const client of ["openai", "responses"] as const) {
    it.effect(`whose last event breaks off in its JSON does not show it and ends in an error, for a client of ${client}`, () =>
      Effect.gen(function*() {
        const { text } = yield* Verbatim.ask(client, "openai/half", { stream: true })
        assert.notInclude(text, "\"cho\n")
        assert.notMatch(text, /\[DONE\]|response\.completed/)
        const lines = text.split("\n").filter((line) => line.startsWith("data: "))
        for (const line of lines) JSON.parse(line.slice(6))
        assert.match(lines.at(-1) ?? "", /error/)
      }))

    it.effect(`that arrives byte by byte is whole, for a client of ${client}`, () =>
      Effect.gen(function*() {
        const { text } = yield* Verbatim.ask(client, "openai/in-pieces", { stream: true })
        assert.include(text, "zwölf 😀")
        assert.match(text, /\[DONE\]|response\.completed/)
      }))
  }

  it.effect("has its comments skipped and what follows its mark left out", () =>
    Effect.gen(function*() {
      const { text } = yield* Verbatim.ask("openai", "openai/after-mark", { stream: true })
      const lines = text.split("\n").filter((line) => line.startsWith("data: "))
      assert.strictEqual(lines.at(-1), "data: [DONE]")
      assert.deepStrictEqual(lines.slice(0, -1).map((line) => JSON.parse(line.slice(6)).choices[0].delta.content), ["a", undefined])
      assert.strictEqual((yield* Verbatim.entryOf("openai/after-mark")).outcome, "Completed")
    }))
})
