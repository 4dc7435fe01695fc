/** Requests of Responses clients as a provider of Messages receives them. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { type CrossedRequest, messages, request, responses } from "./Crossed.ts"

const crossed = (input: ReadonlyArray<Json>, keys: JsonObject = {}): CrossedRequest =>
  request(responses, messages, { model: "claude-sonnet-4-5", max_output_tokens: 100, input, ...keys })

const says = (role: string, content: Json): JsonObject => ({ type: "message", role, content })
const go = says("user", "go")
const output = (text: string): JsonObject => ({ type: "output_text", text, annotations: [] })
const call = (id: string): JsonObject => ({ type: "function_call", call_id: id, name: "f", arguments: "{}" })
const called = (id: string): JsonObject => ({ type: "function_call_output", call_id: id, output: "ok" })

describe("words of the assistant between a call and its output", () => {
  it("stand before the call, which the provider wants right before its result", () => {
    const { body, losses } = crossed([go, call("a"), says("assistant", [output("between")]), call("b"), called("a"), called("b")])
    assert.deepStrictEqual(body["messages"], [
      { role: "user", content: "go" },
      {
        role: "assistant",
        content: [{ type: "text", text: "between" }, { type: "tool_use", id: "a", name: "f", input: {} }, { type: "tool_use", id: "b", name: "f", input: {} }]
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "ok" }, { type: "tool_result", tool_use_id: "b", content: "ok" }] }
    ])
    assert.deepStrictEqual(losses, [])
  })
})

describe("thinking of another provider", () => {
  it("told as a summary and whole is dropped once each, and never said twice", () => {
    const thought: JsonObject = {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "S" }],
      content: [{ type: "reasoning_text", text: "S" }]
    }
    const { body, losses } = crossed([go, thought, says("assistant", "x"), says("user", "on")])
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "go" }, { role: "assistant", content: "x" }, { role: "user", content: "on" }])
    assert.deepStrictEqual(losses, ["/input/1/summary/0 dropped", "/input/1/content/0 dropped", "/input/1 dropped"])
  })

  it("of nothing but a cipher, right before the user speaks, leaves no empty answer behind", () => {
    const { body, losses } = crossed([go, { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "cipher" }, says("user", "on")])
    assert.deepStrictEqual(body["messages"], [{ role: "user", content: "go" }, { role: "user", content: "on" }])
    assert.deepStrictEqual([...new Set(losses)], ["/input/1 dropped"])
  })
})

describe("a picture in a developer's item", () => {
  it("is lost meaning, so that the request is refused rather than asked without it", () => {
    const rule = says("developer", [{ type: "input_text", text: "rule" }, { type: "input_image", image_url: "https://a.b/c.png" }])
    const { body, refusing } = crossed([rule, go])
    assert.strictEqual(body["system"], "rule")
    assert.deepStrictEqual(refusing, ["/input/0/content/1"])
  })
})

describe("a tool in a namespace", () => {
  const member = { type: "function", name: "x", parameters: { type: "object", properties: {} }, strict: false }
  const space = { type: "namespace", name: "n", description: "d", tools: [member] }
  const direct = { type: "custom", name: "n__x" }
  const schema = { type: "object", properties: {} }
  const text = { type: "object", properties: { input: { type: "string" } }, required: ["input"] }

  it("gets a name of its own where a tool that stands by itself has the one made of both, and the choice is of that tool", () => {
    const history = [
      go,
      { ...call("a"), name: "x", namespace: "n" },
      { type: "custom_tool_call", call_id: "b", name: "n__x", input: "text" },
      called("a"),
      { type: "custom_tool_call_output", call_id: "b", output: "ok" }
    ]
    const { body } = crossed(history, { tools: [space, direct], tool_choice: { type: "custom", name: "n__x" } })
    assert.deepStrictEqual(body["tools"], [{ name: "n__x_2", input_schema: schema }, { name: "n__x", input_schema: text }])
    assert.deepStrictEqual(body["tool_choice"], { type: "tool", name: "n__x" })
    assert.deepStrictEqual((body["messages"] as ReadonlyArray<JsonObject>)[1], {
      role: "assistant",
      content: [{ type: "tool_use", id: "a", name: "n__x_2", input: {} }, { type: "tool_use", id: "b", name: "n__x", input: { input: "text" } }]
    })
  })
})
