import { describe, it } from "@effect/vitest"
import type { Tool } from "@sluice/protocol/CanonicalRequest"
import { bare } from "@sluice/protocol/Equality"
import { assert } from "vitest"
import { decode, elsewhere, encode, lossesOf, request } from "./Chat.ts"

const f: Tool = { type: "function", name: "f", parameters: { type: "object" } }

describe("tools", () => {
  it("are functions, custom tools with a grammar, and what only a provider knows", () => {
    const decoded = decode(request({
      tools: [
        { type: "function", function: { name: "f", description: "d", parameters: { type: "object" }, strict: true }, cache_control: { type: "ephemeral" } },
        { type: "custom", custom: { name: "g", format: { type: "grammar", grammar: { syntax: "lark", definition: "start: A" } } } },
        { type: "web_search", max: 1 }
      ]
    }))
    assert.deepStrictEqual(bare(decoded.tools), [
      { type: "function", name: "f", description: "d", parameters: { type: "object" }, strict: true, cache: {} },
      { type: "custom", name: "g", grammar: { syntax: "lark", definition: "start: A" } },
      { type: "provider", dialect: "openai-chat", name: "web_search", value: { type: "web_search", max: 1 } }
    ])
  })

  it("of a type of their own are the provider's, whatever keys they have", () => {
    const tools = [{ type: "own", function: "text" }, { type: "own", function: { name: 0 } }, { type: "own", custom: null }]
    assert.deepStrictEqual(decode(request({ tools })).tools?.map(({ type }) => type), ["provider", "provider", "provider"])
    assert.deepStrictEqual(encode(decode(request({ tools }))).body["tools"], tools)
  })

  it("without a type, as Mistral accepts them, are functions", () => {
    assert.deepStrictEqual(bare(decode(request({ tools: [{ function: { name: "f" } }] })).tools), [{ type: "function", name: "f" }])
  })

  it("of the deprecated key stay under it when edited", () => {
    const body = request({ functions: [{ name: "f", description: "old", x: 1 }] })
    const decoded = decode(body)
    assert.deepStrictEqual(bare(decoded.tools), [{ type: "function", name: "f", description: "old" }])
    const tools = (decoded.tools ?? []).map((tool) => tool.type === "function" ? { ...tool, description: "new" } : tool)
    assert.deepStrictEqual(encode({ ...decoded, tools }).body, { ...body, functions: [{ name: "f", description: "new", x: 1 }] })
  })

  it("show an edit inside the definition and keep its unknown keys", () => {
    const body = request({ tools: [{ type: "function", function: { name: "f", vendor: 1, strict: null }, own: 2 }] })
    const decoded = decode(body)
    const tools = (decoded.tools ?? []).map((tool) => tool.type === "function" ? { ...tool, description: "d" } : tool)
    assert.deepStrictEqual(encode({ ...decoded, tools }).body["tools"], [{
      type: "function",
      function: { name: "f", vendor: 1, strict: null, description: "d" },
      own: 2
    }])
  })

  it("of another provider are lost as hints, the list with the last of them", () => {
    const search: Tool = { type: "provider", dialect: elsewhere, name: "search", value: {} }
    assert.deepStrictEqual(lossesOf(encode({ model: "m", turns: [], tools: [f, search] })), ["/tools/1 dropped"])
    assert.deepStrictEqual(lossesOf(encode({ model: "m", turns: [], tools: [search] })), ["/tools dropped"])
  })

  it("of a namespace carry its name, which is how a call is known", () => {
    const encoded = encode({ model: "m", turns: [], tools: [{ type: "namespace", name: "crm", tools: [{ type: "function", name: "find" }] }] })
    assert.deepStrictEqual(encoded.body["tools"], [{ type: "function", function: { name: "crm__find" } }])
    const long = "n".repeat(70)
    const fitted = encode({ model: "m", turns: [], tools: [{ type: "namespace", name: "crm", tools: [{ type: "function", name: long }] }] })
    assert.deepStrictEqual([...encoded.renamed], [])
    assert.deepStrictEqual([...fitted.renamed.values()], [`crm__${long}`])
  })

  it("with names OpenAI refuses are renamed, the same in declaration, choice and history", () => {
    const name = "weather.get"
    const encoded = encode({
      model: "m",
      turns: [{ role: "assistant", parts: [{ type: "tool-call", kind: "function", id: "c", name, arguments: "{}" }] }],
      tools: [{ type: "function", name }],
      toolChoice: { type: "named", kind: "function", name }
    })
    const [[fitted, original] = ["", ""]] = encoded.renamed
    assert.strictEqual(original, name)
    assert.deepStrictEqual(encoded.body["tools"], [{ type: "function", function: { name: fitted } }])
    assert.deepStrictEqual(encoded.body["tool_choice"], { type: "function", function: { name: fitted } })
    assert.include(JSON.stringify(encoded.body["messages"]), fitted)
    assert.deepStrictEqual(lossesOf(encoded), ["/turns/0/parts/0/name renamed", "/tools/0/name renamed", "/toolChoice/name renamed"])
  })
})

describe("the choice among tools", () => {
  const choice = (value: Parameters<typeof request>[0]) => decode(request(value)).toolChoice

  it("is read in every form", () => {
    assert.deepStrictEqual(choice({ tool_choice: "required" }), { type: "required" })
    assert.deepStrictEqual(choice({ tool_choice: "any" }), { type: "required" })
    assert.deepStrictEqual(choice({ tool_choice: { type: "function", function: { name: "f" } } }), { type: "named", kind: "function", name: "f" })
    assert.deepStrictEqual(choice({ tool_choice: { type: "custom", custom: { name: "g" } } }), { type: "named", kind: "custom", name: "g" })
    assert.deepStrictEqual(
      choice({ tool_choice: { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] } } }),
      { type: "allowed", mode: "auto", names: ["f"] }
    )
    assert.deepStrictEqual(choice({ function_call: { name: "f" } }), { type: "named", kind: "function", name: "f" })
    assert.deepInclude(choice({ tool_choice: { type: "odd" } }), { type: "provider" })
  })

  it("is written back in every form", () => {
    const encodeChoice = (toolChoice: NonNullable<ReturnType<typeof choice>>) => encode({ model: "m", turns: [], tools: [f], toolChoice }).body["tool_choice"]
    assert.strictEqual(encodeChoice({ type: "none" }), "none")
    assert.deepStrictEqual(encodeChoice({ type: "allowed", mode: "required", names: ["f"] }), {
      type: "allowed_tools",
      allowed_tools: { mode: "required", tools: [{ type: "function", function: { name: "f" } }] }
    })
    assert.strictEqual(encodeChoice({ type: "provider", dialect: elsewhere, value: 1 }), undefined)
  })
})
