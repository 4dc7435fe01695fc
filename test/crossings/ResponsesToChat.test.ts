/** Requests of clients of Responses to a chat provider, and answers of providers of Responses to chat clients. */
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const { chat, responses } = Crossed

const head: JsonObject = { id: "resp_1", object: "response", created_at: 7, model: "m", status: "in_progress", output: [] }
const created: JsonObject = { type: "response.created", response: head }
const ended = (status: "completed" | "incomplete", more: JsonObject = {}): JsonObject => ({
  type: `response.${status}`,
  response: { ...head, status, ...more }
})
const fn = (n: number, args = ""): JsonObject => ({ id: `fc_${n}`, type: "function_call", call_id: `c${n}`, name: `f${n}`, arguments: args })
const added = (n: number, item: JsonObject): JsonObject => ({ type: "response.output_item.added", output_index: n, item })
const done = (n: number, item: JsonObject): JsonObject => ({ type: "response.output_item.done", output_index: n, item })
const at = (n: number, isIndexed: boolean): JsonObject => isIndexed ? { output_index: n } : { item_id: `fc_${n}` }
const args = (n: number, delta: string, isIndexed = true): JsonObject => ({ type: "response.function_call_arguments.delta", ...at(n, isIndexed), delta })
const argsDone = (n: number, whole: string, isIndexed = true): JsonObject => ({
  type: "response.function_call_arguments.done",
  ...at(n, isIndexed),
  arguments: whole
})

const answered = (...values: ReadonlyArray<JsonObject>): Crossed.CrossedAnswer => Crossed.stream(responses, chat, values)
const choicesOf = ({ events }: Crossed.CrossedAnswer): ReadonlyArray<JsonObject> =>
  events.flatMap(({ choices }) => (choices as ReadonlyArray<JsonObject>).slice(0, 1))
const deltasOf = (answer: Crossed.CrossedAnswer): ReadonlyArray<unknown> => choicesOf(answer).map(({ delta }) => delta)
const calledWith = (index: number, text: string): JsonObject => ({ tool_calls: [{ index, function: { arguments: text } }] })

describe("a stream of Responses to a chat client", () => {
  it("has pieces of a call that say nothing but the call", () => {
    const answer = answered(
      created,
      added(0, fn(0)),
      args(0, "{\"a\""),
      args(0, ":1}"),
      argsDone(0, "{\"a\":1}"),
      done(0, fn(0, "{\"a\":1}")),
      ended("completed")
    )
    assert.deepStrictEqual(deltasOf(answer).slice(1), [calledWith(0, "{\"a\""), calledWith(0, ":1}"), {}])
  })

  for (const isIndexed of [true, false]) {
    it(`of two interleaved calls, told by ${isIndexed ? "index" : "item"}, gives each its own pieces, and ends that restate them say nothing more`, () => {
      const answer = answered(
        created,
        added(0, fn(0)),
        added(1, fn(1)),
        args(0, "{\"a\"", isIndexed),
        args(1, "{\"b\"", isIndexed),
        args(0, ":1}", isIndexed),
        args(1, ":2}", isIndexed),
        argsDone(1, "{\"b\":2}", isIndexed),
        argsDone(0, "{\"a\":1}", isIndexed),
        done(0, fn(0, "{\"a\":1}")),
        done(1, fn(1, "{\"b\":2}")),
        ended("completed")
      )
      const begins = (index: number): JsonObject => ({
        tool_calls: [{ index, id: `c${index}`, type: "function", function: { name: `f${index}`, arguments: "" } }]
      })
      assert.deepStrictEqual(deltasOf(answer), [
        { role: "assistant", content: null, ...begins(0) },
        begins(1),
        calledWith(0, "{\"a\""),
        calledWith(1, "{\"b\""),
        calledWith(0, ":1}"),
        calledWith(1, ":2}"),
        {}
      ])
    })
  }

  it("with an empty piece of a custom tool's input sends nothing for it, and the whole input from its end", () => {
    const item = (input: string): JsonObject => ({ id: "ctc_0", type: "custom_tool_call", call_id: "c0", name: "sh", input })
    const answer = answered(
      created,
      added(0, item("")),
      { type: "response.custom_tool_call_input.delta", output_index: 0, delta: "" },
      { type: "response.custom_tool_call_input.done", output_index: 0, input: "ls" },
      done(0, item("ls")),
      ended("completed")
    )
    assert.deepStrictEqual(deltasOf(answer).slice(1), [{ tool_calls: [{ index: 0, custom: { input: "ls" } }] }, {}])
  })

  it("that is incomplete by its limit finishes with length, though a call had begun", () => {
    const answer = answered(created, added(0, fn(0)), args(0, "{\"a\""), ended("incomplete", { incomplete_details: { reason: "max_output_tokens" } }))
    assert.deepStrictEqual(choicesOf(answer).map(({ finish_reason: reason }) => reason), [null, null, "length"])
  })

  it("whose provider does not count cache writes does not say zero of them", () => {
    const usage = {
      input_tokens: 5,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens: 2,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 7
    }
    assert.deepStrictEqual(answered(created, ended("completed", { usage })).events.at(-1)?.["usage"], {
      prompt_tokens: 5,
      completion_tokens: 2,
      total_tokens: 7,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 0 }
    })
  })

  it("whose provider counts no cache write where it must say a number says none either", () => {
    const usage = { input_tokens: 5, input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 }, output_tokens: 2, total_tokens: 7 }
    assert.deepStrictEqual(answered(created, ended("completed", { usage })).events.at(-1)?.["usage"], {
      prompt_tokens: 5,
      completion_tokens: 2,
      total_tokens: 7,
      prompt_tokens_details: { cached_tokens: 0 }
    })
  })
})

describe("a whole answer of Responses to a chat client", () => {
  const message = (id: string, ...texts: ReadonlyArray<string>): JsonObject => ({
    id,
    type: "message",
    role: "assistant",
    status: "completed",
    content: texts.map((text) => ({ type: "output_text", text, annotations: [] }))
  })

  for (const [what, last] of [["an empty text", message("m2", "")], ["no content", message("m2")]] as const) {
    it(`whose last message has ${what} keeps the words of the one before`, () => {
      const { body } = Crossed.whole(responses, chat, { ...head, status: "completed", output: [message("m1", "Hello"), last] })
      assert.deepInclude((body["choices"] as ReadonlyArray<JsonObject>)[0]?.["message"], { content: "Hello" })
    })
  }
})

const itemCall = (id: string, name = "f"): JsonObject => ({ type: "function_call", call_id: id, name, arguments: "{}" })
const output = (id: string | null, text = "r"): JsonObject => ({ type: "function_call_output", call_id: id, output: text })
const user: JsonObject = { role: "user", content: "x" }
const asked = (input: string | ReadonlyArray<JsonObject>, more: JsonObject = {}): Crossed.CrossedRequest =>
  Crossed.request(responses, chat, { model: "m", input, ...more })
const called = (...ids: ReadonlyArray<string>): JsonObject => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => ({ id, type: "function", function: { name: "f", arguments: "{}" } }))
})
const result = (id: string, content = "r"): JsonObject => ({ role: "tool", tool_call_id: id, content })

describe("a request of Responses to chat", () => {
  it("with words between a call and its output says them behind the output", () => {
    const { body, losses } = asked([itemCall("c1"), user, output("c1")])
    assert.deepStrictEqual(body["messages"], [called("c1"), result("c1"), user])
    assert.deepStrictEqual(losses, ["/input/2 approximated"])
  })

  it("with calls one after the other says them in one message, and calls with words between in two", () => {
    assert.deepStrictEqual(asked([itemCall("c1"), itemCall("c2"), output("c1"), output("c2")]).body["messages"], [
      called("c1", "c2"),
      result("c1"),
      result("c2")
    ])
    assert.deepStrictEqual(asked([itemCall("c1"), output("c1"), user, itemCall("c2"), output("c2")]).body["messages"], [
      called("c1"),
      result("c1"),
      user,
      called("c2"),
      result("c2")
    ])
  })

  it("with an output that names no call takes it for the answer to the oldest call nothing answers", () => {
    const { body, losses } = asked([itemCall("c1"), itemCall("c2"), output(null, "one"), output(null, "two")])
    assert.deepStrictEqual(body["messages"], [called("c1", "c2"), result("c1", "one"), result("c2", "two")])
    assert.deepStrictEqual(losses, [])
  })

  it("without tools says nothing of how to choose among them, and refuses where one was forced", () => {
    const { body, losses, refusing } = asked("x", { tool_choice: "auto", parallel_tool_calls: true })
    assert.deepStrictEqual([body, losses, refusing], [{ model: "m", messages: [user] }, ["/tool_choice dropped", "/parallel_tool_calls dropped"], []])
    assert.deepStrictEqual(asked("x", { tool_choice: "required" }).refusing, ["/tool_choice"])
  })

  it("with thinking that a chat provider cannot use loses it, each thought by its place, and invents none", () => {
    const thought = (...texts: ReadonlyArray<string>): JsonObject => ({
      type: "reasoning",
      id: "rs_1",
      summary: texts.map((text) => ({ type: "summary_text", text }))
    })
    const { body, losses } = asked([user, thought("one"), thought("two"), { role: "assistant", content: "a" }, thought(), user])
    assert.deepStrictEqual(body["messages"], [user, { role: "assistant", content: "a" }, user])
    assert.deepStrictEqual(losses, ["/input/1/summary/0 dropped", "/input/2/summary/0 dropped"])
  })

  it("with a detail of an image that chat does not know says the nearest, or none, and reports it", () => {
    const image = (detail: string): Crossed.CrossedRequest =>
      asked([{ role: "user", content: [{ type: "input_image", image_url: "https://example.com/a.png", detail }] }])
    const written = (more: JsonObject): ReadonlyArray<JsonObject> => [
      { role: "user", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png", ...more } }] }
    ]
    assert.deepStrictEqual(image("low").body["messages"], written({ detail: "low" }))
    assert.deepStrictEqual([image("original").body["messages"], image("original").losses], [written({ detail: "high" }), ["/input/0/content/0 approximated"]])
    assert.deepStrictEqual([image("sharp").body["messages"], image("sharp").losses], [written({}), ["/input/0/content/0 dropped"]])
  })

  it("with a detail that is no word is refused", () => {
    const content = [{ type: "input_image", image_url: "https://example.com/a.png", detail: 3 }]
    assert.strictEqual(
      responses.request.check({ body: { model: "m", input: [{ role: "user", content }] }, headers: {}, path: {} })?.class,
      "bad-request"
    )
  })
})
