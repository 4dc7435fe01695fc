import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Json } from "@sluice/protocol/Wire"
import { describe, expect, it } from "vitest"
import { id } from "../../src/generate/Dialect.ts"
import { chunk, chunksOf, context, elsewhere, frames, sentParts, written } from "./Generate.ts"

const start: CanonicalEvent = { type: "start", id: "a", model: "m" }
const open = (index: number, kind: "text" | "reasoning" | "refusal" | "media", choice = 0): CanonicalEvent => ({ type: "block-start", choice, index, kind })
const call = (index: number, id: string): CanonicalEvent => ({
  type: "block-start",
  choice: 0,
  index,
  kind: "tool-call",
  call: { kind: "function", id, name: "f" }
})
const said = (index: number, text: string, choice = 0): CanonicalEvent => ({ type: "text-delta", choice, index, text })
const args = (index: number, text: string): CanonicalEvent => ({ type: "tool-arguments-delta", choice: 0, index, text })
const close = (index: number, choice = 0): CanonicalEvent => ({ type: "block-end", choice, index })
const finish = (reason: "stop" | "tool-calls" | "length" | "refusal", choice = 0): CanonicalEvent => ({ type: "finish", choice, reason })
const end: CanonicalEvent = { type: "end" }

describe("a stream from elsewhere", () => {
  it("is chunks of text, and one last chunk with the finish and the usage that came behind it", () => {
    expect(
      chunksOf(
        start,
        open(0, "text"),
        said(0, "He"),
        said(0, "llo"),
        close(0),
        finish("stop"),
        { type: "usage", usage: { input: 2, reasoning: 1, output: 3 } },
        end
      )
    ).toEqual([
      { candidates: [{ content: { parts: [{ text: "He" }], role: "model" }, index: 0 }], modelVersion: "m", responseId: "a" },
      { candidates: [{ content: { parts: [{ text: "llo" }], role: "model" }, index: 0 }], modelVersion: "m", responseId: "a" },
      {
        candidates: [{ content: { parts: [{ text: "" }], role: "model" }, finishReason: "STOP", index: 0 }],
        usageMetadata: { promptTokenCount: 2, candidatesTokenCount: 3, thoughtsTokenCount: 1, totalTokenCount: 6 },
        modelVersion: "m",
        responseId: "a"
      }
    ])
  })

  it("has whole calls whose arguments are objects", () => {
    const chunks = chunksOf(
      start,
      call(0, "1"),
      args(0, "{\"a\""),
      args(0, ":1}"),
      close(0),
      call(1, "2"),
      args(1, "no json"),
      close(1),
      finish("tool-calls"),
      end
    )
    expect(sentParts(chunks)).toEqual([
      { functionCall: { id: "1", name: "f", args: { a: 1 } } },
      { functionCall: { id: "2", name: "f", args: { arguments: "no json" } } },
      { text: "" }
    ])
  })

  it("lets blocks that were open together follow each other", () => {
    const chunks = chunksOf(
      start,
      open(0, "text"),
      call(1, "1"),
      open(2, "text"),
      said(2, "late"),
      args(1, "{}"),
      said(0, "first"),
      close(1),
      close(2),
      close(0),
      finish("tool-calls"),
      end
    )
    expect(sentParts(chunks)).toEqual([{ text: "first" }, { functionCall: { id: "1", name: "f", args: {} } }, { text: "late" }, { text: "" }])
  })

  it("marks thinking, and drops the proofs of others with a loss", () => {
    const answer = context()
    const events: ReadonlyArray<CanonicalEvent> = [
      start,
      open(0, "reasoning"),
      { type: "reasoning-delta", choice: 0, index: 0, text: "hm" },
      { type: "signature", choice: 0, index: 0, signature: { by: elsewhere, value: "S" } },
      close(0),
      finish("stop"),
      end
    ]
    expect(sentParts(written([{ events }], answer).map(({ data }): Json => JSON.parse(data)))).toEqual([{ thought: true, text: "hm" }, { text: "" }])
    expect(answer.sink.losses.map((loss) => loss.canonical)).toEqual(["/choices/0/parts/0/signature"])
  })

  it("gathers pictures, and says refusals as text", () => {
    const media = (data: string): CanonicalEvent => ({ type: "media-delta", choice: 0, index: 0, mime: "image/png", data })
    const chunks = chunksOf(
      start,
      open(0, "media"),
      media("AAAA"),
      media("BBBB"),
      close(0),
      open(1, "refusal"),
      said(1, "no"),
      close(1),
      finish("refusal"),
      end
    )
    expect(sentParts(chunks)).toEqual([{ inlineData: { mimeType: "image/png", data: "AAAABBBB" } }, { text: "no" }, { text: "" }])
  })

  it("has the last of a picture's previews where the picture itself never came", () => {
    const preview = (partialIndex: number, data: string): CanonicalEvent => ({
      type: "media-delta",
      choice: 0,
      index: 0,
      mime: "image/png",
      data,
      partialIndex
    })
    const chunks = chunksOf(start, open(0, "media"), preview(0, "AAAA"), preview(1, "BBBB"), close(0), finish("stop"), end)
    expect(sentParts(chunks)).toEqual([{ inlineData: { mimeType: "image/png", data: "BBBB" } }, { text: "" }])
  })

  it("says of the whole answer only what its prompt was rated", () => {
    const answer = context()
    const about = (name: string): CanonicalEvent => ({ type: "annotation", annotation: { kind: "safety", dialect: id, name, value: {} } })
    const chunks = chunksOf(start, about("promptFeedback"), finish("stop"), end)
    expect(chunks.at(-1)).toMatchObject({ promptFeedback: {} })
    written([{ events: [start, about("safetyRatings"), finish("stop"), end] }], answer)
    expect(answer.sink.losses.map((loss) => loss.canonical)).toEqual(["/annotations"])
  })

  it("finishes every candidate once", () => {
    const chunks = chunksOf(
      start,
      open(0, "text"),
      said(0, "a"),
      close(0),
      finish("stop"),
      open(0, "text", 1),
      said(0, "b", 1),
      close(0, 1),
      finish("length", 1),
      end
    )
    expect(chunks.at(-1)).toMatchObject({ candidates: [{ index: 0, finishReason: "STOP" }, { index: 1, finishReason: "MAX_TOKENS" }] })
  })

  it("ends with the protocol's own error and no finish", () => {
    const chunks = chunksOf(start, open(0, "text"), said(0, "a"), { type: "error", failure: { class: "overloaded", message: "busy", retryAfterMs: 1500 } })
    expect(chunks.at(-1)).toEqual({
      error: {
        code: 503,
        message: "busy",
        status: "UNAVAILABLE",
        details: [
          { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.5s" },
          { "@type": "type.googleapis.com/google.rpc.RequestInfo", requestId: "exchange" }
        ]
      }
    })
  })
})

describe("a stream of this dialect", () => {
  const values = [
    chunk([{ text: "a", x: 1 }], {}, { usageMetadata: { promptTokenCount: 1, totalTokenCount: 1, trafficType: "ON_DEMAND" } }),
    chunk([{ text: "b", thoughtSignature: "S" }], { finishReason: "STOP", safetyRatings: [] })
  ]

  it("goes out as it came", () => {
    expect(written(frames(values)).map(({ data }): Json => JSON.parse(data))).toEqual(values)
  })

  it("changes only where it was edited", () => {
    const edited = frames(values).map((frame) => ({
      ...frame,
      events: frame.events.map((event): CanonicalEvent => event.type === "text-delta" && event.text === "a" ? { ...event, text: "A" } : event)
    }))
    expect(written(edited).map(({ data }): Json => JSON.parse(data))).toEqual([
      chunk([{ text: "A", x: 1 }], {}, { usageMetadata: { promptTokenCount: 1, totalTokenCount: 1, trafficType: "ON_DEMAND" } }),
      values[1]
    ])
  })

  it("takes an edited finish", () => {
    const edited = frames(values).map((frame) => ({
      ...frame,
      events: frame.events.map((event): CanonicalEvent => event.type === "finish" ? { type: "finish", choice: 0, reason: "length" } : event)
    }))
    expect(JSON.parse(written(edited)[1]?.data ?? "")).toEqual(chunk([{ text: "b", thoughtSignature: "S" }], { finishReason: "MAX_TOKENS", safetyRatings: [] }))
  })
})
