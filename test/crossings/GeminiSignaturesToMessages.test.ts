/** What the end of an answer of Gemini is to clients of Messages, where it says nothing or only a signature. */
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const { gemini, messages } = Crossed

const chunk = (candidate: JsonObject): JsonObject => ({ candidates: [candidate], modelVersion: "m1", responseId: "r1" })
const content = (...parts: ReadonlyArray<JsonObject>): JsonObject => ({ content: { parts, role: "model" } })
const typesOf = ({ events }: Crossed.CrossedAnswer): ReadonlyArray<unknown> => events.map(({ type }) => type)

describe("an answer of Gemini to a client of Messages", () => {
  it("whose last part is a signature alone opens no empty text for it", () => {
    const answer = Crossed.stream(gemini, messages, [
      chunk(content({ text: "hm", thought: true })),
      chunk({ ...content({ text: "", thoughtSignature: "U0lH" }), finishReason: "STOP" })
    ])
    assert.deepStrictEqual(typesOf(answer), [
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop"
    ])
    assert.deepInclude(answer.events[1]?.["content_block"], { type: "thinking" })
    // What Gemini signed is of no use to an Anthropic client's provider: it belongs to the thinking, and is lost with its place.
    assert.deepStrictEqual(answer.losses, ["/choices/0/parts/0/signature dropped", "/usage defaulted"])
  })

  it("without any content is a whole message without blocks that ends its turn, streamed and buffered", () => {
    const empty = chunk({ finishReason: "STOP" })
    const answer = Crossed.stream(gemini, messages, [empty])
    assert.deepStrictEqual(typesOf(answer), ["message_start", "message_delta", "message_stop"])
    assert.deepInclude(answer.events[1]?.["delta"], { stop_reason: "end_turn" })
    assert.deepInclude(Crossed.whole(gemini, messages, empty).body, { content: [], stop_reason: "end_turn" })
  })
})
