/** Answers of Messages, streamed and whole, as a client of Chat Completions receives them. */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { chat, messages, stream, whole } from "./Crossed.ts"
import { ofChat } from "./Lines.ts"

const counts: JsonObject = { input_tokens: 13, cache_read_input_tokens: 22_000, cache_creation_input_tokens: 31, output_tokens: 1 }
const told =
  "usage {\"prompt_tokens\":22044,\"completion_tokens\":4,\"total_tokens\":22048,\"prompt_tokens_details\":{\"cached_tokens\":22000,\"cache_write_tokens\":31}}"

const block = (index: number, opening: JsonObject, ...deltas: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => [
  { type: "content_block_start", index, content_block: opening },
  ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index }
]
const said = (index: number, text: string): ReadonlyArray<JsonObject> => block(index, { type: "text", text: "" }, { type: "text_delta", text })

const streamed = (reason: string, ...content: ReadonlyArray<JsonObject>): ReturnType<typeof stream> =>
  stream(messages, chat, [
    { type: "message_start", message: { id: "msg_1", type: "message", role: "assistant", model: "claude-x", content: [], stop_reason: null, usage: counts } },
    ...content,
    { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 4 } },
    { type: "message_stop" }
  ])

const answered = (reason: string, ...content: ReadonlyArray<JsonObject>): ReturnType<typeof whole> =>
  whole(messages, chat, {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-x",
    content,
    stop_reason: reason,
    stop_sequence: null,
    usage: { ...counts, output_tokens: 4 }
  })

describe("usage of a stream", () => {
  it("is what its start says of the input, cached and written to the cache, and its end of the output", () => {
    assert.deepStrictEqual(ofChat(streamed("end_turn", ...said(0, "Hi")).events), [
      "{\"role\":\"assistant\",\"content\":\"\"}",
      "{\"content\":\"Hi\"}",
      "stop",
      told
    ])
  })
})

describe("a refusal", () => {
  it("or a filter's stop is the stop of a content filter", () => {
    for (const reason of ["refusal", "sensitive"]) {
      assert.deepStrictEqual(ofChat(streamed(reason, ...said(0, "Hi")).events).at(-2), "content_filter")
      const [choice] = answered(reason, { type: "text", text: "Hi" }).body["choices"] as ReadonlyArray<JsonObject>
      assert.strictEqual(choice?.["finish_reason"], "content_filter")
    }
  })
})

describe("redacted thinking", () => {
  it("makes no thinking and no empty delta, and is a loss", () => {
    const { events, losses } = streamed("end_turn", ...block(0, { type: "redacted_thinking", data: "cipher" }), ...said(1, "Hi"))
    assert.deepStrictEqual(ofChat(events), ["{\"role\":\"assistant\",\"content\":\"\"}", "{\"content\":\"Hi\"}", "stop", told])
    assert.deepStrictEqual(losses, ["/choices/0/parts/0/encrypted dropped"])
  })
})

describe("the same answer", () => {
  const fold = (events: ReadonlyArray<JsonObject>): JsonObject => {
    const choices = events.flatMap(({ choices: [choice] = [] }: { readonly choices?: ReadonlyArray<JsonObject> }) => choice === undefined ? [] : [choice])
    const deltas = choices.map(({ delta }) => isObject(delta) ? delta : {})
    const text = (key: string): string => deltas.map((delta) => delta[key] ?? "").join("")
    const calls = deltas.flatMap(({ tool_calls: [call] = [] }: { readonly tool_calls?: ReadonlyArray<JsonObject> }) => call === undefined ? [] : [call])
    const functions = calls.map(({ function: inner }) => isObject(inner) ? inner : {})
    return {
      content: text("content"),
      reasoning: text("reasoning_content"),
      call: { id: calls[0]?.["id"] ?? null, name: functions[0]?.["name"] ?? null, arguments: functions.map((inner) => inner["arguments"] ?? "").join("") },
      finish: choices.at(-1)?.["finish_reason"] ?? null,
      usage: events.at(-1)?.["usage"] ?? null
    }
  }

  const ofBody = (body: JsonObject): JsonObject => {
    const [choice] = body["choices"] as ReadonlyArray<{ readonly message: JsonObject; readonly finish_reason: Json }>
    const [call] = (choice?.message["tool_calls"] ?? []) as ReadonlyArray<{ readonly id: Json; readonly function: JsonObject }>
    return {
      content: choice?.message["content"] ?? null,
      reasoning: choice?.message["reasoning_content"] ?? null,
      call: { id: call?.id ?? null, ...call?.function },
      finish: choice?.finish_reason ?? null,
      usage: body["usage"] ?? null
    }
  }

  it("says the same streamed and whole", () => {
    const { events, losses } = streamed(
      "tool_use",
      ...block(0, { type: "thinking", thinking: "", signature: "" }, { type: "thinking_delta", thinking: "hm" }, { type: "signature_delta", signature: "s" }),
      ...said(1, "Hi"),
      ...block(2, { type: "tool_use", id: "toolu_1", name: "f", input: {} }, { type: "input_json_delta", partial_json: "{\"a\":1}" })
    )
    const body = answered(
      "tool_use",
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "text", text: "Hi" },
      { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } }
    )
    assert.deepStrictEqual(fold(events), ofBody(body.body))
    assert.deepStrictEqual(ofBody(body.body)["call"], { id: "toolu_1", name: "f", arguments: "{\"a\":1}" })
    assert.deepStrictEqual(losses, body.losses)
  })
})
