/** Streams of Chat Completions, with the habits of compatible providers, as a client of Messages receives them. */
import * as CallIds from "@sluice/protocol/CallIds"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { chat, messages, stream } from "./Crossed.ts"
import { ofMessages } from "./Lines.ts"

const chunk = (delta: JsonObject, finish: string | null = null): JsonObject => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 5,
  model: "m1",
  choices: [{ index: 0, delta, finish_reason: finish }]
})

const call = (index: number, piece: JsonObject): JsonObject => chunk({ tool_calls: [{ index, ...piece }] })
const named = (name: Json, args: string): JsonObject => ({ function: { name, arguments: args } })
const usage: JsonObject = { id: "c1", object: "chat.completion.chunk", choices: [], usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 } }
const ending: ReadonlyArray<Json> = [chunk({}, "tool_calls"), usage, "[DONE]"]

const received = (...values: ReadonlyArray<Json>): ReadonlyArray<string> => ofMessages(stream(chat, messages, values).events)

/** What a client receives around its blocks. */
const around = (...blocks: ReadonlyArray<string>): ReadonlyArray<string> => ["start c1 m1", ...blocks, "tool_use 9 2", "stop"]

/** A block of a call. */
const block = (index: number, id: string, name: string, ...args: ReadonlyArray<string>): ReadonlyArray<string> => [
  `open ${index} tool_use ${id} ${name}`,
  ...args.map((text) => `${index} ${text}`),
  `close ${index}`
]

describe("usage", () => {
  it("that comes after the finish is in the one message_delta, and message_stop is last", () => {
    assert.deepStrictEqual(received(chunk({ role: "assistant", content: "Hi" }), chunk({}, "stop"), usage, "[DONE]"), [
      "start c1 m1",
      "open 0 text",
      "0 Hi",
      "close 0",
      "end_turn 9 2",
      "stop"
    ])
  })
})

describe("the name of a call", () => {
  it("that later pieces say is null opens no second block", () => {
    assert.deepStrictEqual(
      received(call(0, { id: "call_1", ...named("f", "") }), call(0, { id: null, ...named(null, "{\"a\":1}") }), ...ending),
      around(...block(0, "call_1", "f", "{\"a\":1}"))
    )
  })

  it("that is empty throughout is made from its place", () => {
    assert.deepStrictEqual(
      received(call(0, { id: "call_1", ...named("", "") }), call(0, named("", "{\"a\":1}")), ...ending),
      around(...block(0, "call_1", "tool_0", "{\"a\":1}"))
    )
  })

  it("that is a number counts as missing", () => {
    assert.deepStrictEqual(received(call(0, { id: "call_1", ...named(123, "{}") }), ...ending), around(...block(0, "call_1", "tool_0", "{}")))
  })

  it("that every piece repeats opens and closes one block", () => {
    assert.deepStrictEqual(
      received(call(0, { id: "call_1", ...named("f", "{\"a\"") }), call(0, { id: "call_1", ...named("f", ":1}") }), ...ending),
      around(...block(0, "call_1", "f", "{\"a\"", ":1}"))
    )
  })

  it("that is empty, without an id or arguments, makes no call, and the stop is a plain one", () => {
    assert.deepStrictEqual(received(chunk({ content: "Hi" }), call(0, named("", "")), ...ending), [
      "start c1 m1",
      "open 0 text",
      "0 Hi",
      "close 0",
      "end_turn 9 2",
      "stop"
    ])
  })
})

describe("the id of a call", () => {
  it("that is empty at first delays the block, and arguments that waited follow it", () => {
    assert.deepStrictEqual(
      received(call(0, { id: "", ...named("f", "{\"a\"") }), call(0, { id: "call_1", function: { arguments: ":1}" } }), ...ending),
      around(...block(0, "call_1", "f", "{\"a\":1}"))
    )
  })

  it("that comes in a piece without a function delays the block", () => {
    assert.deepStrictEqual(
      received(call(0, named("f", "{\"a\"")), call(0, { id: "call_1" }), call(0, { function: { arguments: ":1}" } }), ...ending),
      around(...block(0, "call_1", "f", "{\"a\"", ":1}"))
    )
  })

  it("that never comes is made from its answer and its place, and the stop is for tools", () => {
    assert.deepStrictEqual(received(call(0, named("f", "{}")), ...ending), around(...block(0, CallIds.made("c1", 0, 0), "f", "{}")))
  })

  it("that comes after the end of the stream changes nothing", () => {
    const late = [call(0, { id: "call_1", ...named("f", "{}") }), chunk({}, "tool_calls"), "[DONE]"]
    assert.deepStrictEqual(received(call(0, named("f", "{}")), ...ending, ...late), around(...block(0, CallIds.made("c1", 0, 0), "f", "{}")))
  })
})

describe("calls that wait", () => {
  it("for an id that never comes follow in the order of their index", () => {
    assert.deepStrictEqual(
      received(call(2, named("c", "{}")), call(0, named("a", "{}")), call(1, named("b", "{}")), ...ending),
      around(
        ...block(0, CallIds.made("c1", 0, 0), "a", "{}"),
        ...block(1, CallIds.made("c1", 0, 1), "b", "{}"),
        ...block(2, CallIds.made("c1", 0, 2), "c", "{}")
      )
    )
  })

  it("for a name come behind those that had theirs, and blocks are numbered without gaps", () => {
    assert.deepStrictEqual(
      received(call(0, { id: "call_0", ...named("", "{\"n\":0}") }), call(1, { id: "call_1", ...named("f", "{\"n\":1}") }), ...ending),
      around(...block(0, "call_1", "f", "{\"n\":1}"), ...block(1, "call_0", "tool_0", "{\"n\":0}"))
    )
  })
})
