import { assert, describe, it } from "@effect/vitest"
import * as CallIds from "@sluice/protocol/CallIds"
import type { Part } from "@sluice/protocol/CanonicalPart"
import * as Collect from "@sluice/protocol/Collect"
import * as Grammar from "@sluice/protocol/Grammar"
import type { JsonObject } from "@sluice/protocol/Wire"
import { id } from "../../src/messages/Dialect.ts"
import { decodeStream, message, wire } from "./support.ts"

const textBlock = (index: number, ...words: ReadonlyArray<string>): ReadonlyArray<JsonObject> => [
  { type: "content_block_start", index, content_block: { type: "text", text: "" } },
  ...words.map((text) => ({ type: "content_block_delta", index, delta: { type: "text_delta", text } })),
  { type: "content_block_stop", index }
]

const eventsOf = (events: Parameters<typeof decodeStream>[0], ending?: "eof" | "reset") => {
  const events_ = decodeStream(events, ending).flatMap((frame) => frame.events)
  const state = Grammar.check(Grammar.initial, events_)
  assert(!Grammar.isViolation(state), "message" in state ? state.message : "")
  return events_
}

const partsOf = (...content: ReadonlyArray<JsonObject>) => Collect.collect(eventsOf(message(...content))).choices[0]?.parts.map(({ part }) => part)

describe("a stream", () => {
  it("gives one frame per wire event, each untouched", () => {
    const frames = decodeStream(message(...textBlock(0, "Hel", "lo")))
    assert.strictEqual(frames.length, 7)
    assert(frames.every((frame) => frame.wire?.events === frame.events))
  })

  it("takes input counts from the start and output counts from the end only", () => {
    const usages = eventsOf(message(...textBlock(0, "x"))).flatMap((event) => event.type === "usage" ? [event.usage] : [])
    assert.deepStrictEqual(usages, [{ input: 7 }, { output: 5 }])
  })

  it("holds the finish back until the message stops", () => {
    const frames = decodeStream(message(...textBlock(0, "x")))
    assert.deepStrictEqual(frames.at(-2)?.events.map(({ type }) => type), ["usage", "finish"])
    assert.deepStrictEqual(frames.at(-1)?.events, [{ type: "end" }])
  })

  it("that goes on after a message_delta finishes with the last reason", () => {
    const events = eventsOf(wire(
      { type: "message_start", message: { id: "m", content: [] } },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: {} },
      ...textBlock(0, "more"),
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: {} },
      { type: "message_stop" }
    ))
    assert.deepStrictEqual(events.filter(({ type }) => type === "finish"), [{ type: "finish", choice: 0, reason: "tool-calls", raw: "tool_use" }])
    assert.strictEqual(events.at(-1)?.type, "end")
  })

  it("with a second message_start starts once and keeps both wire events", () => {
    const start = { type: "message_start", message: { id: "m", content: [], usage: { input_tokens: 3 } } }
    const frames = decodeStream(wire(start, ...message().slice(0, 1).map((event) => JSON.parse(event.data)), { type: "message_stop" }))
    assert.strictEqual(frames.flatMap(({ events }) => events).filter(({ type }) => type === "start").length, 1)
    assert.strictEqual(frames.length, 3)
  })

  it("without a message_start, without stops and without a message_stop is still legal", () => {
    const events = eventsOf(wire(
      { type: "content_block_start", index: 4, content_block: { type: "text", text: "a" } },
      { type: "content_block_start", index: 5, content_block: { type: "text", text: "b" } },
      { type: "message_delta", delta: { stop_reason: "end_turn" } }
    ))
    assert.strictEqual(events[0]?.type, "start")
    assert.deepStrictEqual(events.slice(-3).map(({ type }) => type), ["block-end", "finish", "end"])
  })

  it("with a stop after the message_delta, or twice, closes the block once", () => {
    const events = eventsOf(wire(
      { type: "message_start", message: { content: [] } },
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "a" } },
      { type: "message_delta", delta: { stop_reason: "end_turn" } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_stop", index: 0 },
      { type: "message_stop" }
    ))
    assert.strictEqual(events.filter(({ type }) => type === "block-end").length, 1)
    assert.strictEqual(events.at(-1)?.type, "end")
  })

  it("that stops without a reason finishes with none", () => {
    const events = eventsOf(wire({ type: "message_start", message: { content: [] } }, { type: "message_stop" }))
    assert.deepStrictEqual(events.slice(1), [{ type: "finish", choice: 0, reason: "missing" }, { type: "end" }])
  })

  it("that is cut fails as cut, that never began as empty", () => {
    const last = (events: ReturnType<typeof eventsOf>) => events.at(-1)
    assert.deepNestedInclude(last(eventsOf(message(...textBlock(0, "x")).slice(0, 3), "reset")), { "failure.class": "cut" })
    assert.deepNestedInclude(last(eventsOf(wire({ type: "ping" }))), { "failure.class": "empty" })
  })

  it("says nothing after its terminal", () => {
    assert.strictEqual(decodeStream([...message(), { name: "data", data: "[DONE]" }, ...message()]).length, 3)
  })

  it("may end with OpenAI's terminal", () => {
    const events = eventsOf([...message(...textBlock(0, "x")).slice(0, -1), { data: "[DONE]" }])
    assert.deepStrictEqual(events.slice(-2).map(({ type }) => type), ["finish", "end"])
  })

  it("with broken JSON, or a delta of a block nobody knows, is a violation", () => {
    const failure = (events: ReturnType<typeof eventsOf>) => {
      const last = events.at(-1)
      return last?.type === "error" ? last.failure.class : undefined
    }
    assert.strictEqual(failure(eventsOf([{ data: "{\"type\":" }])), "protocol-violation")
    assert.strictEqual(
      failure(eventsOf(message({ type: "content_block_delta", index: 3, delta: { type: "input_json_delta", partial_json: "{" } }))),
      "protocol-violation"
    )
    assert.strictEqual(failure(eventsOf(message({ type: "content_block_delta", index: "x" }))), "protocol-violation")
  })

  it("with an error event fails by its type", () => {
    const events = eventsOf(
      wire({ type: "message_start", message: { content: [] } }, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } })
    )
    assert.deepNestedInclude(events.at(-1), { type: "error", "failure.class": "overloaded", "failure.message": "Overloaded" })
  })

  it("keeps events of the future as they are", () => {
    const value = { type: "weather", degrees: 20 }
    assert.deepInclude(eventsOf(message(value)), { type: "foreign", dialect: id, name: "weather", value })
  })

  it("ignores empty data and reads events without a name", () => {
    const events = message(...textBlock(0, "x")).map(({ data }) => ({ data }))
    assert.strictEqual(eventsOf([{ data: "" }, { data: " " }, ...events]).at(-1)?.type, "end")
  })
})

describe("a block", () => {
  it("that opens with content counts it, arguments only when no delta brings others", () => {
    const tool = { type: "tool_use", id: "t", name: "f", input: { a: 1 } }
    const start = { type: "content_block_start", index: 1, content_block: tool }
    const delta = { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "{\"a\":1}" } }
    const stop = { type: "content_block_stop", index: 1 }
    const expected: Part = { type: "tool-call", kind: "function", id: "t", name: "f", arguments: "{\"a\":1}" }
    assert.deepStrictEqual(partsOf({ type: "content_block_start", index: 0, content_block: { type: "text", text: "Hi" } }, start, stop), [
      { type: "text", text: "Hi" },
      expected
    ])
    assert.deepStrictEqual(partsOf(start, delta, stop), [expected])
  })

  it("of thinking ends with its signature, redacted thinking is sealed", () => {
    assert.deepStrictEqual(
      partsOf(
        { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "", signature: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } },
        { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
        { type: "content_block_stop", index: 0 },
        { type: "content_block_start", index: 1, content_block: { type: "redacted_thinking", data: "cipher" } },
        { type: "content_block_stop", index: 1 }
      ),
      [
        { type: "reasoning", form: "raw", text: "hm", signature: { by: id, value: "sig" } },
        { type: "reasoning", form: "raw", text: "", encrypted: { by: id, value: "cipher" } }
      ]
    )
  })

  it("of text carries the citations that come as deltas", () => {
    const citation = { type: "web_search_result_location", url: "https://a.b", title: "T", cited_text: "q", encrypted_index: "e" }
    assert.deepStrictEqual(
      partsOf(
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "x", citations: [] } },
        { type: "content_block_delta", index: 0, delta: { type: "citations_delta", citation } },
        { type: "content_block_stop", index: 0 }
      ),
      [{ type: "text", text: "x", annotations: [{ kind: "citation", url: "https://a.b", title: "T", quote: "q", native: { dialect: id, value: citation } }] }]
    )
  })

  it("of a tool that Anthropic runs is whole at its end, compaction too", () => {
    const search = { type: "server_tool_use", id: "s", name: "web_search", input: {} }
    assert.deepStrictEqual(
      partsOf(
        { type: "content_block_start", index: 0, content_block: search },
        { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{\"query\":" } },
        { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "\"x\"}" } },
        { type: "content_block_stop", index: 0 },
        { type: "content_block_start", index: 1, content_block: { type: "compaction", content: null } },
        { type: "content_block_delta", index: 1, delta: { type: "compaction_delta", content: "short", encrypted_content: "e" } },
        { type: "content_block_stop", index: 1 }
      ),
      [
        { type: "foreign", dialect: id, name: "server_tool_use", value: { ...search, input: { query: "x" } } },
        { type: "foreign", dialect: id, name: "compaction", value: { type: "compaction", content: "short", encrypted_content: "e" } }
      ]
    )
  })

  it("of a tool without id or name gets both from its place", () => {
    assert.deepNestedInclude(
      eventsOf(message({ type: "content_block_start", index: 0, content_block: { type: "tool_use", input: {} } })).find(({ type }) => type === "block-start"),
      { "call.id": CallIds.made("msg_1", 0, 0), "call.name": "tool_0" }
    )
  })

  it("may have any index, and costs no more for a large one", () => {
    const index = 4_000_000_000
    assert.deepStrictEqual(partsOf(...textBlock(index, "a"), ...textBlock(2, "b")), [{ type: "text", text: "a" }, { type: "text", text: "b" }])
    const starts = eventsOf(message(...textBlock(index, "a"))).flatMap((event) => event.type === "block-start" ? [event.index] : [])
    assert.deepStrictEqual(starts, [0])
  })

  it("more than a few hundred that stay open are a violation", () => {
    const opened = Array.from({ length: 300 }, (_, n) => ({ type: "content_block_start", index: n * 1_000_000, content_block: { type: "text", text: "" } }))
    const events = eventsOf(message(...opened))
    assert.strictEqual(events.filter(({ type }) => type === "block-start").length, 256)
    assert.deepInclude(events.at(-1), { type: "error" })
  })

  it("that begins with a delta is opened by it", () => {
    assert.deepStrictEqual(partsOf({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "x" } }), [{ type: "text", text: "x" }])
  })
})
