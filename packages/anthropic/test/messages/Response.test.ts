import { assert, describe, it } from "@effect/vitest"
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import * as Collect from "@sluice/protocol/Collect"
import type { JsonObject } from "@sluice/protocol/Wire"
import { dialect } from "../../src/messages/Dialect.ts"
import { context, decodeStream, encodeStream, losses, message } from "./support.ts"

const body: JsonObject = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-x",
  content: [
    { type: "thinking", thinking: "hm", signature: "sig" },
    { type: "text", text: "Hello", citations: null },
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" } },
    { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] },
    { type: "tool_use", id: "t", name: "f", input: { a: 1 }, caller: { type: "direct" } }
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  container: { id: "c", expires_at: "2026-01-01" },
  usage: {
    input_tokens: 3,
    cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 },
    cache_creation_input_tokens: 3,
    output_tokens: 9,
    service_tier: "standard"
  }
}

describe("a body", () => {
  it("is one frame that gives back the very same body", () => {
    const frame = dialect.response.decode(body)
    assert.strictEqual(dialect.response.encode([frame], context()), body)
  })

  it("shows an edit of one block, and nothing else changes", () => {
    const frame = dialect.response.decode(body)
    const events = frame.events.map((event) => event.type === "text-delta" ? { ...event, text: "Bye" } : event)
    const content = (body["content"] as ReadonlyArray<JsonObject>).map((block) => block["type"] === "text" ? { ...block, text: "Bye" } : block)
    assert.deepStrictEqual(dialect.response.encode([{ ...frame, events }], context()), { ...body, content })
  })

  it("shows a block taken out, another model and another reason", () => {
    const frame = dialect.response.decode(body)
    const events = frame.events.flatMap((event): ReadonlyArray<CanonicalEvent> => {
      if (event.type === "start") return [{ ...event, model: "alias" }]
      if (event.type === "finish") return [{ ...event, reason: "stop" as const, raw: "end_turn" }]
      if (!("index" in event) || event.index === undefined || event.index > 0) {
        return "index" in event && event.index !== undefined
          ? [{ ...event, index: event.index - 1 }]
          : [event]
      }
      return []
    })
    const encoded = dialect.response.encode([{ ...frame, events }], context())
    assert.deepStrictEqual(encoded, { ...body, model: "alias", stop_reason: "end_turn", content: (body["content"] as ReadonlyArray<JsonObject>).slice(1) })
  })

  it("streams as it would have come, and folds back", () => {
    const frame = dialect.response.decode(body)
    const values = encodeStream([frame])
    assert.deepStrictEqual(values.slice(1, 5).map((value) => value["delta"] ?? value["content_block"] ?? value["type"]), [
      { type: "thinking", thinking: "", signature: "" },
      { type: "thinking_delta", thinking: "hm" },
      { type: "signature_delta", signature: "sig" },
      "content_block_stop"
    ])
    const frames = decodeStream(values.map((value) => ({ name: String(value["type"]), data: JSON.stringify(value) })))
    assert.deepStrictEqual(dialect.response.encode(frames, context()), body)
    assert.deepStrictEqual(Collect.collectFrames(frames), Collect.collect(frame.events))
  })

  it("that is an error, or no message at all, is an error event", () => {
    const last = (value: JsonObject) => dialect.response.decode(value).events.at(-1)
    assert.deepNestedInclude(last({ type: "error", error: { type: "api_error", message: "no" } }), { type: "error", "failure.class": "transient" })
    assert.deepNestedInclude(last({ choices: [] }), { type: "error", "failure.class": "protocol-violation" })
  })

  it("without a stop reason finishes with none", () => {
    assert.deepInclude(dialect.response.decode({ ...body, stop_reason: null }).events, { type: "finish", choice: 0, reason: "missing" })
  })
})

describe("frames of another dialect", () => {
  it("fold into a body with everything Anthropic's schema requires", () => {
    const encoded = dialect.response.encode([{
      events: [
        { type: "start" },
        { type: "block-start", choice: 0, index: 0, kind: "text" },
        { type: "text-delta", choice: 0, index: 0, text: "Hi" },
        { type: "block-end", choice: 0, index: 0 },
        { type: "finish", choice: 0, reason: "stop" },
        { type: "usage", usage: { input: 3, cacheRead: 4, output: 2, reasoning: 1 } },
        { type: "end" }
      ]
    }], context())
    assert.deepStrictEqual(encoded, {
      id: "msg_x1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-4-5",
      content: [{ type: "text", text: "Hi", citations: null }],
      stop_reason: "end_turn",
      stop_sequence: null,
      stop_details: null,
      usage: {
        cache_creation: null,
        cache_creation_input_tokens: null,
        cache_read_input_tokens: 4,
        inference_geo: null,
        input_tokens: 3,
        output_tokens: 3,
        output_tokens_details: { thinking_tokens: 1 },
        server_tool_use: null,
        service_tier: null
      },
      container: null
    })
  })

  it("lose every choice but the first", () => {
    const at = context()
    dialect.response.encode([{
      events: [
        { type: "start" },
        { type: "finish", choice: 0, reason: "stop" },
        { type: "finish", choice: 1, reason: "stop" },
        { type: "usage", usage: { input: 1, output: 1 } },
        { type: "end" }
      ]
    }], at)
    assert.deepStrictEqual(losses(at.sink.losses), ["/choices/1;dropped;meaning"])
  })
})

it("a stream of this dialect folds into the body it stands for, unknown keys included", () => {
  const frames = decodeStream(message(
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "", citations: null, unknown: 1 } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hi" } },
    { type: "content_block_stop", index: 0 }
  ))
  assert.deepStrictEqual(dialect.response.encode(frames, context()), {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-x",
    content: [{ type: "text", text: "Hi", citations: null, unknown: 1 }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 7, output_tokens: 5 }
  })
})
