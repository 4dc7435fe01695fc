/** The same tokens, counted as different providers count them. */
import { assert, describe, it } from "vitest"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"
import * as Crossed from "./Crossed.ts"

const usageOf = (dialect: Parameters<typeof Crossed.whole>[0], body: Parameters<typeof Crossed.whole>[2]): unknown =>
  Codec.eventsOf([dialect.response.decode(body)]).flatMap((event) => event.type === "usage" ? [event.usage] : [])[0]

describe("a prompt of 1000 tokens of which 800 were cached", () => {
  const classes = { input: 200, cacheRead: 800, output: 50 }

  it("is 200 fresh and 800 cached tokens, whether a provider counts the cached ones inside the prompt or beside it", () => {
    const choices = [{ index: 0, message: { role: "assistant", content: "a" }, finish_reason: "stop" }]
    const chat = { prompt_tokens: 1000, prompt_tokens_details: { cached_tokens: 800 }, completion_tokens: 50, total_tokens: 1050 }
    assert.deepStrictEqual(usageOf(Crossed.chat, { id: "c", object: "chat.completion", created: 1, model: "m", choices, usage: chat }), classes)
    const messages = { input_tokens: 200, cache_read_input_tokens: 800, output_tokens: 50 }
    const message = { id: "m", type: "message", role: "assistant", model: "m", content: [], stop_reason: "end_turn", stop_sequence: null, usage: messages }
    assert.deepStrictEqual(usageOf(Crossed.messages, message), classes)
    const responses = { input_tokens: 1000, input_tokens_details: { cached_tokens: 800 }, output_tokens: 50, total_tokens: 1050 }
    assert.deepStrictEqual(
      usageOf(Crossed.responses, { id: "r", object: "response", created_at: 1, model: "m", status: "completed", output: [], usage: responses }),
      classes
    )
    const gemini = { promptTokenCount: 1000, cachedContentTokenCount: 800, candidatesTokenCount: 50, totalTokenCount: 1050 }
    assert.deepStrictEqual(usageOf(Crossed.gemini, { candidates: [{ finishReason: "STOP" }], usageMetadata: gemini }), classes)
  })
})
