import { describe, it } from "@effect/vitest"
import * as CallIds from "@sluice/protocol/CallIds"
import { isUntouched } from "@sluice/protocol/CanonicalEvent"
import * as Collect from "@sluice/protocol/Collect"
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { chunk, events, finished, frames, lines, trailer } from "./Chat.ts"

const call = (index: number | undefined, id: string | null, name: string | null, text?: string): JsonObject => ({
  ...(index === undefined ? {} : { index }),
  ...(id === null ? {} : { id, type: "function" }),
  function: { ...(name === null ? {} : { name }), ...(text === undefined ? {} : { arguments: text }) }
})

const calls = (...entries: ReadonlyArray<JsonObject>): JsonObject => chunk({ tool_calls: entries })

const parts = (values: Parameters<typeof events>[0]) => Collect.collect(events(values)).choices[0]?.parts.map(({ part }) => part)

describe("a stream of text", () => {
  it("is one block from its first words to its finish", () => {
    assert.deepStrictEqual(
      lines(events([chunk({ role: "assistant", content: "" }), chunk({ content: "He" }), chunk({ content: "llo" }), finished("stop"), "[DONE]"])),
      ["start", "start 0.0 text", "0.0 He", "0.0 llo", "end 0.0", "finish 0 stop", "end"]
    )
  })

  it("has one frame per event, which knows that it was not edited", () => {
    const all = frames([
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "a" }),
      chunk({ content: "" }),
      finished("stop"),
      trailer({ usage: { prompt_tokens: 1 } }),
      "[DONE]"
    ])
    assert.strictEqual(all.length, 6)
    assert.isTrue(all.every(isUntouched))
    assert.deepStrictEqual(all[2]?.events, [])
  })

  it("changes kind by ending the block before", () => {
    assert.deepStrictEqual(
      lines(
        events([chunk({ reasoning_content: "hm" }), chunk({ content: "a" }), chunk({ reasoning: "ah" }), chunk({ refusal: "no" }), finished("stop"), "[DONE]"])
      ),
      [
        "start",
        "start 0.0 reasoning",
        "0.0 hm",
        "end 0.0",
        "start 0.1 text",
        "0.1 a",
        "end 0.1",
        "start 0.2 reasoning",
        "0.2 ah",
        "end 0.2",
        "start 0.3 refusal",
        "0.3 no",
        "end 0.3",
        "finish 0 refusal",
        "end"
      ]
    )
  })

  it("of several choices keeps them apart", () => {
    const both = { id: "c", choices: [{ index: 0, delta: { content: "a" } }, { index: 1, delta: { content: "b" } }] }
    assert.deepStrictEqual(
      lines(events([both, chunk({}, { index: 1, finish_reason: "length" }), chunk({}, { index: 0, finish_reason: "stop" }), "[DONE]"])).filter((line) =>
        line.startsWith("finish")
      ),
      ["finish 1 length", "finish 0 stop"]
    )
  })
})

describe("the finish", () => {
  it("is told with the frame that stated it, though that frame waits for what follows", () => {
    const all = frames([chunk({ content: "a" }), finished("stop"), trailer({ usage: { prompt_tokens: 1, completion_tokens: 2 } }), "[DONE]"])
    assert.deepStrictEqual(all.map((frame) => lines(frame.events)), [["start", "start 0.0 text", "0.0 a"], ["end 0.0", "finish 0 stop"], ["usage"], ["end"]])
  })

  it("is withdrawn when more content follows, and the last one stands", () => {
    const all = frames([chunk({ content: "a" }, { finish_reason: "stop" }), chunk({ content: "b" }, { finish_reason: "length" }), "[DONE]"])
    assert.deepStrictEqual(all.map((frame) => lines(frame.events)), [["start", "start 0.0 text", "0.0 a"], ["0.0 b", "end 0.0", "finish 0 length"], ["end"]])
  })

  it("that calls tools is not undone by a plain stop after it", () => {
    assert.include(
      lines(events([calls(call(0, "c", "f", "{}")), finished("tool_calls"), chunk({ content: "x" }), finished("stop"), "[DONE]"])),
      "finish 0 tool-calls"
    )
  })

  it("of a plain stop behind tool calls means that the tools are to be called", () => {
    assert.include(lines(events([calls(call(0, "c", "f", "{}")), finished("stop"), "[DONE]"])), "finish 0 tool-calls")
  })

  it("is missing where the stream ends without one", () => {
    assert.deepStrictEqual(lines(events([chunk({ content: "a" }), "[DONE]"])).slice(-3), ["end 0.0", "finish 0 missing", "end"])
  })

  it("names the sequence that vLLM and SGLang say has matched", () => {
    const finish = events([chunk({ content: "a" }), chunk({}, { finish_reason: "stop", stop_reason: "###" }), "[DONE]"]).find((event) =>
      event.type === "finish"
    )
    assert.deepInclude(finish, { reason: "stop-sequence", stop: "###", raw: "stop" })
  })
})

describe("tool calls in a stream", () => {
  it("stream their arguments, one block each", () => {
    assert.deepStrictEqual(
      lines(
        events([
          calls(call(0, "a", "f", "")),
          calls(call(0, null, null, "{\"x\"")),
          calls(call(0, null, null, ":1}")),
          calls(call(1, "b", "g", "{}")),
          finished("tool_calls"),
          "[DONE]"
        ])
      ),
      ["start", "start 0.0 function a f", "0.0 {\"x\"", "0.0 :1}", "start 0.1 function b g", "0.1 {}", "end 0.0", "end 0.1", "finish 0 tool-calls", "end"]
    )
  })

  it("wait for an id that comes late, with what they said meanwhile", () => {
    assert.deepStrictEqual(
      lines(events([calls(call(0, null, "f", "{")), calls(call(0, "a", null, "}")), finished("tool_calls"), "[DONE]"])).slice(1, 3),
      ["start 0.0 function a f", "0.0 {}"]
    )
  })

  it("get an id and a name made from their place where none ever comes", () => {
    const nameless = [
      calls({ index: 0, id: "a", function: { name: "", arguments: "{}" } }),
      calls({ index: 1, function: { name: 123, arguments: "[]" } }),
      finished("tool_calls"),
      "[DONE]"
    ]
    assert.deepStrictEqual(lines(events(nameless)).slice(1, 5), [
      "start 0.0 function a tool_0",
      "0.0 {}",
      `start 0.1 function ${CallIds.made("c1", 0, 1)} tool_1`,
      "0.1 []"
    ])
  })

  it("without anything known are forgotten, and the stop is a plain one", () => {
    assert.deepStrictEqual(lines(events([calls({ index: 0, function: { name: "", arguments: "" } }), finished("tool_calls"), "[DONE]"])), [
      "start",
      "finish 0 stop",
      "end"
    ])
  })

  it("that never got an id start in the order of their index", () => {
    const late = [calls(call(2, null, "c", "")), calls(call(0, null, "a", "")), calls(call(1, null, "b", "")), finished("tool_calls"), "[DONE]"]
    assert.deepStrictEqual(
      lines(events(late)).slice(1, 4),
      ["a", "b", "c"].map((name, index) => `start 0.${index} function ${CallIds.made("c1", 0, index)} ${name}`)
    )
  })

  it("repeat ids and names, and null names, without starting again", () => {
    const values = [
      calls(call(0, "a", "f", "{")),
      calls({ index: 0, id: "a", function: { name: null, arguments: "\"x\":1" } }),
      calls(call(0, "a", "f", "}")),
      finished("tool_calls"),
      "[DONE]"
    ]
    assert.deepStrictEqual(parts(values), [{ type: "tool-call", kind: "function", id: "a", name: "f", arguments: "{\"x\":1}" }])
  })

  it("sent whole twice are one", () => {
    const whole = calls(call(0, "a", "f", "{\"x\":1}"))
    assert.deepStrictEqual(parts([whole, whole, finished("tool_calls"), "[DONE]"]), [{
      type: "tool-call",
      kind: "function",
      id: "a",
      name: "f",
      arguments: "{\"x\":1}"
    }])
  })

  it("with the same index and other ids are others", () => {
    const values = [calls(call(0, "a", "f", "{}")), calls(call(0, "b", "f", "[]")), finished("tool_calls"), "[DONE]"]
    assert.deepStrictEqual(parts(values)?.map((part) => part.type === "tool-call" ? part.id : undefined), ["a", "b"])
  })

  it("without an index follow each other", () => {
    const values = [
      calls(call(undefined, "a", "f", "{}")),
      calls(call(undefined, "b", "g", "[")),
      calls(call(undefined, null, null, "]")),
      finished("tool_calls"),
      "[DONE]"
    ]
    assert.deepStrictEqual(parts(values)?.map((part) => part.type === "tool-call" ? part.arguments : undefined), ["{}", "[]"])
  })

  it("of custom tools carry text", () => {
    const custom = calls({ index: 0, id: "a", type: "custom", custom: { name: "sh", input: "l" } })
    assert.deepStrictEqual(parts([custom, calls({ index: 0, custom: { input: "s" } }), finished("tool_calls"), "[DONE]"]), [
      { type: "tool-call", kind: "custom", id: "a", name: "sh", arguments: "ls" }
    ])
  })

  it("of the deprecated kind have an id made from their name", () => {
    const values = [chunk({ function_call: { name: "f", arguments: "" } }), chunk({ function_call: { arguments: "{}" } }), finished("function_call"), "[DONE]"]
    assert.deepStrictEqual(parts(values), [{ type: "tool-call", kind: "function", id: "call_f", name: "f", arguments: "{}" }])
  })
})

describe("what providers say beside the text", () => {
  it("is usage, wherever they put it; null says nothing", () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2 }
    for (
      const last of [
        trailer({ usage }),
        { ...finished("stop"), x_groq: { usage } },
        chunk({}, { finish_reason: "stop", usage }),
        { ...finished("stop"), usage }
      ]
    ) {
      const told = events([chunk({ content: "a" }, {}, { usage: null }), finished("stop"), last, "[DONE]"]).filter((event) => event.type === "usage")
      assert.deepStrictEqual(told, [{ type: "usage", usage: { input: 3, output: 2 } }])
    }
  })

  it("is usage of which the last counts, zeros that stand in for it first", () => {
    const counted = (prompt: number, completion: number): JsonObject => ({
      usage: { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion }
    })
    const values = [chunk({ content: "a" }, {}, counted(0, 0)), chunk({}, { finish_reason: "stop" }, counted(3, 1)), "[DONE]"]
    assert.deepStrictEqual(Collect.collect(events(values)).usage, { input: 3, output: 1 })
  })

  it("is thinking with its seals, one block per detail", () => {
    const detail = (more: JsonObject): JsonObject => chunk({ reasoning: null, reasoning_details: [{ format: "f", index: 0, type: "reasoning.text", ...more }] })
    const values = [
      detail({ text: "a" }),
      detail({ text: "b" }),
      detail({ signature: "s" }),
      detail({ type: "reasoning.encrypted", data: "d", index: 1 }),
      finished("stop"),
      "[DONE]"
    ]
    assert.deepStrictEqual(parts(values), [
      { type: "reasoning", form: "raw", text: "ab", signature: { by: "openai-chat", value: "s" } },
      { type: "reasoning", form: "raw", text: "", encrypted: { by: "openai-chat", value: "d" } }
    ] as never)
  })

  it("is thinking inside content, as Mistral sends it", () => {
    const thinking = (text: string): JsonObject => chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text }] }] })
    assert.deepStrictEqual(
      parts([thinking("a"), thinking("b"), chunk({ content: [{ type: "text", text: "c" }] }), chunk({ content: "d" }), finished("stop"), "[DONE]"]),
      [
        { type: "reasoning", form: "raw", text: "ab" },
        { type: "text", text: "cd" }
      ]
    )
  })

  it("is sound with its transcript", () => {
    const values = [
      chunk({ audio: { id: "au", transcript: "he" } }),
      chunk({ audio: { data: "AAAA" } }),
      chunk({ audio: { transcript: "y", data: "BBBB" } }),
      finished("stop"),
      "[DONE]"
    ]
    const answer = Collect.collect(events(values)).choices[0]?.parts[0]
    assert.deepStrictEqual(answer, { part: { type: "audio", source: { type: "base64", data: "AAAABBBB" }, transcript: "hey" }, item: { id: "au" } })
  })

  it("is citations of the text, log probabilities of the choice, and sources told once", () => {
    const citation = { type: "url_citation", url_citation: { url: "https://e.x", title: "t", start_index: 0, end_index: 1 } }
    const logprobs = { content: [{ token: "a", logprob: -1, bytes: [97], top_logprobs: [] }], refusal: null }
    const all = events([
      chunk({ content: "a" }, { logprobs }, { citations: ["https://s.x"] }),
      chunk({ annotations: [citation] }, {}, { citations: ["https://s.x"] }),
      finished("stop"),
      "[DONE]"
    ]).filter((event) => event.type === "annotation")
    assert.deepStrictEqual(all, [
      { type: "annotation", choice: 0, annotation: { kind: "logprobs", of: "text", tokens: [{ token: "a", logprob: -1, bytes: [97], top: [] }] } },
      { type: "annotation", annotation: { kind: "citation", url: "https://s.x" } },
      {
        type: "annotation",
        choice: 0,
        index: 0,
        annotation: { kind: "citation", url: "https://e.x", title: "t", start: 0, end: 1, native: { dialect: "openai-chat", value: citation } }
      }
    ] as never)
  })

  it("before the answer, as Azure's filter results, does not start it", () => {
    const filter = { id: "", model: "", created: 0, choices: [], prompt_filter_results: [{ prompt_index: 0 }] }
    const all = frames([filter, chunk({ content: "a" }), finished("stop"), "[DONE]"])
    assert.deepStrictEqual(all[0]?.events, [])
    assert.deepInclude(all[1]?.events[0], { type: "start", id: "c1", model: "m1", created: 5 })
  })

  it("in events nobody knows is kept as foreign", () => {
    assert.deepStrictEqual(lines(events([{ object: "ping" }, chunk({ content: "a" }), finished("stop"), "[DONE]"])).slice(0, 2), ["foreign", "start"])
  })
})

describe("a stream that fails", () => {
  it("says the provider's error, classed by its code, and nothing after it", () => {
    assert.deepStrictEqual(
      lines(events([chunk({ content: "a" }), { error: { message: "m", code: "rate_limit_exceeded" } }, chunk({ content: "b" }), "[DONE]"])).slice(-1),
      ["error rate-limited"]
    )
    assert.deepStrictEqual(lines(events([{ error: "text" }])), ["error unknown"])
  })

  it("is a violation where an event is no JSON or no chunk", () => {
    assert.deepStrictEqual(lines(events([chunk({ content: "a" }), "{broken"])).slice(-1), ["error protocol-violation"])
    assert.deepStrictEqual(lines(events([{ choices: [{ delta: { tool_calls: "x" } }] }])), ["error protocol-violation"])
    assert.deepStrictEqual(lines(events([[1]])), ["error protocol-violation"])
  })

  it("is cut where it ends before its finish, and empty where it never began", () => {
    assert.deepStrictEqual(lines(events([chunk({ content: "a" })], "reset")).slice(-1), ["error cut"])
    assert.deepStrictEqual(lines(events([], "eof")), ["error empty"])
    assert.deepStrictEqual(lines(events(["[DONE]"])), ["error empty"])
  })

  it("is whole where only its last mark is missing", () => {
    assert.deepStrictEqual(lines(events([chunk({ content: "a" }), finished("stop")], "reset")).slice(-2), ["finish 0 stop", "end"])
  })

  it("ends once", () => {
    assert.strictEqual(
      lines(events([chunk({ content: "a" }), finished("stop"), "[DONE]", "[DONE]", chunk({ content: "b" })])).filter((line) => line === "end").length,
      1
    )
  })
})
