import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { describe, expect, it } from "vitest"
import { chunk, events, frames, partsOf } from "./Generate.ts"

const text = (words: string, more = {}) => chunk([{ text: words }], more)
const types = (all: ReadonlyArray<CanonicalEvent>) => all.map((each) => each.type)

describe("a stream of text", () => {
  it("is one block, ended by the finish that is told when the bytes are over", () => {
    expect(events([text("He"), text("llo", { finishReason: "STOP" })])).toEqual([
      { type: "start", id: "r1", model: "m1" },
      { type: "block-start", choice: 0, index: 0, kind: "text" },
      { type: "text-delta", choice: 0, index: 0, text: "He" },
      { type: "text-delta", choice: 0, index: 0, text: "llo" },
      { type: "block-end", choice: 0, index: 0 },
      { type: "finish", choice: 0, reason: "stop", raw: "STOP" },
      { type: "end" }
    ])
  })

  it("holds the frame of a finish, and tells the finish in it", () => {
    const found = frames([text("a", { finishReason: "STOP" }), { usageMetadata: { promptTokenCount: 1 } }])
    expect(found.map((frame) => types(frame.events))).toEqual([
      ["start", "block-start", "text-delta", "block-end", "finish"],
      ["usage"],
      ["end"]
    ])
  })

  it("goes on behind a finish that was not the last", () => {
    const found = events([text("a", { finishReason: "STOP" }), text("b", { finishReason: "MAX_TOKENS" })])
    expect(found.filter((each) => each.type === "finish")).toEqual([{ type: "finish", choice: 0, reason: "length", raw: "MAX_TOKENS" }])
    expect(partsOf([text("a", { finishReason: "STOP" }), text("b", { finishReason: "STOP" })])).toEqual([{ type: "text", text: "ab" }])
  })

  it("is cut where no finish came, and empty where nothing did", () => {
    expect(events([text("a")], "reset").at(-1)).toMatchObject({ type: "error", failure: { class: "cut" } })
    expect(events([]).at(-1)).toMatchObject({ type: "error", failure: { class: "empty" } })
    expect(events([text("a"), "[DONE]"]).at(-1)).toMatchObject({ type: "error", failure: { class: "cut" } })
    expect(types(events([text("a", { finishReason: "STOP" }), "[DONE]"])).at(-1)).toBe("end")
  })

  it("may come as lines of one event", () => {
    const lines = [text("a"), text("b", { finishReason: "STOP" })].map((value) => JSON.stringify(value)).join("\n")
    expect(partsOf([lines])).toEqual([{ type: "text", text: "ab" }])
  })

  it("ends one candidate when another goes on", () => {
    const found = events([
      { candidates: [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }, { index: 1, content: { parts: [{ text: "b" }] } }] },
      { candidates: [{ index: 1, content: { parts: [{ text: "c" }] }, finishReason: "STOP" }] }
    ])
    expect(found.flatMap((each) => each.type === "finish" ? [each.choice] : [])).toEqual([0, 1])
  })
})

describe("thinking and signatures", () => {
  it("are blocks of their own, and a signature alone belongs to the block before it", () => {
    expect(partsOf([chunk([{ text: "hm", thought: true }]), text("yes"), chunk([{ text: "", thoughtSignature: "S" }], { finishReason: "STOP" })]))
      .toMatchObject([
        { type: "reasoning", form: "summary", text: "hm" },
        { type: "text", text: "yes", signature: { value: "S" } }
      ])
  })

  it("do not open an empty block of text", () => {
    expect(partsOf([chunk([{ text: "", thoughtSignature: "S" }], { finishReason: "STOP" })])).toMatchObject([{
      type: "reasoning",
      text: "",
      signature: { value: "S" }
    }])
  })

  it("stand on calls, too", () => {
    expect(partsOf([chunk([{ functionCall: { name: "f" }, thoughtSignature: "S" }], { finishReason: "STOP" })])).toMatchObject([
      { type: "tool-call", name: "f", arguments: "{}", signature: { value: "S" } }
    ])
  })
})

describe("calls", () => {
  it("get different ids where they have none, and the finish is one for calls", () => {
    const values = [chunk([{ functionCall: { name: "f", args: { a: 1 } } }, { functionCall: { name: "f", args: { a: 1 } } }], { finishReason: "STOP" })]
    const ids = partsOf(values).map((part) => part.type === "tool-call" ? part.id : "")
    expect(new Set(ids).size).toBe(2)
    expect(events(values).find((each) => each.type === "finish")).toMatchObject({ reason: "tool-calls" })
  })

  it("are put together from pieces by path, and emitted once when they end", () => {
    const piece = (partialArgs: ReadonlyArray<Record<string, string | number | boolean | null>>, willContinue = true) =>
      chunk([{ functionCall: { partialArgs, ...(willContinue ? { willContinue } : {}) } }])
    const values = [
      chunk([{ functionCall: { name: "f", willContinue: true }, thoughtSignature: "S" }]),
      piece([{ jsonPath: "$.list[0].name", stringValue: "Bos", willContinue: true }]),
      piece([{ jsonPath: "$.list[0].name", stringValue: "ton" }]),
      piece([{ jsonPath: "$.list[1]['a.b']", numberValue: 0.5 }, { jsonPath: "$.ok", boolValue: false }, { jsonPath: "$.none", nullValue: "NULL_VALUE" }]),
      chunk([{ functionCall: {} }]),
      chunk([{ functionCall: { name: "g", willContinue: true } }]),
      piece([{ jsonPath: "$.a", stringValue: "b" }], false),
      text("", { finishReason: "STOP" })
    ]
    expect(partsOf(values)).toMatchObject([
      {
        type: "tool-call",
        name: "f",
        arguments: JSON.stringify({ list: [{ name: "Boston" }, { "a.b": 0.5 }], ok: false, none: null }),
        signature: { value: "S" }
      },
      { type: "tool-call", name: "g", arguments: "{\"a\":\"b\"}" }
    ])
    expect(frames(values).slice(1, 4).map((frame) => frame.events)).toEqual([[], [], []])
  })

  it("ignore pieces whose path would make more than an answer can hold", () => {
    const paths = ["$[999999999]", `$${".a".repeat(100_000)}`, "$.list[999999999]", "nonsense"]
    const partialArgs = paths.map((jsonPath) => ({ jsonPath, stringValue: "x" }))
    expect(partsOf([chunk([{ functionCall: { name: "f", partialArgs } }], { finishReason: "STOP" })])).toMatchObject([{ arguments: "{\"list\":[]}" }])
  })

  it("that are still under way at the end are ended by it", () => {
    expect(partsOf([chunk([{ functionCall: { name: "f", willContinue: true } }], { finishReason: "STOP" })])).toMatchObject([{ name: "f", arguments: "{}" }])
  })
})

describe("other parts", () => {
  it("are blocks: code that was run, pictures, what is yet to come", () => {
    const parts = [{ executableCode: { code: "1" } }, { codeExecutionResult: { output: "1" } }, { inlineData: { mimeType: "image/png", data: "AAAA" } }, {
      newThing: {}
    }, {}]
    expect(partsOf([chunk(parts, { finishReason: "STOP" })])).toMatchObject([
      { type: "foreign", name: "executableCode" },
      { type: "foreign", name: "codeExecutionResult" },
      { type: "image", source: { type: "base64", mime: "image/png", data: "AAAA" } },
      { type: "foreign", name: "newThing" }
    ])
  })
})

describe("what is said beside the content", () => {
  it("is annotations: citations about the text, grounding and ratings about the candidate", () => {
    const found = events([
      text("a", {
        finishReason: "STOP",
        citationMetadata: { citationSources: [{ uri: "https://a", startIndex: 1, endIndex: 2 }] },
        groundingMetadata: {
          groundingChunks: [{ web: { uri: "https://b", title: "B" } }],
          groundingSupports: [{ segment: { text: "a" }, groundingChunkIndices: [0] }]
        },
        safetyRatings: [{ category: 7 }],
        logprobsResult: { chosenCandidates: [{ token: "a", logProbability: -1 }] }
      })
    ])
    const said = found.flatMap((each) => each.type === "annotation" ? [each] : [])
    expect(said.map(({ annotation, index }) => [annotation.kind, index])).toEqual([
      ["citation", 0],
      ["citation", 0],
      ["grounding", undefined],
      ["safety", undefined],
      ["logprobs", undefined]
    ])
    expect(said[1]?.annotation).toEqual({ kind: "citation", url: "https://b", title: "B", quote: "a" })
  })

  it("is usage, restated with every chunk", () => {
    const found = events([{ ...text("a"), usageMetadata: { promptTokenCount: 5, cachedContentTokenCount: 2 } }, {
      ...text("b", { finishReason: "STOP" }),
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3 }
    }])
    expect(found.flatMap((each) => each.type === "usage" ? [each.usage] : [])).toEqual([{ input: 3, cacheRead: 2 }, { input: 3, output: 3 }])
  })
})

describe("a blocked prompt", () => {
  it("is a finish without content", () => {
    const found = events([{ promptFeedback: { blockReason: "SAFETY", safetyRatings: [{ category: "X" }] }, usageMetadata: { promptTokenCount: 3 } }])
    expect(types(found)).toEqual(["start", "annotation", "usage", "finish", "end"])
    expect(found[3]).toMatchObject({ choice: 0, reason: "content-filter", raw: "SAFETY" })
  })
})

describe("errors inside a stream", () => {
  it("end it, in an object or in a list", () => {
    const error = { error: { code: 503, message: "busy", status: "UNAVAILABLE" } }
    for (const value of [error, [error]]) {
      expect(events([text("a", { finishReason: "STOP" }), value]).at(-1)).toMatchObject({ type: "error", failure: { class: "overloaded", message: "busy" } })
    }
  })

  it("are violations where a chunk is none", () => {
    for (const value of ["{", "5", { candidates: 5 }]) expect(events([value]).at(-1)).toMatchObject({ type: "error", failure: { class: "protocol-violation" } })
  })
})
