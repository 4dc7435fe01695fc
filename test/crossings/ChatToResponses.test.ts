/** Requests of chat clients to a provider of Responses, and answers of chat providers to clients of Responses. */
import * as CallIds from "@sluice/protocol/CallIds"
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const { chat, responses } = Crossed

const call = (id: string, name = "f"): JsonObject => ({ id, type: "function", function: { name, arguments: "{}" } })
const calling = (...calls: ReadonlyArray<JsonObject>): JsonObject => ({ role: "assistant", content: null, tool_calls: calls })
const result = (id: string | null | undefined, content: string | ReadonlyArray<JsonObject>): JsonObject => ({
  role: "tool",
  ...(id === undefined ? {} : { tool_call_id: id }),
  content
})
const user: JsonObject = { role: "user", content: "x" }
const asked = (messages: ReadonlyArray<JsonObject>, more: JsonObject = {}): Crossed.CrossedRequest =>
  Crossed.request(chat, responses, { model: "m", messages, ...more })

const itemCall = (id: string, name = "f"): JsonObject => ({ type: "function_call", call_id: id, name, arguments: "{}" })
const output = (id: string, text: string | ReadonlyArray<JsonObject>): JsonObject => ({ type: "function_call_output", call_id: id, output: text })
const userItem: JsonObject = { type: "message", role: "user", content: "x" }

describe("a chat request to Responses", () => {
  const long = "n".repeat(70)
  const tools = [
    { type: "function", function: { name: `${long}_one` } },
    { type: "function", function: { name: `${long}_two` } },
    { type: "custom", custom: { name: `${long}_three` } }
  ]

  it("with names longer than 64 characters gets short ones, each its own, that stay of their kind and are given back", () => {
    const { body, renamed } = asked([user, calling(call("c1", `${long}_two`)), result("c1", "r")], { tools })
    const [one, two, three] = body["tools"] as ReadonlyArray<JsonObject>
    assert.deepStrictEqual([one?.["type"], two?.["type"], three?.["type"]], ["function", "function", "custom"])
    const names = [one, two, three].map((tool) => String(tool?.["name"]))
    assert.deepStrictEqual(names.map((name) => renamed.get(name)), [`${long}_one`, `${long}_two`, `${long}_three`])
    assert.isTrue(names.every((name) => /^[a-zA-Z0-9_-]{1,64}$/.test(name)))
    assert.strictEqual((body["input"] as ReadonlyArray<JsonObject>)[1]?.["name"], names[1])
  })

  it("that uses an id of a call again in a later round keeps both calls, each before its own result", () => {
    const messages = [user, calling(call("c1")), result("c1", "one"), calling(call("c1", "g")), result("c1", "two")]
    assert.deepStrictEqual(asked(messages).body["input"], [userItem, itemCall("c1"), output("c1", "one"), itemCall("c1", "g"), output("c1", "two")])
  })

  for (const id of [undefined, null, ""]) {
    it(`with results that name no call (${JSON.stringify(id)}) takes them for answers to the oldest call nothing else answers`, () => {
      const { body, losses } = asked([user, calling(call("c1"), call("c2"), call("c3")), result(id, "one"), result("c2", "two"), result(id, "three")])
      assert.deepStrictEqual(body["input"], [
        userItem,
        itemCall("c1"),
        itemCall("c2"),
        itemCall("c3"),
        output("c1", "one"),
        output("c2", "two"),
        output("c3", "three")
      ])
      assert.deepStrictEqual(losses, [])
    })
  }

  it("with an id used twice in one answer, a second result for a call and a result for no call passes all of them on", () => {
    const messages = [user, calling(call("c1"), call("c1", "g")), result("c1", "one"), result("c1", "again"), result("c9", "orphan")]
    const { body, losses } = asked(messages)
    assert.deepStrictEqual(body["input"], [
      userItem,
      itemCall("c1"),
      itemCall("c1", "g"),
      output("c1", "one"),
      output("c1", "again"),
      output("c9", "orphan")
    ])
    assert.deepStrictEqual(losses, [])
  })

  it("with a result whose text is JSON about a picture leaves the text alone, and sends a picture that is a part as one", () => {
    const picture = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "low" } }
    const text = JSON.stringify([picture])
    const messages = [user, calling(call("c1"), call("c2")), result("c1", text), result("c2", [{ type: "text", text: "see" }, picture])]
    assert.deepStrictEqual((asked(messages).body["input"] as ReadonlyArray<JsonObject>).slice(3), [
      output("c1", text),
      output("c2", [{ type: "input_text", text: "see" }, { type: "input_image", image_url: "data:image/png;base64,AAAA", detail: "low" }])
    ])
  })

  it("keeps what it says of sampling, storage, tier and parallel calls, and says nothing it did not say", () => {
    const said = { temperature: 0.5, top_p: 0.25, store: true, service_tier: "flex", parallel_tool_calls: false, user: "u" }
    const tools = [{ type: "function", function: { name: "f" } }]
    assert.deepInclude(asked([user], { ...said, tools }).body, said)
    assert.deepStrictEqual(asked([user]).body, { model: "m", input: [userItem] })
  })

  it("says its system prompt as instructions", () => {
    assert.deepStrictEqual(asked([{ role: "system", content: "s" }, user]).body, { model: "m", instructions: "s", input: [userItem] })
  })

  it("whose stream is a word and no boolean is refused with its place", () => {
    assert.strictEqual(
      responses.request.check({ body: { model: "m", input: "x", stream: "true" }, headers: {}, path: {} })?.param,
      "/stream"
    )
  })
})

const chunk = (delta: JsonObject, more: JsonObject = {}): JsonObject => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 5,
  model: "m1",
  choices: [{ index: 0, delta, finish_reason: null, ...more }]
})
const finished = (reason: string): JsonObject => chunk({}, { finish_reason: reason })
const usage: JsonObject = {
  id: "c1",
  object: "chat.completion.chunk",
  created: 5,
  model: "m1",
  choices: [],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
}
const piece = (index: number, more: JsonObject): JsonObject => chunk({ tool_calls: [{ index, ...more }] })
const begun = (index: number, id: string, name: string, args: string): JsonObject => piece(index, { id, type: "function", function: { name, arguments: args } })

const answered = (...values: ReadonlyArray<JsonObject | string>): Crossed.CrossedAnswer => Crossed.stream(chat, responses, values)
const typesOf = ({ events }: Crossed.CrossedAnswer): ReadonlyArray<string> => events.map(({ type }) => String(type).replace("response.", ""))
const lastOf = ({ events }: Crossed.CrossedAnswer): JsonObject => events.at(-1)?.["response"] as JsonObject
const outputOf = (answer: Crossed.CrossedAnswer): ReadonlyArray<JsonObject> => lastOf(answer)["output"] as ReadonlyArray<JsonObject>

describe("a chat stream to a client of Responses", () => {
  it("whose tokens come behind the finish is completed once, at its mark, with them", () => {
    const answer = answered(chunk({ content: "a" }), finished("stop"), usage, "[DONE]")
    assert.strictEqual(typesOf(answer).filter((type) => type === "completed").length, 1)
    assert.deepInclude(lastOf(answer)["usage"], { input_tokens: 3, output_tokens: 2, total_tokens: 5 })
  })

  it("without tokens is completed without them", () => {
    const answer = answered(chunk({ content: "a" }), finished("stop"), "[DONE]")
    assert.strictEqual(typesOf(answer).at(-1), "completed")
    assert.isUndefined(lastOf(answer)["usage"])
  })

  it("whose mark comes before any finish is incomplete, its call too, and that is a reported loss", () => {
    const thinking = answered(chunk({ reasoning_content: "hm" }), "[DONE]")
    assert.deepStrictEqual([typesOf(thinking).at(-1), thinking.losses], ["incomplete", ["/choices/0/finish approximated"]])
    const cut = answered(begun(0, "c", "f", "{\"a\""), "[DONE]")
    assert.strictEqual(typesOf(cut).at(-1), "incomplete")
    assert.deepStrictEqual(outputOf(cut).map(({ arguments: args, status }) => [status, args]), [["incomplete", "{\"a\""]])
  })

  it("whose bytes end in the middle of a call fails, and says no end of the call", () => {
    const answer = answered(begun(0, "c", "f", "{\"a\""))
    assert.deepStrictEqual(typesOf(answer), ["created", "in_progress", "output_item.added", "function_call_arguments.delta", "failed"])
  })

  it("cut by the limit of tokens is incomplete for that reason, and the call it was cut in keeps what came", () => {
    const answer = answered(begun(0, "c", "f", "{}"), begun(1, "d", "g", "{\"a\""), finished("length"), "[DONE]")
    assert.deepInclude(lastOf(answer), { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } })
    assert.deepStrictEqual(outputOf(answer).map(({ arguments: args, status }) => [status, args]), [["completed", "{}"], ["incomplete", "{\"a\""]])
  })

  it("cut before a call's arguments leaves them empty instead of inventing an object", () => {
    const answer = answered(begun(0, "c", "f", ""), finished("length"), "[DONE]")
    assert.deepStrictEqual(outputOf(answer).map(({ arguments: args, status }) => [status, args]), [["incomplete", ""]])
    assert.isFalse(typesOf(answer).includes("function_call_arguments.delta"))
  })

  it("ended by a filter is incomplete for that reason, its message too", () => {
    const answer = answered(chunk({ content: "a" }), finished("content_filter"), "[DONE]")
    assert.deepInclude(lastOf(answer), { status: "incomplete", incomplete_details: { reason: "content_filter" } })
    assert.deepStrictEqual(outputOf(answer).map(({ status }) => status), ["incomplete"])
  })

  it("of words and two interleaved calls gives each an index of its own, announced, ended and restated in the same order", () => {
    const answer = answered(
      chunk({ content: "a" }),
      begun(0, "c", "f", "{\"a\""),
      begun(1, "d", "g", "{}"),
      piece(0, { function: { arguments: ":1}" } }),
      finished("tool_calls"),
      "[DONE]"
    )
    const indexes = (type: string): ReadonlyArray<unknown> => answer.events.filter((event) => event["type"] === type).map((event) => event["output_index"])
    assert.deepStrictEqual(indexes("response.output_item.added"), [0, 1, 2])
    assert.deepStrictEqual(indexes("response.output_item.done"), [0, 1, 2])
    assert.deepStrictEqual(outputOf(answer).map(({ arguments: args, call_id: id, type }) => [type, id, args]), [
      ["message", undefined, undefined],
      ["function_call", "c", "{\"a\":1}"],
      ["function_call", "d", "{}"]
    ])
  })

  it("whose ids of calls come late or never waits for them, or makes one from the answer's id and the call's place", () => {
    const answer = answered(
      piece(0, { function: { name: "f", arguments: "{" } }),
      piece(0, { id: "late", function: { arguments: "}" } }),
      piece(1, { function: { name: "g", arguments: "{}" } }),
      finished("tool_calls"),
      "[DONE]"
    )
    assert.deepStrictEqual(outputOf(answer).map(({ arguments: args, call_id: id, name }) => [id, name, args]), [["late", "f", "{}"], [
      CallIds.made("c1", 0, 1),
      "g",
      "{}"
    ]])
  })

  it("whose custom tool gets its name late is announced as a custom call, and never as a function", () => {
    const answer = answered(
      piece(0, { id: "c", type: "custom", custom: { input: "l" } }),
      piece(0, { custom: { name: "sh", input: "s" } }),
      finished("tool_calls"),
      "[DONE]"
    )
    assert.deepStrictEqual(typesOf(answer), [
      "created",
      "in_progress",
      "output_item.added",
      "custom_tool_call_input.delta",
      "custom_tool_call_input.done",
      "output_item.done",
      "completed"
    ])
    assert.deepInclude(answer.events[2]?.["item"], { type: "custom_tool_call", call_id: "c", name: "sh" })
  })
})
