/** Requests of Messages clients as a provider of Chat Completions receives them. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { chat, type CrossedRequest, messages, request } from "./Crossed.ts"

const crossed = (keys: JsonObject): CrossedRequest =>
  request(messages, chat, { model: "gpt-4o", max_tokens: 100, messages: [{ role: "user", content: "go" }], ...keys })

const conversation = (...turns: ReadonlyArray<JsonObject>): CrossedRequest => crossed({ messages: [{ role: "user", content: "go" }, ...turns] })

const assistant = (...content: ReadonlyArray<JsonObject>): JsonObject => ({ role: "assistant", content })
const user = (...content: ReadonlyArray<JsonObject>): JsonObject => ({ role: "user", content })
const text = (words: string): JsonObject => ({ type: "text", text: words })
const thinking = (words: string): JsonObject => ({ type: "thinking", thinking: words, signature: "" })
const use: JsonObject = { type: "tool_use", id: "t1", name: "f", input: {} }
const result = (content: Json): JsonObject => ({ type: "tool_result", tool_use_id: "t1", content })
const calls: ReadonlyArray<JsonObject> = [{ id: "t1", type: "function", function: { name: "f", arguments: "{}" } }]

describe("a user's message with words around the result of a call", () => {
  it("becomes the result right behind its call, then one message with the words", () => {
    const { body, losses } = conversation(assistant(use), user(text("before"), result("ok"), text("after")))
    assert.deepStrictEqual(body["messages"], [
      { role: "user", content: "go" },
      { role: "assistant", content: null, tool_calls: calls },
      { role: "tool", tool_call_id: "t1", content: "ok" },
      { role: "user", content: [text("before"), text("after")] }
    ])
    assert.deepStrictEqual(losses, [])
  })
})

describe("thinking that nobody signed", () => {
  it("around words and a call is dropped, and the rest stays one message", () => {
    const { body, losses } = conversation(assistant(thinking("a"), text("one"), use, thinking("b"), text("two")), user(result("ok")))
    assert.deepStrictEqual(body["messages"], [
      { role: "user", content: "go" },
      { role: "assistant", content: [text("one"), text("two")], tool_calls: calls },
      { role: "tool", tool_call_id: "t1", content: "ok" }
    ])
    assert.deepStrictEqual(losses, ["/messages/1 approximated", "/messages/1/content/0 dropped", "/messages/1/content/3 dropped"])
  })

  it("and is all of a message takes the message with it", () => {
    const { body, losses } = conversation(assistant(thinking("a")), { role: "user", content: "and?" })
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "go" }, { role: "user", content: "and?" }])
    assert.deepStrictEqual(losses, ["/messages/1/content/0 dropped", "/messages/1 dropped"])
  })
})

describe("words of the system", () => {
  it("between messages stay a system message where they stood", () => {
    const { body, losses } = conversation({ role: "system", content: "rule" }, { role: "user", content: "on" })
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "go" }, { role: "system", content: "rule" }, { role: "user", content: "on" }])
    assert.deepStrictEqual(losses, [])
  })

  it("go on whole, a client's note on billing among them", () => {
    const blocks = [text("x-anthropic-billing-header: cc_version=2; cc_entrypoint=cli;"), text("Be kind.")]
    const { body, losses } = crossed({ system: blocks })
    assert.deepStrictEqual(body["messages"], [{ role: "system", content: blocks }, { role: "user", content: "go" }])
    assert.deepStrictEqual(losses, [])
  })
})

describe("a tool's schema", () => {
  const parametersOf = (schema: JsonObject): Json | undefined => {
    const { body, losses } = crossed({ tools: [{ name: "f", input_schema: schema }] })
    assert.deepStrictEqual(losses, [])
    const [tool] = body["tools"] as ReadonlyArray<{ readonly function: JsonObject }>
    return tool?.function["parameters"]
  }

  it("names the properties of every object, though it has none, which the provider asks for", () => {
    const open = { type: "object" }
    const empty = { type: "object", properties: {} }
    assert.deepStrictEqual(parametersOf(open), empty)
    assert.deepStrictEqual(
      parametersOf({ type: "object", properties: { one: open, list: { type: "array", items: open } }, $defs: { other: { anyOf: [open, { type: "null" }] } } }),
      { type: "object", properties: { one: empty, list: { type: "array", items: empty } }, $defs: { other: { anyOf: [empty, { type: "null" }] } } }
    )
  })

  it("keeps properties that are named like keywords of a schema", () => {
    const schema = { type: "object", properties: { properties: { type: "string" }, items: { const: { type: "object" } }, type: { enum: ["object"] } } }
    assert.deepStrictEqual(parametersOf(schema), schema)
  })
})

describe("the result of a call", () => {
  it("that is one picture by its address says that the picture follows, in a message of its own", () => {
    const picture = { type: "image", source: { type: "url", url: "https://a.b/c.png" } }
    const { body, losses } = conversation(assistant(use), user(result([picture])))
    assert.deepStrictEqual((body["messages"] as ReadonlyArray<JsonObject>).slice(2), [
      { role: "tool", tool_call_id: "t1", content: "The result follows in the next message." },
      { role: "user", content: [{ type: "image_url", image_url: { url: "https://a.b/c.png" } }] }
    ])
    assert.deepStrictEqual(losses, ["/messages/2 approximated"])
  })
})

describe("stop sequences", () => {
  it("are a list, be it one or several", () => {
    assert.deepStrictEqual(crossed({ stop_sequences: ["END"] }).body["stop"], ["END"])
    assert.deepStrictEqual(crossed({ stop_sequences: ["END", "STOP"] }).body["stop"], ["END", "STOP"])
  })
})
