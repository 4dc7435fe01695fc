import { assert, it } from "@effect/vitest"
import { describe } from "vitest"
import type { CanonicalEvent } from "../src/CanonicalEvent.ts"
import type { Part } from "../src/CanonicalPart.ts"
import type { CanonicalResponse } from "../src/CanonicalResponse.ts"
import * as Collect from "../src/Collect.ts"
import * as Grammar from "../src/Grammar.ts"
import { DialectId } from "../src/Wire.ts"

const by = DialectId.make("toy")
const seal = { by, value: "sealed" }
const citation = { kind: "citation" as const, url: "https://example.com", start: 0, end: 1 }

const answer = (parts: ReadonlyArray<Part>): CanonicalResponse => ({
  id: "a",
  model: "m",
  created: 5,
  choices: [{ index: 0, parts: parts.map((part) => ({ part })), annotations: [], finish: { reason: "stop", raw: "end_turn" } }],
  annotations: [],
  foreignEvents: [],
  usage: { input: 1, output: 2 }
})

/** One part of every kind a provider can answer with, plain and with everything it may carry. */
const parts: { readonly [name: string]: Part } = {
  text: { type: "text", text: "hello" },
  "empty text": { type: "text", text: "" },
  "cited and signed text": { type: "text", text: "hello", annotations: [citation], signature: seal, encrypted: seal },
  "text with a cache hint": { type: "text", text: "hello", cache: { ttl: "1h" } },
  refusal: { type: "refusal", text: "no" },
  reasoning: { type: "reasoning", form: "raw", text: "because", signature: seal },
  "redacted reasoning": { type: "reasoning", form: "raw", text: "", encrypted: seal },
  "reasoning summary": { type: "reasoning", form: "summary", text: "in short" },
  "function call": { type: "tool-call", kind: "function", id: "c1", name: "f", arguments: "{\"a\":1}", signature: seal },
  "call in a namespace without arguments": { type: "tool-call", kind: "custom", id: "c1", name: "f", namespace: "n", arguments: "" },
  image: { type: "image", source: { type: "base64", mime: "image/png", data: "AA==" } },
  video: { type: "video", source: { type: "base64", mime: "video/mp4", data: "AA==" }, signature: seal },
  document: { type: "document", source: { type: "base64", mime: "application/pdf", data: "AA==" } },
  "spoken audio": { type: "audio", source: { type: "base64", mime: "audio/wav", data: "AA==" }, transcript: "hi" },
  "audio with an empty transcript": { type: "audio", source: { type: "base64", mime: "audio/wav", data: "AA==" }, transcript: "" },
  "audio without a type": { type: "audio", source: { type: "base64", data: "AA==" } },
  "image whose type says sound": { type: "image", source: { type: "base64", mime: "audio/wav", data: "AA==" } },
  "image at a URL": { type: "image", source: { type: "url", url: "https://example.com/a.png" }, detail: "low" },
  "titled document": { type: "document", source: { type: "text", text: "abc" }, title: "t" },
  json: { type: "json", value: { a: [1] } },
  "tool result": { type: "tool-result", id: "c1", kind: "function", parts: [{ type: "text", text: "42" }], isError: false },
  foreign: { type: "foreign", dialect: by, name: "web_search_call", value: { q: "x" }, signature: seal }
}

describe("collecting what was unfolded", () => {
  for (const [name, part] of Object.entries(parts)) {
    it(`gives the same answer back: ${name}`, () => {
      const response = answer([part, { type: "text", text: "then" }])
      const events = Collect.unfold(response)
      assert.isFalse(Grammar.isViolation(Grammar.check(Grammar.initial, events)))
      assert.deepStrictEqual(Collect.collect(events), response)
    })
  }

  it("keeps items, part indexes, several choices, annotations and foreign events", () => {
    const response: CanonicalResponse = {
      choices: [
        {
          index: 0,
          parts: [{ part: parts["text"] ?? { type: "json", value: null }, item: { id: "i", type: "message" }, partIndex: 1 }],
          annotations: [citation],
          finish: { reason: "stop-sequence", stop: "\n", details: { a: 1 } }
        },
        { index: 2, parts: [], annotations: [], finish: { reason: "content-filter" } }
      ],
      annotations: [{ kind: "safety", dialect: by, name: "ratings", value: [] }],
      foreignEvents: [{ type: "foreign", dialect: by, name: "x", value: 1 }]
    }
    assert.deepStrictEqual(Collect.collect(Collect.unfold(response)), response)
  })

  it("keeps a failure, and what was said before it", () => {
    const { usage: _, ...rest } = answer([{ type: "text", text: "half" }])
    const response: CanonicalResponse = {
      ...rest,
      choices: [{ index: 0, parts: [{ part: { type: "text", text: "half" } }], annotations: [] }],
      failure: { class: "overloaded", message: "busy" }
    }
    const events = Collect.unfold(response)
    assert.isFalse(Grammar.isViolation(Grammar.check(Grammar.initial, events)))
    assert.deepStrictEqual(Collect.collect(events), response)
  })
})

describe("collecting a stream", () => {
  const at = (index: number, choice = 0) => ({ choice, index })

  it("joins deltas of interleaved blocks and choices", () => {
    const events: ReadonlyArray<CanonicalEvent> = [
      { type: "start", id: "a" },
      { type: "block-start", ...at(0, 1), kind: "text" },
      { type: "block-start", ...at(0), kind: "text" },
      { type: "text-delta", ...at(0), text: "he" },
      { type: "block-start", ...at(1), kind: "tool-call", call: { kind: "function", id: "c", name: "f" } },
      { type: "tool-arguments-delta", ...at(1), text: "{" },
      { type: "text-delta", ...at(0, 1), text: "other" },
      { type: "text-delta", ...at(0), text: "llo" },
      { type: "tool-arguments-delta", ...at(1), text: "}" },
      { type: "block-end", ...at(1) },
      { type: "block-end", ...at(0) },
      { type: "finish", choice: 0, reason: "tool-calls" },
      { type: "block-end", ...at(0, 1) },
      { type: "finish", choice: 1, reason: "stop" },
      { type: "end" }
    ]
    assert.deepStrictEqual(Collect.collect(events).choices, [
      {
        index: 0,
        parts: [{ part: { type: "text", text: "hello" } }, { part: { type: "tool-call", kind: "function", id: "c", name: "f", arguments: "{}" } }],
        annotations: [],
        finish: { reason: "tool-calls" }
      },
      { index: 1, parts: [{ part: { type: "text", text: "other" } }], annotations: [], finish: { reason: "stop" } }
    ])
  })

  it("lets a later usage replace what it states and nothing else, and never adds", () => {
    const usage = [{ input: 10, output: 1 }, { output: 5 }, { output: 7, cacheRead: 0 }].map((usage): CanonicalEvent => ({ type: "usage", usage }))
    assert.deepStrictEqual(Collect.collect(usage).usage, { input: 10, output: 7, cacheRead: 0 })
  })

  it("prefers the whole block that its end restates", () => {
    const events: ReadonlyArray<CanonicalEvent> = [
      { type: "block-start", ...at(0), kind: "text" },
      { type: "text-delta", ...at(0), text: "par" },
      { type: "block-end", ...at(0), final: { type: "text", text: "partial" } }
    ]
    assert.deepStrictEqual(Collect.collect(events).choices[0]?.parts, [{ part: { type: "text", text: "partial" } }])
  })

  it("hangs annotations of other blocks than text on the choice", () => {
    const events: ReadonlyArray<CanonicalEvent> = [
      { type: "block-start", ...at(0), kind: "refusal" },
      { type: "annotation", ...at(0), annotation: citation },
      { type: "block-end", ...at(0) },
      { type: "annotation", choice: 0, annotation: { kind: "citation", title: "c" } },
      { type: "annotation", annotation: { kind: "citation", title: "r" } }
    ]
    const response = Collect.collect(events)
    assert.deepStrictEqual(response.choices[0]?.annotations, [citation, { kind: "citation", title: "c" }])
    assert.deepStrictEqual(response.annotations, [{ kind: "citation", title: "r" }])
  })

  it("keeps the last signature of a block", () => {
    const events: ReadonlyArray<CanonicalEvent> = [
      { type: "block-start", ...at(0), kind: "reasoning" },
      { type: "signature", ...at(0), signature: { by, value: "" } },
      { type: "signature", ...at(0), signature: seal },
      { type: "block-end", ...at(0) }
    ]
    assert.deepStrictEqual(Collect.collect(events).choices[0]?.parts[0]?.part.signature, seal)
  })

  it("folds frames as it folds their events", () => {
    const response = answer([{ type: "text", text: "hello" }])
    const frames = Collect.unfold(response).map((event) => ({ events: [event] }))
    assert.deepStrictEqual(Collect.collectFrames([{ events: [] }, ...frames]), response)
  })
})
