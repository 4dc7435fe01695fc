/** Items of the input that bring tools (`additional_tools`): where the newest models of a coding agent have all of theirs. */
import { describe, it } from "@effect/vitest"
import type { CanonicalRequest, Tool } from "@sluice/protocol/CanonicalRequest"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { assert } from "vitest"
import * as Chat from "../../src/chat/Dialect.ts"
import { dialect } from "../../src/responses/Dialect.ts"

const exec = { type: "custom", name: "exec", description: "Run JavaScript" }
const wait = { type: "function", name: "wait", strict: false, parameters: { type: "object" } }
const late = { type: "function", name: "late", strict: false, parameters: { type: "object" } }

/** As Codex sends it: the tools first, then instructions, then words; more tools after the first answer. */
const agent: JsonObject = {
  model: "m",
  input: [
    { type: "additional_tools", id: "at_1", role: "developer", tools: [{ type: "namespace", name: "functions", description: "", tools: [exec, wait] }] },
    { type: "message", role: "developer", content: "You are an agent." },
    { type: "message", role: "developer", content: "You have skills." },
    { type: "message", role: "user", content: "Write." },
    { type: "message", role: "assistant", content: "I need a tool." },
    { type: "additional_tools", role: "developer", tools: [late] },
    { type: "message", role: "user", content: "Here." }
  ],
  tools: [{ type: "function", name: "first", strict: false, parameters: { type: "object" } }]
}

const decode = (body: Json): CanonicalRequest =>
  Result.getOrThrowWith(dialect.request.decode({ body, headers: {}, path: {} }), (failure) => new Error(failure.message))

const request = decode(agent)

const itemAt = (body: JsonObject, index: number): Json | undefined => Array.isArray(body["input"]) ? body["input"][index] : undefined

const described = (tool: Tool): Tool => tool.type === "function" && tool.name === "late" ? { ...tool, description: "Comes late" } : tool

describe("tools that an item of the input brings", () => {
  it("are tools of the request, with their place in the body", () => {
    assert.deepStrictEqual(request.tools?.map((tool) => [tool.type, tool.name, tool.at]), [
      ["function", "first", "/tools/0"],
      ["namespace", "functions", "/input/0/tools/0"],
      ["function", "late", "/input/5/tools/0"]
    ])
  })
  it("keep no instruction behind them from being one", () => {
    assert.deepStrictEqual(request.instructions?.map(({ at }) => at), ["/input/1", "/input/2"])
    assert.deepStrictEqual(request.turns.map(({ role }) => role), ["foreign", "user", "assistant", "foreign", "user"])
  })
  it("stay where they are inside the protocol", () => {
    assert.strictEqual(dialect.request.encode(request).body, agent)
    assert.deepStrictEqual(dialect.request.encode(request).losses, [])
  })
  it("stay there without tools of the request, too", () => {
    const { tools: _, ...alone } = agent
    assert.strictEqual(dialect.request.encode(decode(alone)).body, alone)
  })
  it("show an edit in their item, and nothing else changes", () => {
    const { body } = dialect.request.encode({ ...request, tools: (request.tools ?? []).map(described) })
    assert.deepStrictEqual(itemAt(body, 5), { type: "additional_tools", role: "developer", tools: [{ ...late, description: "Comes late" }] })
    const { input: _, ...rest } = body
    const { input: __, ...others } = agent
    assert.deepStrictEqual(rest, others)
    for (const index of [0, 1, 2, 3, 4, 6]) assert.strictEqual(itemAt(body, index), itemAt(agent, index))
  })
  it("leave with the last of them the item, and a new tool is one of the request", () => {
    const added: Tool = { type: "function", name: "added" }
    const { body } = dialect.request.encode({ ...request, tools: [...(request.tools ?? []).filter(({ name }) => name !== "late"), added] })
    const input = Array.isArray(body["input"]) ? body["input"] : []
    const tools = Array.isArray(body["tools"]) ? body["tools"] : []
    assert.deepStrictEqual([input.length, tools.map((tool: JsonObject) => tool["name"])], [6, ["first", "added"]])
  })
  it("stay before the instructions they came before when one is added", () => {
    const instructions = [...(request.instructions ?? []), { role: "developer" as const, parts: [{ type: "text" as const, text: "Be brief." }] }]
    const { body } = dialect.request.encode({ ...request, instructions })
    const input = Array.isArray(body["input"]) ? body["input"] : []
    assert.deepStrictEqual(input.slice(0, 5).map((item: JsonObject) => item["role"]), ["developer", "developer", "developer", "developer", "user"])
    assert.strictEqual(itemAt(body, 0), itemAt(agent, 0))
  })
  it("are offered from the start where tools have no place in the conversation, which is told", () => {
    const { body, losses } = Chat.dialect.request.encode(request)
    const messages = Array.isArray(body["messages"]) ? body["messages"] : []
    const tools = Array.isArray(body["tools"]) ? body["tools"] : []
    assert.deepStrictEqual(messages.map((message: JsonObject) => message["role"]), ["developer", "developer", "user", "assistant", "user"])
    assert.deepStrictEqual(tools.length, 4)
    assert.deepStrictEqual(losses.map(({ at, reason, weight }) => [at, reason, weight]).filter(([at]) => at?.startsWith("/input/")), [
      ["/input/0", "dropped", "hint"],
      ["/input/5", "dropped", "hint"],
      // The tools of a namespace stand by themselves
      ["/input/0/tools/0", "approximated", "hint"]
    ])
  })
  it("of a form nobody knows are an item that only this protocol has", () => {
    const unknown = { ...agent, input: [{ type: "additional_tools", tools: [1] }, { type: "message", role: "user", content: "Hi" }] }
    const decoded = decode(unknown)
    assert.deepStrictEqual([decoded.tools?.length, decoded.turns[0]?.parts.length], [1, 1])
    assert.strictEqual(dialect.request.encode(decoded).body, unknown)
  })
})
