import * as Collect from "@sluice/protocol/Collect"
import type { JsonObject } from "@sluice/protocol/Wire"
import { describe, expect, it } from "vitest"
import { dialect } from "../../src/generate/Dialect.ts"
import { chunk, context, frames } from "./Generate.ts"

const decode = (body: JsonObject | ReadonlyArray<JsonObject>) => dialect.response.decode(body)

describe("a whole answer", () => {
  const body = chunk([{ text: "hm", thought: true }, { text: "yes", x: 1 }, { functionCall: { name: "f", args: { a: 1 } } }], {
    finishReason: "STOP",
    avgLogprobs: -1,
    index: 0
  }, {
    usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 2, toolUsePromptTokenCount: 7, totalTokenCount: 14 },
    createTime: "2026-05-04T20:01:02.264968Z"
  })

  it("is one frame of events that carries it", () => {
    const answer = Collect.collect(decode(body).events)
    expect(answer).toMatchObject({ id: "r1", model: "m1", created: 1_777_924_862, usage: { input: 5, output: 2, toolPrompt: 7 } })
    expect(answer.choices[0]?.parts.map(({ part }) => part.type)).toEqual(["reasoning", "text", "tool-call"])
    expect(answer.choices[0]?.finish).toMatchObject({ reason: "tool-calls", raw: "STOP" })
    expect(dialect.response.encode([decode(body)], context())).toBe(body)
  })

  it("changes only where it was edited", () => {
    const frame = decode(body)
    const events = frame.events.map((event) => event.type === "text-delta" ? { ...event, text: "no" } : event)
    expect(dialect.response.encode([{ ...frame, events }], context())).toEqual({
      ...body,
      candidates: [{
        content: { parts: [{ text: "hm", thought: true }, { text: "no", x: 1 }, { functionCall: { name: "f", args: { a: 1 } } }], role: "model" },
        finishReason: "STOP",
        avgLogprobs: -1,
        index: 0
      }]
    })
  })

  it("is what its stream folds to, keys of this dialect included", () => {
    const stream = [
      chunk([{ text: "a" }], {}, { usageMetadata: { promptTokenCount: 1, trafficType: "ON_DEMAND" } }),
      chunk([{ text: "b" }], { finishReason: "UNEXPECTED_TOOL_CALL", avgLogprobs: -1 }, {
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, trafficType: "ON_DEMAND" }
      })
    ]
    expect(dialect.response.encode(frames(stream), context())).toEqual({
      candidates: [{ content: { parts: [{ text: "ab" }], role: "model" }, finishReason: "UNEXPECTED_TOOL_CALL", avgLogprobs: -1, index: 0 }],
      modelVersion: "m1",
      responseId: "r1",
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, trafficType: "ON_DEMAND", totalTokenCount: 3 }
    })
  })

  it("of a blocked prompt keeps the provider's word for it", () => {
    const blocked = { promptFeedback: { blockReason: "PROHIBITED_CONTENT", safetyRatings: [] }, modelVersion: "m1" }
    expect(Collect.collect(decode(blocked).events).choices[0]?.finish).toMatchObject({ reason: "content-filter", raw: "PROHIBITED_CONTENT" })
    expect(dialect.response.encode(frames([blocked]), context())["promptFeedback"]).toEqual(blocked.promptFeedback)
  })

  it("is an error where it says so, also in a list, or where it is no answer", () => {
    const error = { error: { code: 429, message: "slow down", status: "RESOURCE_EXHAUSTED" } }
    expect(decode(error).events).toMatchObject([{ type: "error", failure: { class: "rate-limited" } }])
    expect(decode([error]).events).toMatchObject([{ type: "error", failure: { class: "rate-limited" } }])
    expect(decode({ candidates: [] }).events).toMatchObject([{ type: "error", failure: { class: "empty" } }])
    expect(decode({ candidates: "x" }).events).toMatchObject([{ type: "error", failure: { class: "protocol-violation" } }])
  })
})
