/** Requests of Messages clients as a provider of Responses receives them. */
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { type CrossedRequest, messages, request, responses } from "./Crossed.ts"

const crossed = (keys: JsonObject): CrossedRequest =>
  request(messages, responses, {
    model: "gpt-5",
    max_tokens: 100,
    messages: [{ role: "user", content: "go" }],
    tools: [{ name: "f", input_schema: { type: "object", properties: {} } }],
    ...keys
  })

describe("an id of a call with more than 64 characters", () => {
  it("is shortened to 64, alike on call and output", () => {
    const id = `call_${"x".repeat(80)}`
    const { body, losses } = crossed({
      messages: [
        { role: "user", content: "go" },
        { role: "assistant", content: [{ type: "tool_use", id, name: "f", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "ok" }] }
      ]
    })
    const short = `call_${"x".repeat(44)}_08726o21viu13u`
    assert.strictEqual(short.length, 64)
    assert.deepStrictEqual(body["input"], [
      { type: "message", role: "user", content: "go" },
      { type: "function_call", call_id: short, name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: short, output: "ok" }
    ])
    assert.deepStrictEqual(losses, ["/messages/1/content/0 renamed", "/messages/2/content/0 renamed"])
  })
})

describe("the choice among tools", () => {
  const chosen = (choice: JsonObject): ReadonlyArray<unknown> => {
    const { body, losses } = crossed({ tool_choice: choice })
    assert.deepStrictEqual(losses, [])
    return [body["tool_choice"], body["parallel_tool_calls"]]
  }

  it("of any tool is required, of one tool that one, of none none", () => {
    assert.deepStrictEqual(chosen({ type: "any" }), ["required", undefined])
    assert.deepStrictEqual(chosen({ type: "tool", name: "f" }), [{ type: "function", name: "f" }, undefined])
    assert.deepStrictEqual(chosen({ type: "auto" }), ["auto", undefined])
    assert.deepStrictEqual(chosen({ type: "none" }), ["none", undefined])
  })

  it("says whether calls may be parallel", () => {
    assert.deepStrictEqual(chosen({ type: "any", disable_parallel_tool_use: true }), ["required", false])
    assert.deepStrictEqual(chosen({ type: "auto", disable_parallel_tool_use: false }), ["auto", true])
  })
})

describe("the provider's own search", () => {
  const search = { type: "web_search_20250305", name: "web_search", max_uses: 3, allowed_domains: ["a.b"], blocked_domains: ["c.d"] }

  it("is not offered by another provider, which is told with all it allows and blocks", () => {
    const { body, losses, refusing } = crossed({ tools: [search] })
    assert.isUndefined(body["tools"])
    assert.deepStrictEqual(losses, ["/tools/0 dropped"])
    assert.deepStrictEqual(refusing, [])
  })

  it("forced beside a function is lost meaning, and no function of its name is asked for", () => {
    const tools = [search, { name: "f", input_schema: { type: "object", properties: {} } }]
    const { body, refusing } = crossed({ tools, tool_choice: { type: "tool", name: "web_search" } })
    assert.deepStrictEqual(body["tools"], [{ type: "function", name: "f", parameters: { type: "object", properties: {} }, strict: false }])
    assert.isUndefined(body["tool_choice"])
    assert.deepStrictEqual(refusing, ["/tool_choice"])
  })
})

describe("thinking that another provider signed", () => {
  it("makes no item of thinking, which is told", () => {
    const { body, losses } = crossed({
      messages: [
        { role: "user", content: "go" },
        { role: "assistant", content: [{ type: "thinking", thinking: "hm", signature: "sig" }, { type: "text", text: "x" }] },
        { role: "user", content: "on" }
      ]
    })
    assert.deepStrictEqual(body["input"], [
      { type: "message", role: "user", content: "go" },
      { type: "message", role: "assistant", content: "x" },
      { type: "message", role: "user", content: "on" }
    ])
    assert.deepStrictEqual(losses, ["/messages/1/content/0 dropped"])
  })
})
