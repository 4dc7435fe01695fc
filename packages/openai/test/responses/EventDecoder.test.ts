import { describe, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import * as Collect from "@sluice/protocol/Collect"
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { decodeStream } from "../../../testing/src/laws/Codec.ts"
import { dialect, id } from "../../src/responses/Dialect.ts"
import { decode, wire } from "./Responses.ts"

const created = { type: "response.created", response: { id: "resp_1", model: "m", created_at: 7, status: "in_progress", output: [] } }

const completed = (...output: ReadonlyArray<JsonObject>): JsonObject => ({
  type: "response.completed",
  response: { id: "resp_1", status: "completed", output, usage: { input_tokens: 3, output_tokens: 2, input_tokens_details: { cached_tokens: 1 } } }
})

const events = (...values: ReadonlyArray<JsonObject>): ReadonlyArray<CanonicalEvent> => decode(wire(...values)).flatMap((frame) => frame.events)

const answer = (...values: ReadonlyArray<JsonObject>) => Collect.collect(events(...values))

const parts = (...values: ReadonlyArray<JsonObject>) => answer(...values).choices[0]?.parts.map(({ part }) => part)

const added = (item: JsonObject, index = 0): JsonObject => ({ type: "response.output_item.added", output_index: index, item })
const done = (item: JsonObject, index = 0): JsonObject => ({ type: "response.output_item.done", output_index: index, item })
const said = (delta: string, index = 0): JsonObject => ({ type: "response.output_text.delta", output_index: index, content_index: 0, delta })
const message = (text: string): JsonObject => ({ id: "msg_1", type: "message", role: "assistant", content: [{ type: "output_text", text, annotations: [] }] })

describe("a stream of text", () => {
  it("is one block of its item, with the tokens and the reason at its end", () => {
    assert.deepStrictEqual(
      events(
        created,
        { type: "response.in_progress", response: {} },
        added({ id: "msg_1", type: "message", status: "in_progress", role: "assistant", content: [] }),
        { type: "response.content_part.added", item_id: "msg_1", output_index: 0, content_index: 0, part: { type: "output_text", text: "", annotations: [] } },
        said("Hel"),
        said("lo"),
        { type: "response.output_text.done", output_index: 0, content_index: 0, text: "Hello" },
        { type: "response.content_part.done", output_index: 0, content_index: 0, part: { type: "output_text", text: "Hello", annotations: [] } },
        done(message("Hello")),
        completed(message("Hello"))
      ),
      [
        { type: "start", id: "resp_1", model: "m", created: 7 },
        { type: "block-start", choice: 0, index: 0, kind: "text", item: { id: "msg_1", type: "message" }, partIndex: 0 },
        { type: "text-delta", choice: 0, index: 0, text: "Hel" },
        { type: "text-delta", choice: 0, index: 0, text: "lo" },
        { type: "block-end", choice: 0, index: 0 },
        { type: "usage", usage: { input: 2, cacheRead: 1, output: 2 } },
        { type: "finish", choice: 0, reason: "stop", raw: "completed" },
        { type: "end" }
      ]
    )
  })

  it("opens what was not announced", () => {
    assert.deepStrictEqual(parts(said("Hi"), completed()), [{ type: "text", text: "Hi" }])
  })

  it("says what only the whole item has: words and citations behind the deltas", () => {
    const citation = { type: "url_citation", url: "https://example.com", title: "t", start_index: 0, end_index: 1 }
    const whole = { ...message("Hello"), content: [{ type: "output_text", text: "Hello", annotations: [citation] }] }
    assert.deepStrictEqual(parts(created, added(message("")), said("Hel"), done(whole), completed(whole)), [{
      type: "text",
      text: "Hello",
      annotations: [{ kind: "citation", url: "https://example.com", title: "t", start: 0, end: 1, native: { dialect: id, value: citation } }]
    }])
  })

  it("brings items that only the terminal has", () => {
    assert.deepStrictEqual(parts(created, completed(message("Hello"))), [{ type: "text", text: "Hello" }])
  })

  it("keeps items that ended without an index beside those that have one", () => {
    const other: JsonObject = { ...message("second"), id: "msg_2" }
    assert.deepStrictEqual(
      parts(created, { type: "response.output_item.done", item: message("first") }, done(other, 0), completed())?.map((part) =>
        "text" in part ? part.text : ""
      ),
      ["first", "second"]
    )
  })

  it("keeps items apart that are announced and ended without an index", () => {
    const event = (type: string, item: JsonObject): JsonObject => ({ type: `response.output_item.${type}`, item })
    const call = (n: number, args: string): JsonObject => ({ id: `fc_${n}`, type: "function_call", call_id: `c${n}`, name: "f", arguments: args })
    const found = parts(
      created,
      event("added", call(0, "")),
      event("added", call(1, "")),
      event("done", call(0, "{}")),
      event("done", call(1, "[]")),
      completed()
    )
    assert.deepStrictEqual(found?.map((part) => part.type === "tool-call" ? [part.id, part.arguments] : []), [["c0", "{}"], ["c1", "[]"]])
  })

  it("keeps what was streamed when the terminal has no output", () => {
    assert.deepStrictEqual(parts(created, added(message("")), said("Hello"), done(message("Hello")), completed()), [{ type: "text", text: "Hello" }])
  })
})

describe("calls", () => {
  const call = (index: number, extra: JsonObject = {}): JsonObject => ({
    id: `fc_${index}`,
    type: "function_call",
    call_id: `call_${index}`,
    name: "f",
    arguments: "",
    ...extra
  })
  const args = (index: number, delta: string): JsonObject => ({
    type: "response.function_call_arguments.delta",
    item_id: `fc_${index}`,
    output_index: index,
    delta
  })

  it("may be open at once, and mean that the tools are to be called", () => {
    const found = answer(
      created,
      added(call(0), 0),
      added(call(1), 1),
      args(1, "{\"b\":"),
      args(0, "{}"),
      args(1, "2}"),
      done(call(1, { arguments: "{\"b\":2}" }), 1),
      done(call(0, { arguments: "{}" }), 0),
      completed()
    )
    assert.deepStrictEqual(found.choices[0]?.parts.map(({ part }) => part.type === "tool-call" ? [part.id, part.arguments] : []), [
      ["call_0", "{}"],
      ["call_1", "{\"b\":2}"]
    ])
    assert.strictEqual(found.choices[0]?.finish?.reason, "tool-calls")
  })

  it("have their arguments once, whether they come in pieces, at the end or in both", () => {
    const whole = call(0, { arguments: "{\"a\":1}" })
    const ended = { type: "response.function_call_arguments.done", output_index: 0, arguments: "{\"a\":1}" }
    for (const pieces of [[args(0, "{\"a\":1}")], [args(0, "{\"a\""), args(0, ":1}"), ended], [ended], []]) {
      const [found] = parts(created, added(call(0)), ...pieces, done(whole), completed(whole)) ?? []
      assert.deepInclude(found, { type: "tool-call", arguments: "{\"a\":1}" })
    }
  })

  it("wait for a name that comes late", () => {
    const [found] = parts(created, added(call(0, { name: "" })), args(0, "{}"), done(call(0, { name: "late", arguments: "{}" })), completed()) ?? []
    assert.deepInclude(found, { name: "late", arguments: "{}" })
  })

  it("of custom tools are free text", () => {
    const custom = { id: "ctc_1", type: "custom_tool_call", call_id: "c", name: "patch", input: "" }
    const [found] = parts(
      created,
      added(custom),
      { type: "response.custom_tool_call_input.delta", output_index: 0, delta: "" },
      { type: "response.custom_tool_call_input.done", output_index: 0, input: "*** Begin" },
      done({ ...custom, input: "*** Begin" }),
      completed()
    ) ?? []
    assert.deepInclude(found, { type: "tool-call", kind: "custom", arguments: "*** Begin" })
  })
})

describe("thinking", () => {
  const item = { id: "rs_1", type: "reasoning", summary: [] }

  it("has a block for each summary, and the last of them is sealed when the item ends", () => {
    const summary = (index: number, text: string): ReadonlyArray<JsonObject> => [
      { type: "response.reasoning_summary_part.added", output_index: 0, summary_index: index, part: { type: "summary_text", text: "" } },
      { type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: index, delta: text },
      { type: "response.reasoning_summary_text.done", output_index: 0, summary_index: index, text },
      { type: "response.reasoning_summary_part.done", output_index: 0, summary_index: index, part: { type: "summary_text", text } }
    ]
    assert.deepStrictEqual(
      parts(created, added(item), ...summary(0, "First."), ...summary(1, "Second."), done({ ...item, encrypted_content: "gAAA" }), completed()),
      [
        { type: "reasoning", form: "summary", text: "First." },
        { type: "reasoning", form: "summary", text: "Second.", encrypted: { by: id, value: "gAAA" } }
      ]
    )
  })

  it("that is sealed only is a block without words", () => {
    assert.deepStrictEqual(parts(created, added(item), done({ ...item, encrypted_content: "gAAA" }), completed()), [
      { type: "reasoning", form: "raw", text: "", encrypted: { by: id, value: "gAAA" } }
    ])
  })
})

describe("tools the provider runs", () => {
  it("are blocks that end with the whole item, and their progress is foreign", () => {
    const search = { id: "ws_1", type: "web_search_call", status: "in_progress" }
    const found = answer(
      created,
      added(search),
      { type: "response.web_search_call.searching", output_index: 0 },
      done({ ...search, status: "completed" }),
      completed()
    )
    assert.deepStrictEqual(found.choices[0]?.parts[0]?.part, {
      type: "foreign",
      dialect: id,
      name: "web_search_call",
      value: { ...search, status: "completed" }
    })
    assert.deepStrictEqual(found.foreignEvents.map(({ name }) => name), ["response.web_search_call.searching"])
  })
})

describe("the end of a stream", () => {
  it.each([
    [{ type: "response.incomplete", response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } } }, "length"],
    [{ type: "response.incomplete", response: { status: "incomplete", incomplete_details: { reason: "content_filter" } } }, "content-filter"],
    [{ type: "response.completed", response: { status: "cancelled" } }, "other"]
  ])("%o is %s", (terminal, reason) => {
    assert.strictEqual(answer(created, said("a"), terminal).choices[0]?.finish?.reason, reason)
  })

  it("is a failure when the payload says so, whatever the event is called", () => {
    const failed = { type: "response.completed", response: { status: "failed", error: { code: "rate_limit_exceeded", message: "Slow down" } } }
    assert.deepInclude(answer(created, failed).failure, { class: "rate-limited", code: "rate_limit_exceeded", message: "Slow down" })
  })

  it("is a failure with the class of its code, in an error event of either shape", () => {
    assert.deepInclude(answer({ type: "error", code: "insufficient_quota", message: "Pay", param: null }).failure, { class: "quota-exhausted", message: "Pay" })
    assert.deepInclude(answer({ type: "error", error: { type: "server_error", message: "Oops" } }).failure, { class: "transient", message: "Oops" })
  })

  it("is told once: a failure behind a completion that failed, and a cut behind a completion, say nothing more", () => {
    const failed = { status: "failed", error: { code: "server_error", message: "Oops" } }
    const twice = events(created, { type: "response.completed", response: failed }, { type: "response.failed", response: failed })
    assert.deepStrictEqual(twice.map(({ type }) => type), ["start", "error"])
    const behind = decodeStream(dialect, wire(created, said("a"), completed(message("a"))), "reset").flatMap((frame) => frame.events)
    assert.strictEqual(behind.at(-1)?.type, "end")
    assert.isFalse(behind.some(({ type }) => type === "error"))
  })

  it("is missing its reason where another protocol's terminal comes first", () => {
    const frames = decode([...wire(created, said("a")), { data: "[DONE]" }, ...wire(said("b"))])
    const found = Collect.collectFrames(frames)
    assert.deepStrictEqual([found.choices[0]?.finish?.reason, frames.length], ["missing", 3])
  })

  it("is a cut where nothing says it", () => {
    assert.strictEqual(answer(created, said("a")).failure?.class, "cut")
    assert.strictEqual(answer().failure?.class, "empty")
  })

  it("is nothing but a ping while it lives", () => {
    assert.deepStrictEqual(events(created, { type: "keepalive", sequence_number: 1 }).slice(1, 2), [{ type: "ping" }])
  })
})
