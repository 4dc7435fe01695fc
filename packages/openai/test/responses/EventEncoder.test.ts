import { describe, it } from "@effect/vitest"
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import { DialectId, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { encodeStream, plainRequest } from "../../../testing/src/laws/Codec.ts"
import { dialect, id } from "../../src/responses/Dialect.ts"
import { context, decode, encode, wire } from "./Responses.ts"
import { strictly } from "./StrictReader.ts"

const elsewhere = DialectId.make("elsewhere")
const start: CanonicalEvent = { type: "start", id: "chatcmpl-1", model: "m", created: 7 }
const open = (index: number, kind: "text" | "reasoning" | "refusal"): CanonicalEvent => ({ type: "block-start", choice: 0, index, kind })
const openCall = (index: number, name: string, kind: "function" | "custom" = "function"): CanonicalEvent => ({
  type: "block-start",
  choice: 0,
  index,
  kind: "tool-call",
  call: { kind, id: `call_${index}`, name }
})
const says = (index: number, text: string): CanonicalEvent => ({ type: "text-delta", choice: 0, index, text })
const thinks = (index: number, text: string): CanonicalEvent => ({ type: "reasoning-delta", choice: 0, index, text })
const args = (index: number, text: string): CanonicalEvent => ({ type: "tool-arguments-delta", choice: 0, index, text })
const close = (index: number): CanonicalEvent => ({ type: "block-end", choice: 0, index })
const finish: CanonicalEvent = { type: "finish", choice: 0, reason: "stop" }
const end: CanonicalEvent = { type: "end" }

const frames = (...events: ReadonlyArray<CanonicalEvent>): ReadonlyArray<Frame> => events.map((event) => ({ events: [event] }))

/** Written as the strictest client would read it. */
const written = (...events: ReadonlyArray<CanonicalEvent>): ReadonlyArray<JsonObject> => {
  assert.isUndefined(strictly(encodeStream(dialect, frames(...events), context())))
  return encode(frames(...events))
}

const types = (values: ReadonlyArray<JsonObject>): ReadonlyArray<Json | undefined> => values.map((value) => value["type"])

const outputOf = (values: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => {
  const response = values.at(-1)?.["response"]
  const output = typeof response === "object" && response !== null && "output" in response ? response.output : []
  return Array.isArray(output) ? output : []
}

describe("frames from another dialect", () => {
  it("are a stream in which everything is announced, said and ended", () => {
    assert.deepStrictEqual(
      types(written(start, open(0, "text"), says(0, "Hel"), says(0, "lo"), close(0), finish, { type: "usage", usage: { input: 3, output: 2 } }, end)),
      [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed"
      ]
    )
  })

  it("tell usage that came behind the finish, and an id of this protocol's kind", () => {
    const last = written(start, open(0, "text"), says(0, "a"), close(0), finish, { type: "usage", usage: { input: 3, cacheRead: 1, output: 2 } }, end).at(-1)
    assert.deepInclude(last?.["response"], {
      id: "resp_exchange-1",
      model: "m",
      created_at: 7,
      status: "completed",
      usage: {
        input_tokens: 4,
        input_tokens_details: { cached_tokens: 1, cache_write_tokens: 0 },
        output_tokens: 2,
        output_tokens_details: { reasoning_tokens: 0 },
        total_tokens: 6
      }
    })
  })

  it("put texts into one message, and thoughts and calls into items of their own", () => {
    const output = outputOf(written(
      start,
      open(0, "reasoning"),
      thinks(0, "hm"),
      close(0),
      open(1, "text"),
      says(1, "a"),
      close(1),
      open(2, "text"),
      says(2, "b"),
      close(2),
      openCall(3, "f"),
      args(3, "{}"),
      close(3),
      openCall(4, "patch", "custom"),
      args(4, "x"),
      close(4),
      { ...finish, reason: "tool-calls" },
      end
    ))
    assert.deepStrictEqual(output.map(({ id: item, type }) => `${String(type)} ${String(item)}`), [
      "reasoning rs_exchange-1_0",
      "message msg_exchange-1_1",
      "function_call fc_exchange-1_2",
      "custom_tool_call ctc_exchange-1_3"
    ])
    assert.deepInclude(output[1], {
      content: [{ type: "output_text", annotations: [], logprobs: [], text: "a" }, { type: "output_text", annotations: [], logprobs: [], text: "b" }]
    })
  })

  it("are items one after the other, where the source had several open", () => {
    const output = outputOf(written(
      start,
      openCall(0, "f"),
      openCall(1, "g"),
      args(1, "{\"b\":1}"),
      args(0, "{\"a\":"),
      close(1),
      args(0, "1}"),
      close(0),
      { ...finish, reason: "tool-calls" },
      end
    ))
    assert.deepStrictEqual(output.map((item) => item["arguments"]), ["{\"a\":1}", "{\"b\":1}"])
  })

  it("give a function that takes nothing an empty object", () => {
    const [call] = outputOf(written(start, openCall(0, "f"), close(0), { ...finish, reason: "tool-calls" }, end))
    assert.strictEqual(call?.["arguments"], "{}")
  })

  it("keep sealed thinking of this protocol without words, and lose that of others", () => {
    const sealed = (by: DialectId): CanonicalEvent => ({ type: "encrypted", choice: 0, index: 0, encrypted: { by, value: "gAAA" } })
    const all = (by: DialectId) => frames(start, open(0, "reasoning"), sealed(by), close(0), finish, end)
    assert.deepInclude(outputOf(encode(all(id)))[0], { type: "reasoning", summary: [], encrypted_content: "gAAA" })
    const told = context()
    assert.deepStrictEqual(outputOf(encode(all(elsewhere), told)), [])
    assert.deepStrictEqual(told.sink.losses.map(({ canonical }) => canonical), ["/choices/0/parts/0/encrypted"])
  })

  it("show thinking as a summary to a client that asked for one, and in its own place to others", () => {
    const all = frames(start, open(0, "reasoning"), thinks(0, "hm"), close(0), finish, end)
    assert.deepInclude(outputOf(encode(all))[0], { summary: [], content: [{ type: "reasoning_text", text: "hm" }] })
    const told = context({ ...plainRequest, reasoning: { visibility: "summary", summary: "auto" } })
    const asked = encode(all, told)
    assert.isUndefined(strictly(encodeStream(dialect, all, context(told.request))))
    assert.include(types(asked), "response.reasoning_summary_text.delta")
    assert.deepInclude(outputOf(asked)[0], { summary: [{ type: "summary_text", text: "hm" }] })
    assert.notProperty(outputOf(asked)[0], "content")
    assert.deepStrictEqual(told.sink.losses.map(({ canonical, reason }) => `${canonical} ${reason}`), ["/choices/0/parts/0/form approximated"])
  })

  it("keep the thinking of this protocol where the provider said it", () => {
    const own: CanonicalEvent = { type: "block-start", choice: 0, index: 0, kind: "reasoning", form: "raw", item: { id: "rs_1", type: "reasoning" } }
    const told = context({ ...plainRequest, reasoning: { visibility: "summary" } })
    assert.deepInclude(outputOf(encode(frames(start, own, thinks(0, "hm"), close(0), finish, end), told))[0], { summary: [] })
    assert.deepStrictEqual(told.sink.losses, [])
  })

  it("say log probabilities and citations while their text is open", () => {
    const values = written(
      start,
      open(0, "text"),
      says(0, "a"),
      { type: "annotation", choice: 0, annotation: { kind: "logprobs", of: "text", tokens: [{ token: "a", logprob: -1 }] } },
      { type: "annotation", choice: 0, index: 0, annotation: { kind: "citation", url: "https://example.com", title: "t", start: 0, end: 1 } },
      close(0),
      finish,
      end
    )
    const [message] = outputOf(values)
    assert.deepStrictEqual(message?.["content"], [{
      type: "output_text",
      annotations: [{ type: "url_citation", start_index: 0, end_index: 1, url: "https://example.com", title: "t" }],
      logprobs: [{ token: "a", logprob: -1, bytes: [], top_logprobs: [] }],
      text: "a"
    }])
  })

  it("leave a message incomplete when its answer is", () => {
    const values = written(start, open(0, "text"), says(0, "a"), close(0), { ...finish, reason: "length" }, end)
    assert.strictEqual(values.at(-1)?.["type"], "response.incomplete")
    assert.strictEqual(outputOf(values)[0]?.["status"], "incomplete")
  })

  it("lose further choices, pictures without bytes and events of others, and say so", () => {
    const told = context()
    encode(
      frames(
        start,
        { type: "foreign", dialect: elsewhere, name: "x", value: {} },
        { type: "block-start", choice: 0, index: 0, kind: "media" },
        close(0),
        finish,
        { ...finish, choice: 1 },
        end
      ),
      told
    )
    assert.deepStrictEqual(told.sink.losses.map(({ canonical, weight }) => `${canonical} ${weight}`), [
      "/foreignEvents hint",
      "/choices/0/parts/0 hint",
      "/choices/1 meaning"
    ])
  })
})

describe("a failure", () => {
  const failure: CanonicalEvent = { type: "error", failure: { class: "overloaded", message: "Busy" } }

  it("behind the beginning is the answer so far, failed", () => {
    const values = written(start, open(0, "text"), says(0, "a"), close(0), failure)
    assert.strictEqual(values.at(-1)?.["type"], "response.failed")
    assert.deepInclude(values.at(-1)?.["response"], { status: "failed", error: { code: "server_is_overloaded", message: "Busy" } })
    assert.lengthOf(outputOf(values), 1)
  })

  it("inside a block tells what was said of it", () => {
    assert.deepInclude(outputOf(written(start, open(0, "text"), says(0, "Hel"), failure))[0], {
      status: "incomplete",
      content: [{ type: "output_text", annotations: [], logprobs: [], text: "Hel" }]
    })
    assert.deepInclude(outputOf(written(start, openCall(0, "f"), args(0, "{\"a"), failure))[0], { status: "incomplete", arguments: "{\"a" })
  })

  it("leaves a picture failed, and an item of the provider as it was announced", () => {
    const picture: CanonicalEvent = { type: "media-delta", choice: 0, index: 0, mime: "image/png", data: "AAAA" }
    assert.deepInclude(outputOf(written(start, { type: "block-start", choice: 0, index: 0, kind: "media" }, picture, failure))[0], { status: "failed" })
    const value = { type: "web_search_call", id: "ws_1", status: "in_progress", action: { type: "search", query: "x" } }
    const search: CanonicalEvent = { type: "block-start", choice: 0, index: 0, kind: "server-tool", native: { dialect: id, name: value.type, value } }
    assert.deepStrictEqual(outputOf(written(start, search, failure))[0], value)
  })

  it("has a code of the protocol's closed list, and tells that another was lost", () => {
    const answer = context()
    const coded: CanonicalEvent = { type: "error", failure: { class: "bad-request", code: "tool_use_failed", message: "No call" } }
    assert.deepInclude(encode(frames(start, coded), answer).at(-1)?.["response"], { error: { code: "invalid_prompt", message: "No call" } })
    assert.deepStrictEqual(answer.sink.losses.map(({ canonical, reason }) => `${canonical} ${reason}`), ["/failure/code approximated"])
    const known: CanonicalEvent = { type: "error", failure: { class: "bad-request", code: "image_too_large", message: "Big" } }
    assert.deepInclude(encode(frames(start, known)).at(-1)?.["response"], { error: { code: "image_too_large", message: "Big" } })
  })

  it("before the beginning is an error event", () => {
    assert.deepStrictEqual(written(failure), [{ type: "error", sequence_number: 0, code: "server_is_overloaded", message: "Busy", param: null }])
  })
})

describe("frames of this dialect", () => {
  const item = {
    id: "msg_1",
    type: "message",
    status: "completed",
    role: "assistant",
    content: [{ type: "output_text", text: "My key is 123", annotations: [], vendor: 1 }]
  }
  const call = { id: "fc_1", type: "function_call", status: "completed", call_id: "c", name: "f", arguments: "{}" }
  const at = { item_id: "msg_1", output_index: 0, content_index: 0 }
  const stream = wire(
    { type: "response.created", sequence_number: 0, response: { id: "resp_1", model: "m", status: "in_progress", output: [] } },
    { type: "response.output_item.added", sequence_number: 1, output_index: 0, item: { id: "msg_1", type: "message", role: "assistant", content: [] } },
    { type: "response.content_part.added", sequence_number: 2, ...at, part: { type: "output_text", text: "", annotations: [] } },
    { type: "response.output_text.delta", sequence_number: 3, ...at, delta: "My key is ", obfuscation: "xx" },
    { type: "response.output_text.delta", sequence_number: 4, ...at, delta: "123" },
    { type: "response.output_text.done", sequence_number: 5, ...at, text: "My key is 123" },
    { type: "response.content_part.done", sequence_number: 6, ...at, part: item.content[0] ?? null },
    { type: "response.output_item.done", sequence_number: 7, output_index: 0, item },
    { type: "response.output_item.added", sequence_number: 8, output_index: 1, item: { ...call, arguments: "" } },
    { type: "response.function_call_arguments.delta", sequence_number: 9, output_index: 1, item_id: "fc_1", delta: "{}" },
    { type: "response.function_call_arguments.done", sequence_number: 10, output_index: 1, item_id: "fc_1", arguments: "{}" },
    { type: "response.output_item.done", sequence_number: 11, output_index: 1, item: call },
    { type: "response.completed", sequence_number: 12, response: { id: "resp_1", status: "completed", output: [item, call], vendor: { a: 1 } } }
  )
  const values: ReadonlyArray<JsonObject> = stream.map(({ data }) => JSON.parse(data))

  it("leave as they came", () => {
    assert.deepStrictEqual(encode(decode(stream)), values)
  })

  it("follow an edit in everything that restates it, and keep what they do not know", () => {
    const edited = decode(stream).map((frame) => ({
      ...frame,
      events: frame.events.map((event) => event.type === "text-delta" && event.text === "123" ? { ...event, text: "***" } : event)
    }))
    const redacted: ReadonlyArray<JsonObject> = JSON.parse(JSON.stringify(values).replaceAll("123", "***"))
    assert.deepStrictEqual(encode(edited), redacted)
  })

  it("forget a call that was taken away, and count anew", () => {
    const isCall = (event: CanonicalEvent): boolean => "index" in event && event.index === 1
    const kept = decode(stream).map((frame) => frame.events.some(isCall) ? { ...frame, events: frame.events.filter((event) => !isCall(event)) } : frame)
    const rest = encode(kept)
    assert.notInclude(JSON.stringify(rest), "fc_1")
    assert.deepStrictEqual(rest.map((value) => value["sequence_number"]), rest.map((_, index) => index))
    assert.deepStrictEqual(outputOf(rest), [item])
  })

  it("make room for what is put in between", () => {
    const [first, ...others] = decode(stream)
    assert.isDefined(first)
    const own: ReadonlyArray<Frame> = frames(open(0, "text"), says(0, "Notice."), close(0))
    const shifted = others.map((frame) => ({
      ...frame,
      events: frame.events.map((event) => "index" in event && event.index !== undefined ? { ...event, index: event.index + 1 } : event)
    }))
    const all = encode([first, ...own, ...shifted])
    assert.deepStrictEqual(outputOf(all).map(({ id: known }) => known), ["msg_exchange-1_0", "msg_1", "fc_1"])
    assert.deepStrictEqual(all.map((value) => value["sequence_number"]), all.map((_, index) => index))
    assert.deepStrictEqual(all.filter(({ type }) => type === "response.output_item.added").map((value) => value["output_index"]), [0, 1, 2])
  })

  it("end with the protocol's own failure when the stream breaks off", () => {
    const broken = encode(decode(stream.slice(0, 8)))
    assert.deepInclude(broken.at(-1), { type: "response.failed", sequence_number: 8 })
    assert.deepStrictEqual(outputOf(broken), [item])
  })
})
