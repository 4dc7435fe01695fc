/** Where each protocol says by which service tier an answer was served, and that the standard tier is no news. */
import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@sluice/anthropic"
import * as StreamTap from "@sluice/gateway/StreamTap"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat, OpenAiResponses } from "@sluice/openai"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"

const tierOf = (frames: ReturnType<typeof Codec.decodeStream>): string | undefined => {
  const tap = StreamTap.make()
  for (const { events } of frames) tap.observe(events, 1)
  return tap.facts().tier
}

const chat = (more: JsonObject, usage: JsonObject = {}): JsonObject => ({
  id: "c1",
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, ...usage },
  ...more
})

const messages = (usage: JsonObject): JsonObject => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 1, ...usage }
})

const responses = (more: JsonObject): JsonObject => ({
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "m",
  output: [{ type: "message", id: "msg_1", role: "assistant", status: "completed", content: [{ type: "output_text", text: "Hello", annotations: [] }] }],
  usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
  ...more
})

const gemini = (usage: JsonObject): JsonObject => ({
  candidates: [{ content: { role: "model", parts: [{ text: "Hello" }] }, finishReason: "STOP" }],
  usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2, ...usage }
})

const bodies: ReadonlyArray<readonly [what: string, dialect: Dialect, body: Json, tier: string | undefined]> = [
  ["chat, beside the usage", OpenAiChat.dialect, chat({ service_tier: "priority" }), "priority"],
  ["chat, in the usage", OpenAiChat.dialect, chat({}, { service_tier: "flex" }), "flex"],
  ["chat, by how much was searched for", OpenAiChat.dialect, chat({}, { search_context_size: "low" }), "low"],
  ["chat, the standard one", OpenAiChat.dialect, chat({ service_tier: "default" }), undefined],
  ["chat, none", OpenAiChat.dialect, chat({ service_tier: null }), undefined],
  ["Responses", OpenAiResponses.dialect, responses({ service_tier: "flex" }), "flex"],
  ["Responses, the standard one", OpenAiResponses.dialect, responses({ service_tier: "auto" }), undefined],
  ["Messages", AnthropicMessages.dialect, messages({ service_tier: "batch" }), "batch"],
  ["Messages, the standard one", AnthropicMessages.dialect, messages({ service_tier: "standard" }), undefined],
  ["Gemini", GeminiGenerate.dialect, gemini({ serviceTier: "flex" }), "flex"],
  ["Gemini at Vertex", GeminiGenerate.dialect, gemini({ trafficType: "ON_DEMAND_FLEX" }), "ON_DEMAND_FLEX"],
  ["Gemini at Vertex, the standard one", GeminiGenerate.dialect, gemini({ trafficType: "ON_DEMAND" }), undefined],
  ["something that is no word", OpenAiChat.dialect, chat({ service_tier: 7 }), undefined]
]

const streamed = (name: string, value: JsonObject) => ({ name, data: JSON.stringify({ type: name, ...value }) })

describe("the service tier of an answer", () => {
  for (const [what, dialect, body, tier] of bodies) {
    it(`is read off ${what}`, () => {
      assert.strictEqual(tierOf([dialect.response.decode(body)]), tier)
    })
  }

  it("is read off streams", () => {
    const chunk = { data: JSON.stringify({ id: "c1", model: "m", service_tier: "flex", choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } }) }
    assert.strictEqual(tierOf(Codec.decodeStream(OpenAiChat.dialect, [chunk])), "flex")
    const start = streamed("message_start", { message: { ...messages({ service_tier: "priority" }), content: [], stop_reason: null } })
    assert.strictEqual(tierOf(Codec.decodeStream(AnthropicMessages.dialect, [start])), "priority")
    const created = streamed("response.created", { response: { ...responses({}), status: "in_progress", output: [], usage: null } })
    const completed = streamed("response.completed", { response: responses({ service_tier: "priority" }) })
    assert.strictEqual(tierOf(Codec.decodeStream(OpenAiResponses.dialect, [created, completed])), "priority")
    assert.strictEqual(tierOf(Codec.decodeStream(GeminiGenerate.dialect, [{ data: JSON.stringify(gemini({ serviceTier: "batch" })) }])), "batch")
  })
})
