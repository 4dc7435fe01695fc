/** Requests of Chat Completions clients as a provider of Messages receives them. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { chat, type CrossedRequest, messages, request } from "./Crossed.ts"

const crossed = (keys: JsonObject): CrossedRequest =>
  request(chat, messages, { model: "claude-sonnet-4-5", max_tokens: 100, messages: [{ role: "user", content: "go" }], ...keys })

const conversation = (...turns: ReadonlyArray<JsonObject>): CrossedRequest => crossed({ messages: [{ role: "user", content: "go" }, ...turns] })

/** The messages behind the first. */
const later = ({ body }: CrossedRequest): ReadonlyArray<Json> => (body["messages"] as ReadonlyArray<Json>).slice(1)

const call = (id: string): JsonObject => ({ id, type: "function", function: { name: "f", arguments: "{}" } })
const calling = (...ids: ReadonlyArray<string>): JsonObject => ({ role: "assistant", content: null, tool_calls: ids.map(call) })
const tool = (id: string, content: string): JsonObject => ({ role: "tool", tool_call_id: id, content })
const uses = (...ids: ReadonlyArray<string>): JsonObject => ({ role: "assistant", content: ids.map((id) => ({ type: "tool_use", id, name: "f", input: {} })) })
const results = (...pairs: ReadonlyArray<readonly [id: string, content: string]>): JsonObject => ({
  role: "user",
  content: pairs.map(([id, content]) => ({ type: "tool_result", tool_use_id: id, content }))
})

describe("a rule of the system between two messages of the user", () => {
  const marked = [{ type: "text", text: "one", cache_control: { type: "ephemeral" } }]
  const turns = [{ role: "user", content: marked }, { role: "system", content: "rule" }, { role: "user", content: "two" }]

  it("stays where it stood, as the user's words, and the cache mark before it stays on its block", () => {
    const { body, losses } = crossed({ messages: turns })
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: marked }, { role: "user", content: "rule" }, { role: "user", content: "two" }])
    assert.isUndefined(body["system"])
    assert.deepStrictEqual(losses, ["/messages/1 approximated"])
  })

  it("stays the system's for models that take it there", () => {
    const { body, losses } = crossed({ model: "claude-opus-4-8", messages: turns })
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: marked }, { role: "system", content: "rule" }, { role: "user", content: "two" }])
    assert.deepStrictEqual(losses, [])
  })
})

describe("ids of calls", () => {
  it("with dots, spaces and colons get Anthropic's letters, alike on call and result, and never two the same", () => {
    const { body } = conversation(calling("functions.f:0 x", "functions.f_0_x"), tool("functions.f:0 x", "a"), tool("functions.f_0_x", "b"))
    const ids = ["functions_f_0_x_0bw424w1ndwviv", "functions_f_0_x_1b859xe0c9umap"] as const
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "go" }, uses(...ids), results([ids[0], "a"], [ids[1], "b"])])
  })

  it("that a later answer uses again become ids of their own, with the results that answer them", () => {
    const first = [calling("call_0"), tool("call_0", "1")]
    const second = [calling("call_0"), tool("call_0", "2")]
    assert.deepStrictEqual(later(conversation(...first, ...second, calling("call_0_2"), tool("call_0_2", "3"))), [
      uses("call_0"),
      results(["call_0", "1"]),
      uses("call_0_3"),
      results(["call_0_3", "2"]),
      uses("call_0_2"),
      results(["call_0_2", "3"])
    ])
  })
})

describe("results of calls", () => {
  it("one message after the other are one message, and what the user says then is another", () => {
    const { body, losses } = conversation(calling("a", "b"), tool("a", "1"), tool("b", "2"), { role: "user", content: "on" })
    assert.deepStrictEqual(body["messages"], [
      { role: "user", content: "go" },
      uses("a", "b"),
      results(["a", "1"], ["b", "2"]),
      { role: "user", content: "on" }
    ])
    assert.deepStrictEqual(losses, [])
  })

  it("two for one call are the last of them, and the first is a loss", () => {
    const crossing = conversation(calling("a", "b"), tool("a", "old"), tool("b", "2"), tool("a", "new"))
    assert.deepStrictEqual(later(crossing), [uses("a", "b"), results(["b", "2"], ["a", "new"])])
    assert.deepStrictEqual([...new Set(crossing.losses)], ["/messages/2 dropped"])
    assert.deepStrictEqual(crossing.refusing, [])
  })
})

describe("temperature and top_p together", () => {
  it("are the temperature for models that take one of them, and both for models that take both", () => {
    const sampling = { temperature: 0.5, top_p: 0.9 }
    const { body, losses } = crossed(sampling)
    assert.deepStrictEqual([body["temperature"], body["top_p"]], [0.5, undefined])
    assert.deepStrictEqual(losses, ["/top_p dropped"])
    const older = crossed({ ...sampling, model: "claude-3-5-haiku-latest" })
    assert.deepStrictEqual([older.body["temperature"], older.body["top_p"]], [0.5, 0.9])
    assert.deepStrictEqual(older.losses, [])
  })
})

describe("a request of nothing but a system message", () => {
  it("is asked as the user's, which is told", () => {
    const { body, losses } = crossed({ messages: [{ role: "system", content: "Be kind." }] })
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "Be kind." }])
    assert.isUndefined(body["system"])
    assert.deepStrictEqual(losses, ["/messages approximated", "/messages dropped"])
  })
})

describe("a tool whose schema is a union at its root", () => {
  const parametersOf = (parameters: JsonObject): Json | undefined => {
    const { body, losses } = crossed({ tools: [{ type: "function", function: { name: "f", parameters } }] })
    assert.deepStrictEqual(losses, ["/tools/0 approximated"])
    const [tool] = body["tools"] as ReadonlyArray<JsonObject>
    return tool?.["input_schema"]
  }

  it("is an object with the properties of all variants, of which is required what all require", () => {
    const one = { type: "object", properties: { id: { type: "string" }, a: { type: "number" } }, required: ["id", "a"] }
    const other = { type: "object", properties: { id: { type: "string" }, b: { type: "number" } }, required: ["b", "id"] }
    const joined = { type: "object", properties: { id: { type: "string" }, a: { type: "number" }, b: { type: "number" } }, required: ["id"] }
    assert.deepStrictEqual(parametersOf({ anyOf: [one, other] }), joined)
    assert.deepStrictEqual(parametersOf({ type: "object", oneOf: [one, other] }), joined)
    assert.deepStrictEqual(parametersOf({ allOf: [one, other] }), { ...joined, required: ["id", "a", "b"] })
  })

  it("lets a property be what any variant says of it", () => {
    const variant = (kind: string): JsonObject => ({ properties: { kind: { const: kind } }, required: ["kind"] })
    assert.deepStrictEqual(parametersOf({ anyOf: [variant("a"), variant("b")], required: ["x"], properties: { x: {} } }), {
      type: "object",
      properties: { x: {}, kind: { anyOf: [{ const: "a" }, { const: "b" }] } },
      required: ["x", "kind"]
    })
  })

  it("follows references, and none of them forever", () => {
    const node = { type: "object", properties: { next: { $ref: "#/$defs/node" } }, anyOf: [{ $ref: "#/$defs/node" }] }
    assert.deepStrictEqual(parametersOf({ anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }], $defs: { node } }), {
      type: "object",
      properties: { next: { $ref: "#/$defs/node" } },
      $defs: { node }
    })
  })
})

describe("a cache mark", () => {
  it("on a part of a message wins over one on the message, which is told", () => {
    const content = [{ type: "text", text: "one", cache_control: { type: "ephemeral", ttl: "1h" } }]
    const { body, losses } = crossed({ messages: [{ role: "user", content, cache_control: { type: "ephemeral" } }] })
    assert.deepStrictEqual(body["messages"], [{ role: "user", content }])
    assert.deepStrictEqual(losses, ["/messages/0/cache_control dropped"])
  })

  it("on a message alone stands on its last part, and on the result of a tool", () => {
    const mark = { cache_control: { type: "ephemeral" } }
    const { body, losses } = conversation({ role: "user", content: "more", ...mark }, calling("a"), { ...tool("a", "1"), ...mark })
    assert.deepStrictEqual(body["messages"], [
      { role: "user", content: "go" },
      { role: "user", content: [{ type: "text", text: "more", ...mark }] },
      uses("a"),
      { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "1", ...mark }] }
    ])
    assert.deepStrictEqual(losses, [])
  })
})

describe("the longest answer", () => {
  it("stated twice is the newer key, and the older is a loss where it says something else", () => {
    const { body, losses } = crossed({ max_tokens: 50, max_completion_tokens: 70 })
    assert.strictEqual(body["max_tokens"], 70)
    assert.deepStrictEqual(losses, ["/max_tokens dropped"])
    assert.deepStrictEqual(crossed({ max_tokens: 70, max_completion_tokens: 70 }).losses, [])
  })

  it("that nobody stated is a default, which is told", () => {
    const { body, losses } = request(chat, messages, { model: "claude-sonnet-4-5", messages: [{ role: "user", content: "go" }] })
    assert.strictEqual(body["max_tokens"], 4096)
    assert.deepStrictEqual(losses, ["/maxOutputTokens defaulted"])
  })
})
