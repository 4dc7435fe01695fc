import { assert, describe, it } from "@effect/vitest"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { DialectId } from "@sluice/protocol/Wire"
import * as PromptText from "../../src/tokenCounter/PromptText.ts"

const dialect = DialectId.make("toy")
const source = { type: "base64", mime: "image/png", data: "AAAA" } as const

const prompt: CanonicalRequest = {
  model: "m",
  instructions: [{ role: "system", parts: [{ type: "text", text: "be brief" }] }],
  turns: [
    { role: "user", name: "ann", parts: [{ type: "text", text: "look" }, { type: "image", source }, { type: "image", source, detail: "low" }] },
    {
      role: "assistant",
      parts: [
        { type: "reasoning", form: "raw", text: "hmm" },
        { type: "tool-call", kind: "function", id: "c", name: "see", arguments: "{\"at\":1}" },
        { type: "refusal", text: "no" },
        { type: "foreign", dialect, name: "x", value: { y: 1 } }
      ]
    },
    {
      role: "tool",
      parts: [
        {
          type: "tool-result",
          id: "c",
          kind: "function",
          parts: [{ type: "json", value: [1] }, { type: "document", title: "t", source: { type: "text", text: "page" } }]
        },
        { type: "document", source: { type: "parts", parts: [{ type: "text", text: "inner" }] } },
        { type: "audio", source, transcript: "said" },
        { type: "video", source }
      ]
    }
  ],
  tools: [
    { type: "function", name: "see", description: "sees", parameters: { type: "object" } },
    { type: "custom", name: "write", grammar: { syntax: "lark", definition: "start: X" } },
    { type: "provider", dialect, name: "search", value: { type: "search" } },
    { type: "namespace", name: "ns", tools: [{ type: "function", name: "in" }] }
  ],
  responseFormat: { type: "json-schema", schema: { type: "string" } },
  temperature: 1,
  stop: ["never counted"]
}

describe("what of a prompt is counted", () => {
  it("is every text, and schemas and values as compact JSON", () => {
    assert.deepStrictEqual(
      PromptText.of(prompt).texts.toSorted(),
      [
        "be brief",
        "ann",
        "look",
        "hmm",
        "see",
        "{\"at\":1}",
        "no",
        "{\"y\":1}",
        "[1]",
        "t",
        "page",
        "inner",
        "said",
        "see",
        "sees",
        "{\"type\":\"object\"}",
        "write",
        "start: X",
        "search",
        "{\"type\":\"search\"}",
        "ns",
        "in",
        "{\"type\":\"string\"}"
      ].toSorted()
    )
  })

  it("is a constant for each turn, for the beginning of the answer and for each medium that is no text", () => {
    const { audio, image, video } = PromptText.perMedium
    assert.strictEqual(PromptText.of({ model: "m", turns: [] }).constant, 3)
    assert.strictEqual(PromptText.of(prompt).constant, 3 + 4 * 4 + image + PromptText.perSmallImage + audio + video)
  })
})
