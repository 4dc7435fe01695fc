import { assert, describe, it } from "@effect/vitest"
import { type CanonicalEvent, type Frame, frame } from "@sluice/protocol/CanonicalEvent"
import * as Loss from "@sluice/protocol/Loss"
import { DialectId, type JsonObject } from "@sluice/protocol/Wire"
import { id } from "../../src/messages/Dialect.ts"
import { context, decodeStream, encodeStream, keyOf, losses, message } from "./support.ts"

const elsewhere = DialectId.make("openai-chat")
const start: CanonicalEvent = { type: "start", id: "chatcmpl-1", model: "gpt" }
const finish: CanonicalEvent = { type: "finish", choice: 0, reason: "stop" }
const end: CanonicalEvent = { type: "end" }
const at = (index: number) => ({ choice: 0, index })
const text = (index: number, words: string): ReadonlyArray<CanonicalEvent> => [
  { type: "block-start", ...at(index), kind: "text" },
  { type: "text-delta", ...at(index), text: words },
  { type: "block-end", ...at(index) }
]
const callStart = (index: number, kind: "function" | "custom" = "function"): CanonicalEvent => ({
  type: "block-start",
  ...at(index),
  kind: "tool-call",
  call: { kind, id: `call_${index}`, name: "f" }
})
const args = (index: number, words: string): CanonicalEvent => ({ type: "tool-arguments-delta", ...at(index), text: words })
const stop = (index: number): CanonicalEvent => ({ type: "block-end", ...at(index) })

const stream = (...events: ReadonlyArray<CanonicalEvent>) => encodeStream(events.map((event) => frame(event)))
const answer = (...events: ReadonlyArray<CanonicalEvent>) => stream(start, ...events, finish, end)
const types = (values: ReadonlyArray<JsonObject>) => values.map((value) => value["type"])
const shape = (values: ReadonlyArray<JsonObject>) =>
  values.slice(1, -2).map((value) => `${String(value["type"]).replace("content_block_", "")} ${String(value["index"])}`)
const lost = (...events: ReadonlyArray<CanonicalEvent>) => {
  const sink = Loss.sink()
  encodeStream([start, ...events, finish, end].map((event) => frame(event)), { ...context(), sink })
  return losses(sink.losses)
}

const textStream = message(
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello", unknown: 1 } },
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Bye" } },
  { type: "content_block_stop", index: 1 }
)

const edit = (frames: ReadonlyArray<Frame>, change: (event: CanonicalEvent) => ReadonlyArray<CanonicalEvent>): ReadonlyArray<Frame> =>
  frames.map((one) => {
    const events = one.events.flatMap(change)
    return events.length === one.events.length && events.every((event, index) => event === one.events[index]) ? one : { ...one, events }
  })

describe("a new stream", () => {
  it("has every event in its place", () => {
    const values = answer(...text(0, "Hi"), { type: "usage", usage: { input: 3, output: 2 } })
    assert.deepStrictEqual(types(values), [
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop"
    ])
    assert.deepNestedInclude(values[0], {
      "message.id": "chatcmpl-1",
      "message.model": "gpt",
      "message.usage.input_tokens": 0,
      "message.usage.output_tokens": 0
    })
    assert.deepNestedInclude(values[4], { "delta.stop_reason": "end_turn", "delta.stop_sequence": null, "usage.input_tokens": 3, "usage.output_tokens": 2 })
  })

  it("tells counts that arrive after the finish", () => {
    const values = stream(start, ...text(0, "Hi"), finish, { type: "usage", usage: { input: 3, cacheRead: 4, output: 2 } }, end)
    assert.deepNestedInclude(values.at(-2), { type: "message_delta", "usage.output_tokens": 2, "usage.cache_read_input_tokens": 4 })
    assert.strictEqual(values.at(-1)?.["type"], "message_stop")
  })

  it("tells input counts at the start where they are known", () => {
    assert.deepNestedInclude(stream({ type: "usage", usage: { input: 9 } }, start, finish, end)[0], { "message.usage.input_tokens": 9 })
  })

  it("writes open blocks one after the other, in order of their start", () => {
    const values = answer(callStart(0), callStart(1), args(1, "{\"b\":1}"), args(0, "{\"a\""), stop(1), args(0, ":1}"), stop(0), ...text(2, "done"))
    assert.deepStrictEqual(shape(values), ["start 0", "delta 0", "delta 0", "stop 0", "start 1", "delta 1", "stop 1", "start 2", "delta 2", "stop 2"])
  })

  it("never announces empty text or empty thinking, and keeps indexes without gaps", () => {
    const values = answer(...text(0, ""), { type: "block-start", ...at(1), kind: "reasoning", form: "raw" }, stop(1), ...text(2, "x"))
    assert.deepStrictEqual(shape(values), ["start 0", "delta 0", "stop 0"])
  })

  it("gives thinking an empty signature, and its own signature as a delta", () => {
    const values = answer(
      { type: "block-start", ...at(0), kind: "reasoning", form: "raw" },
      { type: "reasoning-delta", ...at(0), text: "hm" },
      { type: "signature", ...at(0), signature: { by: id, value: "sig" } },
      stop(0)
    )
    assert.deepStrictEqual(values[1]?.["content_block"], { type: "thinking", thinking: "", signature: "" })
    assert.deepStrictEqual(values[3]?.["delta"], { type: "signature_delta", signature: "sig" })
  })

  it("writes sealed thinking of its own as redacted, and loses another's", () => {
    const sealed = (by: DialectId): ReadonlyArray<CanonicalEvent> => [
      { type: "block-start", ...at(0), kind: "reasoning", form: "summary" },
      { type: "encrypted", ...at(0), encrypted: { by, value: "cipher" } },
      stop(0)
    ]
    assert.deepStrictEqual(answer(...sealed(id))[1]?.["content_block"], { type: "redacted_thinking", data: "cipher" })
    assert.deepStrictEqual(shape(answer(...sealed(elsewhere))), [])
    assert.deepStrictEqual(lost(...sealed(elsewhere)), ["/choices/0/parts/0/encrypted;dropped;hint", "/usage;defaulted;hint"])
  })

  it("wraps free text of custom tools and arguments that are no object, and has none for null", () => {
    const json = (...events: ReadonlyArray<CanonicalEvent>) => {
      const deltas = answer(...events).flatMap((value) => value["type"] === "content_block_delta" ? [value["delta"] as JsonObject] : [])
      return deltas.map((delta) => delta["partial_json"]).join("")
    }
    assert.strictEqual(json(callStart(0, "custom"), args(0, "free "), args(0, "text"), stop(0)), "{\"input\":\"free text\"}")
    assert.strictEqual(json(callStart(0), args(0, "not"), args(0, " json"), stop(0)), "{\"arguments\":\"not json\"}")
    assert.strictEqual(json(callStart(0), args(0, "null"), stop(0)), "{}")
    assert.strictEqual(json(callStart(0), args(0, " {\"a\""), args(0, ":1}"), stop(0)), " {\"a\":1}")
  })

  it("drops what Anthropic cannot say, each with a loss", () => {
    assert.deepStrictEqual(
      lost(
        { type: "block-start", ...at(0), kind: "media" },
        { type: "media-delta", ...at(0), mime: "image/png", data: "AA" },
        stop(0),
        { type: "block-start", ...at(1), kind: "server-tool", native: { dialect: elsewhere, name: "web_search_call", value: {} } },
        stop(1),
        { type: "foreign", dialect: elsewhere, name: "progress", value: {} },
        { type: "annotation", annotation: { kind: "citation", url: "https://a.b" } },
        { type: "block-start", choice: 1, index: 0, kind: "text" },
        { type: "block-end", choice: 1, index: 0 },
        { type: "finish", choice: 1, reason: "stop" },
        { type: "usage", usage: { input: 1, output: 1 } }
      ),
      [
        "/choices/0/parts/0;dropped;hint",
        "/choices/0/parts/1;dropped;hint",
        "/foreignEvents;dropped;hint",
        "/annotations;dropped;hint",
        "/choices/1;dropped;meaning"
      ]
    )
  })

  it("maps every reason to a stop reason, and invents none", () => {
    const reason = (event: CanonicalEvent) => keyOf(stream(start, event, end).at(-2)?.["delta"], "stop_reason")
    const said = (name: Extract<CanonicalEvent, { readonly type: "finish" }>["reason"]) => reason({ type: "finish", choice: 0, reason: name })
    assert.deepStrictEqual(
      [said("stop"), said("length"), said("tool-calls"), said("content-filter"), said("pause"), said("context-window"), said("compaction"), said("missing")],
      ["end_turn", "max_tokens", "tool_use", "refusal", "pause_turn", "model_context_window_exceeded", "compaction", null]
    )
    assert.deepNestedInclude(stream(start, { type: "finish", choice: 0, reason: "stop-sequence", stop: "END" }, end).at(-2), { "delta.stop_sequence": "END" })
  })

  it("ends with an error event and nothing else when the answer fails", () => {
    const values = stream(start, ...text(0, "x"), { type: "error", failure: { class: "overloaded", message: "Too busy" } }, end)
    assert.deepStrictEqual(values.at(-1), { type: "error", error: { type: "overloaded_error", message: "Too busy" }, request_id: "x1" })
    assert.notInclude(types(values), "message_stop")
    assert.deepStrictEqual(types(stream({ type: "error", failure: { class: "cut", message: "broke" } })), ["error"])
  })

  it("keeps the provider's credential trouble to itself", () => {
    const values = stream(start, { type: "error", failure: { class: "provider-auth", message: "key sk-1 is wrong" } })
    assert.notInclude(JSON.stringify(values.at(-1)), "sk-1")
  })

  it("waits with signs of life until the message began", () => {
    assert.deepStrictEqual(types(stream({ type: "ping" }, start, { type: "ping" }, finish, end)), ["message_start", "ping", "message_delta", "message_stop"])
  })
})

describe("a stream that came in this dialect", () => {
  const original = textStream.map(({ data }) => JSON.parse(data))

  it("goes out as it came", () => {
    assert.deepStrictEqual(encodeStream(decodeStream(textStream)), original)
  })

  it("shows an edit of a delta and keeps its unknown keys", () => {
    const edited = edit(decodeStream(textStream), (event) => event.type === "text-delta" && event.text === "Hello" ? [{ ...event, text: "HELLO" }] : [event])
    const values = encodeStream(edited)
    assert.deepStrictEqual(values[2], { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "HELLO", unknown: 1 } })
    assert.deepStrictEqual(values.toSpliced(2, 1), original.toSpliced(2, 1))
  })

  it("shows another model, another reason and other counts", () => {
    const edited = edit(decodeStream(textStream), (event) => {
      if (event.type === "start") return [{ ...event, model: "alias" }]
      if (event.type === "finish") return [{ ...event, reason: "length" }]
      return [event]
    })
    const values = encodeStream(edited)
    assert.deepStrictEqual(values[0], { ...original[0], message: { ...original[0].message, model: "alias" } })
    assert.deepStrictEqual(values.at(-2), { ...original.at(-2), delta: { stop_reason: "max_tokens", stop_sequence: null } })
    assert.deepStrictEqual(values.at(-1), original.at(-1))
  })

  it("closes the gap of a block that was taken out", () => {
    const edited = edit(decodeStream(textStream), (event) => "index" in event && event.index === 0 ? [] : [event])
    assert.deepStrictEqual(shape(encodeStream(edited)), ["start 0", "delta 0", "stop 0"])
  })

  it("makes room for a block that was put in", () => {
    const frames = decodeStream(textStream)
    const shifted = edit(frames, (event) => "index" in event && event.index !== undefined ? [{ ...event, index: event.index + 1 }] : [event])
    const [head, ...rest] = shifted
    assert(head !== undefined)
    const values = encodeStream([head, ...text(0, "First").map((event) => frame(event)), ...rest])
    assert.deepStrictEqual(shape(values), ["start 0", "delta 0", "stop 0", "start 1", "delta 1", "stop 1", "start 2", "delta 2", "stop 2"])
  })

  it("keeps the counts of untouched frames where the end is written anew", () => {
    const edited = edit(decodeStream(textStream), (event) => event.type === "finish" ? [{ ...event, reason: "refusal" }] : [event])
    assert.deepNestedInclude(encodeStream(edited).at(-2), { "usage.output_tokens": 5, "delta.stop_reason": "refusal" })
  })
})
