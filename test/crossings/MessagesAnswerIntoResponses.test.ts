/** Answers of Messages, streamed and whole, as a client of Responses receives them. */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { messages, request, responses, stream, whole } from "./Crossed.ts"
import { ofResponses } from "./Lines.ts"

const block = (index: number, opening: JsonObject, ...deltas: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => [
  { type: "content_block_start", index, content_block: opening },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index }
]
const said = (index: number, text: string): ReadonlyArray<JsonObject> => block(index, { type: "text", text: "" }, { type: "text_delta", text })

const streamed = (reason: string, ...content: ReadonlyArray<JsonObject>): ReturnType<typeof stream> =>
  stream(messages, responses, [
    { type: "message_start", message: { id: "msg_1", model: "claude-x", content: [], usage: { input_tokens: 3, output_tokens: 1 } } },
    ...content,
    { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 4 } },
    { type: "message_stop" }
  ])

/** The output in the terminal event. */
const output = (events: ReadonlyArray<JsonObject>): Json => {
  const response = events.at(-1)?.["response"]
  return isObject(response) ? response["output"] ?? null : null
}

const text = (words: string): JsonObject => ({ type: "output_text", annotations: [], logprobs: [], text: words })

describe("what the provider's own tools did between two texts", () => {
  it("is a loss, and leaves one message and no gap in the indexes", () => {
    const { events, losses } = streamed(
      "end_turn",
      ...said(0, "one"),
      ...block(1, { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }, {
        type: "input_json_delta",
        partial_json: "{\"query\":\"x\"}"
      }),
      ...block(2, { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [] }),
      ...said(3, "two")
    )
    assert.deepStrictEqual(ofResponses(events), [
      "created",
      "in_progress",
      "output_item.added 0 message",
      "content_part.added 0 0",
      "output_text.delta 0 0 one",
      "output_text.done 0 0 one",
      "content_part.done 0 0",
      "content_part.added 0 1",
      "output_text.delta 0 1 two",
      "output_text.done 0 1 two",
      "content_part.done 0 1",
      "output_item.done 0 message",
      "completed"
    ])
    assert.deepStrictEqual(events.map((event) => event["sequence_number"]), events.map((_, index) => index))
    assert.deepStrictEqual(output(events), [
      { id: "msg_exchange-1_0", type: "message", status: "completed", role: "assistant", content: [text("one"), text("two")] }
    ])
    assert.deepStrictEqual(losses, ["/choices/0/parts/1 dropped", "/choices/0/parts/2 dropped"])
  })
})

describe("a call without input", () => {
  const call: JsonObject = { id: "fc_exchange-1_0", type: "function_call", status: "completed", arguments: "{}", call_id: "toolu_1", name: "f" }

  it("has an empty object of arguments, streamed and whole", () => {
    const { events, losses } = streamed("tool_use", ...block(0, { type: "tool_use", id: "toolu_1", name: "f", input: {} }))
    assert.deepStrictEqual(ofResponses(events), [
      "created",
      "in_progress",
      "output_item.added 0 function_call toolu_1 f",
      "function_call_arguments.delta 0 {}",
      "function_call_arguments.done 0 {}",
      "output_item.done 0 function_call toolu_1 f",
      "completed"
    ])
    assert.deepStrictEqual(output(events), [call])
    assert.deepStrictEqual(losses, [])
    const body = { id: "msg_1", type: "message", role: "assistant", model: "claude-x", stop_reason: "tool_use", usage: { input_tokens: 3, output_tokens: 4 } }
    for (const block of [{ type: "tool_use", id: "toolu_1", name: "f" }, { type: "tool_use", id: "toolu_1", name: "f", input: {} }]) {
      assert.deepStrictEqual(whole(messages, responses, { ...body, content: [block] }).body["output"], [call])
    }
  })
})

describe("redacted thinking", () => {
  const redacted = { type: "redacted_thinking", data: "cipher" }

  it("makes no item, and its cipher is a loss: it is no cipher of Responses", () => {
    const { events, losses } = streamed("end_turn", ...block(0, redacted), ...said(1, "Hi"))
    assert.deepStrictEqual(output(events), [
      { id: "msg_exchange-1_0", type: "message", status: "completed", role: "assistant", content: [text("Hi")] }
    ])
    assert.deepStrictEqual(losses, ["/choices/0/parts/0/encrypted dropped"])
  })

  it("of a provider of Responses is not sent to one of Messages, which is told", () => {
    const input = [{ type: "message", role: "user", content: "go" }, { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "cipher" }]
    const { body, losses, refusing } = request(responses, messages, { model: "claude-sonnet-4-5", max_output_tokens: 100, input })
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "go" }])
    assert.deepStrictEqual([...new Set(losses)], ["/input/1 dropped"])
    assert.deepStrictEqual(refusing, [])
  })
})
