/** Why an answer ended, in every protocol's own words: once, with its reason, and never as a plain stop where it was none. */
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const { chat, gemini, messages, responses } = Crossed

const chunk = (delta: JsonObject, reason: string | null = null): JsonObject => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 5,
  model: "m1",
  choices: [{ index: 0, delta, finish_reason: reason }]
})
const counted: JsonObject = {
  id: "c1",
  object: "chat.completion.chunk",
  created: 5,
  model: "m1",
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
}

const begun: JsonObject = {
  type: "message_start",
  message: {
    id: "m",
    type: "message",
    role: "assistant",
    model: "m",
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 }
  }
}
const block = (content: JsonObject, ...deltas: ReadonlyArray<JsonObject>): ReadonlyArray<JsonObject> => [
  { type: "content_block_start", index: 0, content_block: content },
  ...deltas.map((delta) => ({ type: "content_block_delta", index: 0, delta })),
  { type: "content_block_stop", index: 0 }
]
const stopped = (reason: string): ReadonlyArray<JsonObject> => [
  { type: "message_delta", delta: { stop_reason: reason, stop_sequence: null }, usage: { output_tokens: 2 } },
  { type: "message_stop" }
]

const response: JsonObject = { id: "resp_1", object: "response", created_at: 7, model: "m", status: "in_progress", output: [] }

/** Answers that were stopped for what they said, in the words of each provider. */
const stoppedBySafety: ReadonlyArray<readonly [what: string, from: Dialect, events: ReadonlyArray<Json>]> = [
  ["a filter of chat completions", chat, [chunk({ content: "a" }), chunk({}, "content_filter"), "[DONE]"]],
  ["a refusal of Messages", messages, [begun, ...block({ type: "text", text: "" }, { type: "text_delta", text: "a" }), ...stopped("refusal")]],
  ["a filter of Responses", responses, [
    { type: "response.created", response },
    { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: "a" },
    { type: "response.incomplete", response: { ...response, status: "incomplete", incomplete_details: { reason: "content_filter" } } }
  ]],
  ["the safety of Gemini", gemini, [{ candidates: [{ content: { parts: [{ text: "a" }], role: "model" }, finishReason: "SAFETY" }], responseId: "r1" }]],
  ["a prompt that Gemini blocked", gemini, [{ promptFeedback: { blockReason: "SAFETY" }, responseId: "r1" }]]
]

/** What each client reads of the end. */
const words: ReadonlyArray<readonly [client: string, to: Dialect, word: RegExp]> = [
  ["chat completions", chat, /"finish_reason":"content_filter"/],
  ["Messages", messages, /"stop_reason":"refusal"/],
  ["Responses", responses, /"type":"response\.incomplete".*"incomplete_details":\{"reason":"content_filter"\}/],
  ["Gemini", gemini, /"finishReason":"SAFETY"|"blockReason":"SAFETY"/]
]

describe("an answer that was stopped for what it said", () => {
  for (const [what, from, events] of stoppedBySafety) {
    for (const [client, to, word] of words) {
      it(`is no plain stop: ${what}, for a client of ${client}`, () => {
        const written = JSON.stringify(Crossed.stream(from, to, events).events)
        assert.match(written, word)
        assert.notMatch(written, /"finish_reason":"stop"|"stop_reason":"end_turn"|"type":"response\.completed"|"finishReason":"STOP"/)
      })
    }
  }

  it("in words of its own keeps them where a protocol has a place for them", () => {
    const refusal = [chunk({ refusal: "I will " }), chunk({ refusal: "not." }), chunk({}, "stop"), "[DONE]"]
    assert.match(JSON.stringify(Crossed.stream(chat, responses, refusal).events), /"refusal":"I will not\."/)
    assert.match(JSON.stringify(Crossed.stream(chat, messages, refusal).events), /"stop_reason":"refusal"/)
    assert.match(JSON.stringify(Crossed.stream(chat, gemini, refusal).events), /"finishReason":"SAFETY"/)
  })
})

const stopsOf = ({ events }: Crossed.CrossedAnswer): ReadonlyArray<unknown> =>
  events.flatMap(({ delta, type }) => type === "message_delta" ? [(delta as JsonObject)["stop_reason"]] : [])

describe("a stream of Messages to a chat client", () => {
  it("that stops for tools finishes once, for tools", () => {
    const call = block({ type: "tool_use", id: "t1", name: "f", input: {} }, { type: "input_json_delta", partial_json: "{}" })
    const { events, marks } = Crossed.stream(messages, chat, [begun, ...call, ...stopped("tool_use")])
    const reasons = events.flatMap(({ choices }) => (choices as ReadonlyArray<JsonObject>).map((choice) => choice["finish_reason"])).filter((reason) =>
      reason !== null
    )
    assert.deepStrictEqual([reasons, marks], [["tool_calls"], ["[DONE]"]])
  })
})

describe("a chat stream to a client of Messages", () => {
  it("that ran into its limit stops once, for that reason", () => {
    assert.deepStrictEqual(stopsOf(Crossed.stream(chat, messages, [chunk({ content: "a" }), chunk({}, "length"), "[DONE]"])), ["max_tokens"])
  })

  it("whose tokens come behind the finish stops once, behind them and with them", () => {
    const { events } = Crossed.stream(chat, messages, [chunk({ content: "a" }), chunk({}, "stop"), counted, "[DONE]"])
    assert.deepStrictEqual(events.slice(-2).map(({ type }) => type), ["message_delta", "message_stop"])
    assert.deepInclude(events.at(-2)?.["usage"], { input_tokens: 3, output_tokens: 2 })
    assert.strictEqual(events.filter(({ type }) => type === "message_stop").length, 1)
  })

  it("that finishes without tokens and without a mark stops when the bytes end", () => {
    const answer = Crossed.stream(chat, messages, [chunk({ content: "a" }), chunk({}, "stop")])
    assert.deepStrictEqual([stopsOf(answer), answer.events.at(-1)?.["type"]], [["end_turn"], "message_stop"])
  })
})

describe("arguments that are no valid JSON", () => {
  const call = (args: string): JsonObject => ({ id: "c", type: "function", function: { name: "f", arguments: args } })

  it("stay as the model wrote them in a stream", () => {
    const { events } = Crossed.stream(chat, messages, [chunk({ tool_calls: [{ index: 0, ...call("{\"a\":") }] }), chunk({}, "tool_calls"), "[DONE]"])
    assert.deepStrictEqual(
      events.flatMap(({ delta }) => delta === undefined ? [] : [(delta as JsonObject)["partial_json"]]).filter((text) => text !== undefined),
      ["{\"a\":"]
    )
  })

  it("stand whole in an object where a body needs one, and that is reported", () => {
    const choices = [{ index: 0, message: { role: "assistant", content: null, tool_calls: [call("{\"a\":")] }, finish_reason: "tool_calls" }]
    const { body, losses } = Crossed.whole(chat, messages, { id: "c", object: "chat.completion", created: 1, model: "m", choices })
    assert.deepInclude((body["content"] as ReadonlyArray<JsonObject>)[0], { type: "tool_use", input: { arguments: "{\"a\":" } })
    assert.include(losses, "/choices/0/parts/0/arguments approximated")
  })
})
