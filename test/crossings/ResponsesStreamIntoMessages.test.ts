/** Streams of Responses as a client of Messages receives them. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { messages, request, responses, stream, whole } from "./Crossed.ts"
import { ofMessages } from "./Lines.ts"

const created: JsonObject = { type: "response.created", response: { id: "resp_1", model: "gpt-x", status: "in_progress", output: [] } }
const usage: JsonObject = { input_tokens: 3, output_tokens: 2, total_tokens: 5 }
const ended = (status: string, keys: JsonObject): JsonObject => ({
  type: `response.${status}`,
  response: { id: "resp_1", model: "gpt-x", status, output: [], usage, ...keys }
})
const completed = (...output: ReadonlyArray<JsonObject>): JsonObject => ended("completed", { output })

const added = (output: number, item: JsonObject): JsonObject => ({ type: "response.output_item.added", output_index: output, item })
const done = (output: number, item: JsonObject): JsonObject => ({ type: "response.output_item.done", output_index: output, item })
const says = (output: number, delta: string): JsonObject => ({ type: "response.output_text.delta", output_index: output, content_index: 0, delta })
const summary = (part: number, delta: string): JsonObject => ({ type: "response.reasoning_summary_text.delta", output_index: 0, summary_index: part, delta })
const argument = (output: number, delta: string): JsonObject => ({ type: "response.function_call_arguments.delta", output_index: output, delta })

const message = (...texts: ReadonlyArray<string>): JsonObject => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  content: texts.map((text) => ({ type: "output_text", text, annotations: [] }))
})
const thinking = (texts: ReadonlyArray<string>, sealed?: string): JsonObject => ({
  id: "rs_1",
  type: "reasoning",
  summary: texts.map((text) => ({ type: "summary_text", text })),
  ...(sealed === undefined ? {} : { encrypted_content: sealed })
})
const call = (id: string, name: string, args = ""): JsonObject => ({ id: `fc_${id}`, type: "function_call", call_id: id, name, arguments: args })

const crossed = (...events: ReadonlyArray<JsonObject>): ReturnType<typeof stream> => stream(responses, messages, [created, ...events])
const received = (...events: ReadonlyArray<JsonObject>): ReadonlyArray<string> => ofMessages(crossed(...events).events)

/** What a client receives around its blocks. */
const around = (reason: string, ...blocks: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => [
  "start resp_1 gpt-x",
  ...blocks.flat(),
  `${reason} 3 2`,
  "stop"
]
const block = (index: number, opening: string, ...deltas: ReadonlyArray<string>): ReadonlyArray<string> => [
  `open ${index} ${opening}`,
  ...deltas.map((delta) => `${index} ${delta}`),
  `close ${index}`
]

describe("thinking", () => {
  it("in several parts of a summary is as many blocks, one after the other", () => {
    assert.deepStrictEqual(
      received(added(0, thinking([])), summary(0, "one"), summary(1, "two"), done(0, thinking(["one", "two"])), says(1, "Hi"), completed()),
      around("end_turn", block(0, "thinking", "one"), block(1, "thinking", "two"), block(2, "text", "Hi"))
    )
  })

  it("that is sealed when it is announced and again when it ends gives the client no seal, which is told once", () => {
    const { events, losses } = crossed(
      added(0, thinking([], "early")),
      summary(0, "one"),
      done(0, thinking(["one"], "final")),
      completed(thinking(["one"], "final"))
    )
    assert.deepStrictEqual(ofMessages(events), around("end_turn", block(0, "thinking", "one")))
    assert.deepStrictEqual(losses, ["/choices/0/parts/0/encrypted dropped"])
  })

  it("of nothing but a seal makes no block, and the text behind it is the first", () => {
    const { events, losses } = crossed(added(0, thinking([])), done(0, thinking([], "final")), says(1, "Hi"), completed())
    assert.deepStrictEqual(ofMessages(events), around("end_turn", block(0, "text", "Hi")))
    assert.deepStrictEqual(losses, ["/choices/0/parts/0/encrypted dropped"])
  })
})

describe("a call", () => {
  it("whose name comes with its end starts then, with the arguments so far", () => {
    assert.deepStrictEqual(
      received(added(0, call("a", "")), argument(0, "{\"x\""), argument(0, ":1}"), done(0, call("a", "f", "{\"x\":1}")), completed()),
      around("tool_use", block(0, "tool_use a f", "{\"x\":1}"))
    )
  })

  it("whose arguments come with the end of the answer gets them before its block closes", () => {
    assert.deepStrictEqual(
      received(added(0, call("a", "f")), completed(call("a", "f", "{\"x\":1}"))),
      around("tool_use", block(0, "tool_use a f", "{\"x\":1}"))
    )
  })

  it("of which neither id nor name nor arguments ever come is none, and the stop is a plain one", () => {
    assert.deepStrictEqual(
      received(says(0, "Hi"), added(1, { id: "fc_1", type: "function_call", arguments: "" }), completed()),
      around("end_turn", block(0, "text", "Hi"))
    )
  })

  it("whose name never comes keeps its id and its arguments, under a name made from its place", () => {
    assert.deepStrictEqual(
      received(added(0, call("a", "")), argument(0, "{\"x\":1}"), completed()),
      around("tool_use", block(0, "tool_use a tool_0", "{\"x\":1}"))
    )
  })

  it("beside another, piece by piece in turns, is a block of its own, and only one is open", () => {
    assert.deepStrictEqual(
      received(
        added(0, call("a", "f")),
        added(1, call("b", "g")),
        argument(0, "{\"x\""),
        argument(1, "{\"y\""),
        argument(0, ":0}"),
        argument(1, ":1}"),
        done(1, call("b", "g", "{\"y\":1}")),
        done(0, call("a", "f", "{\"x\":0}")),
        completed()
      ),
      around("tool_use", block(0, "tool_use a f", "{\"x\"", ":0}"), block(1, "tool_use b g", "{\"y\"", ":1}"))
    )
  })

  it("behind a message that ends late does not open or close the message's block again", () => {
    assert.deepStrictEqual(
      received(
        added(0, message()),
        says(0, "Hi"),
        added(1, call("a", "f")),
        argument(1, "{}"),
        done(1, call("a", "f", "{}")),
        added(2, call("b", "g")),
        argument(2, "{}"),
        done(2, call("b", "g", "{}")),
        { type: "response.output_text.done", output_index: 0, content_index: 0, text: "Hi" },
        done(0, message("Hi")),
        completed(message("Hi"), call("a", "f", "{}"), call("b", "g", "{}"))
      ),
      around("tool_use", block(0, "text", "Hi"), block(1, "tool_use a f", "{}"), block(2, "tool_use b g", "{}"))
    )
  })

  it("whose id has more than 64 characters gets a shorter one, streamed, whole, and when the client brings it back", () => {
    const id = `call_${"x".repeat(80)}`
    const short = `call_${"x".repeat(44)}_08726o21viu13u`
    const { events, losses } = crossed(added(0, call(id, "f")), done(0, call(id, "f", "{}")), completed())
    assert.deepStrictEqual(ofMessages(events), around("tool_use", block(0, `tool_use ${short} f`, "{}")))
    assert.deepStrictEqual(losses, ["/choices/0/parts/0/id renamed"])
    const { body } = whole(responses, messages, { id: "resp_1", model: "gpt-x", status: "completed", output: [call(id, "f", "{}")], usage })
    assert.deepStrictEqual(body["content"], [{ type: "tool_use", id: short, name: "f", input: {}, caller: { type: "direct" } }])
    const input = [{ type: "message", role: "user", content: "go" }, call(id, "f", "{}"), { type: "function_call_output", call_id: id, output: "ok" }]
    assert.deepStrictEqual(request(responses, messages, { model: "claude-sonnet-4-5", input }).body["messages"], [
      { role: "user", content: "go" },
      { role: "assistant", content: [{ type: "tool_use", id: short, name: "f", input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: short, content: "ok" }] }
    ])
  })
})

describe("the stop reason", () => {
  const reasonOf = (...events: ReadonlyArray<JsonObject>): string | undefined => received(...events).at(-2)
  const incomplete = (reason: string): JsonObject => ended("incomplete", { incomplete_details: { reason } })

  it("says that the answer was too long, filtered or refused", () => {
    assert.strictEqual(reasonOf(says(0, "Hi"), incomplete("max_output_tokens")), "max_tokens 3 2")
    assert.strictEqual(reasonOf(says(0, "Hi"), incomplete("content_filter")), "refusal 3 2")
    assert.strictEqual(reasonOf({ type: "response.refusal.delta", output_index: 0, content_index: 0, delta: "No." }, completed()), "refusal 3 2")
  })

  it("is for tools behind a call, and else a plain one", () => {
    assert.strictEqual(reasonOf(says(0, "Hi"), done(1, call("a", "f", "{}")), completed()), "tool_use 3 2")
    assert.strictEqual(reasonOf(says(0, "Hi"), completed()), "end_turn 3 2")
  })
})

describe("an answer that fails by the provider's policy", () => {
  const words = "This request was flagged."
  const error = JSON.stringify({ type: "error", error: { type: "invalid_request_error", message: words }, request_id: "exchange-1" })

  it("is one error event that blames the request, with the provider's words, whichever way it is told", () => {
    const failures: ReadonlyArray<JsonObject> = [
      { type: "response.failed", response: { id: "resp_1", status: "failed", error: { code: "cyber_policy", message: words } } },
      { type: "error", code: "cyber_policy", message: words, param: null }
    ]
    for (const failure of failures) {
      assert.deepStrictEqual(received(failure), ["start resp_1 gpt-x", error])
      assert.deepStrictEqual(received(says(0, "Hi"), failure, says(0, "more")), ["start resp_1 gpt-x", "open 0 text", "0 Hi", error])
    }
  })
})

describe("a search by the provider", () => {
  const search = (keys: JsonObject = {}): JsonObject => ({ id: "ws_1", type: "web_search_call", ...keys })
  const searched = search({ status: "completed", action: { type: "search", query: "x" } })

  it("is a loss, streamed and whole, and the stop is a plain one", () => {
    const { events, losses } = crossed(
      added(0, search({ status: "in_progress" })),
      { type: "response.web_search_call.searching", output_index: 0, item_id: "ws_1" },
      done(0, searched),
      says(1, "Hi"),
      completed()
    )
    assert.deepStrictEqual(ofMessages(events), around("end_turn", block(0, "text", "Hi")))
    assert.deepStrictEqual(losses, ["/choices/0/parts/0 dropped", "/foreignEvents dropped"])
    const crossing = whole(responses, messages, { id: "resp_1", model: "gpt-x", status: "completed", output: [searched, message("Hi")], usage })
    const content: Json = [{ citations: null, type: "text", text: "Hi" }]
    assert.deepStrictEqual([crossing.body["content"], crossing.body["stop_reason"]], [content, "end_turn"])
    assert.deepStrictEqual(crossing.losses, ["/choices/0/parts/0 dropped"])
  })
})
