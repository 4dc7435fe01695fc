/** Tools, calls and results of clients of Messages, as Gemini is told them. */
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const use = (more: JsonObject, name = "f"): JsonObject => ({ type: "tool_use", id: "c1", name, ...more })
const result = (more: JsonObject): JsonObject => ({ type: "tool_result", tool_use_id: "c1", ...more })
const asked = (
  assistant: ReadonlyArray<JsonObject>,
  user: ReadonlyArray<JsonObject> = [result({ content: "r" })],
  more: JsonObject = {}
): Crossed.CrossedRequest =>
  Crossed.request(Crossed.messages, Crossed.gemini, {
    model: "m",
    max_tokens: 10,
    messages: [{ role: "user", content: "x" }, { role: "assistant", content: assistant }, { role: "user", content: user }],
    ...more
  })
const partsOf = ({ body }: Crossed.CrossedRequest, content: number): Json | undefined => (body["contents"] as ReadonlyArray<JsonObject>)[content]?.["parts"]

describe("tools of a request of Messages to Gemini", () => {
  const tool = (name: string): JsonObject => ({ name, input_schema: { type: "object", properties: { a: { type: "string" } } } })

  it("whose long names begin alike get names of their own, the same in declaration, choice, call and result", () => {
    const [one, two] = [`${"n".repeat(64)}_a`, `${"n".repeat(64)}_b`]
    const crossed = asked([use({ input: {} }, two)], undefined, { tools: [tool(one), tool(two)], tool_choice: { type: "tool", name: two } })
    const [declared] = crossed.body["tools"] as ReadonlyArray<{ readonly functionDeclarations: ReadonlyArray<{ readonly name: string }> }>
    const names = declared?.functionDeclarations.map(({ name }) => name) ?? []
    assert.isTrue(names.every((name) => name.length <= 64))
    assert.deepStrictEqual(names.map((name) => crossed.renamed.get(name)), [one, two])
    const second = names[1] ?? ""
    assert.deepStrictEqual(partsOf(crossed, 1), [{ functionCall: { id: "c1", name: second, args: {} } }])
    assert.deepStrictEqual(partsOf(crossed, 2), [{ functionResponse: { id: "c1", name: second, response: { output: "r" } } }])
    assert.deepStrictEqual(crossed.body["toolConfig"], { functionCallingConfig: { mode: "ANY", allowedFunctionNames: [second] } })
  })

  it("of the same name twice are both declared, as both were offered", () => {
    const { body, losses } = asked([], [], { tools: [tool("t"), tool("t")] })
    const declaration = { name: "t", parameters: { type: "OBJECT", properties: { a: { type: "STRING" } } } }
    assert.deepStrictEqual(body["tools"], [{ functionDeclarations: [declaration, declaration] }])
    assert.notInclude(losses.join(), "/tools")
  })
})

describe("an answer of the history of Messages to Gemini", () => {
  it("keeps the order in which it thought, spoke and called", () => {
    const crossed = asked([use({ input: {} }), { type: "text", text: "after" }])
    assert.deepStrictEqual(partsOf(crossed, 1), [{ functionCall: { id: "c1", name: "f", args: {} } }, { text: "after" }])
  })

  for (const input of ["s", [1], 3, true]) {
    it(`with a call whose input is ${JSON.stringify(input)} and no object carries it inside one, and says so`, () => {
      const crossed = asked([use({ input })])
      assert.deepStrictEqual(partsOf(crossed, 1), [{ functionCall: { id: "c1", name: "f", args: { arguments: JSON.stringify(input) } } }])
      assert.deepStrictEqual(crossed.losses, ["/messages/1/content/0 approximated"])
    })
  }

  for (const [what, more] of [["null", { input: null }], ["missing", {}]] as const) {
    it(`with a call whose input is ${what} calls with nothing`, () => {
      assert.deepStrictEqual(partsOf(asked([use(more)]), 1), [{ functionCall: { id: "c1", name: "f", args: {} } }])
    })
  }
})

describe("a result of Messages to Gemini", () => {
  for (const [what, more] of [["no content", {}], ["null as content", { content: null }]] as const) {
    it(`with ${what} is an empty response to its call`, () => {
      assert.deepStrictEqual(partsOf(asked([use({ input: {} })], [result(more)]), 2), [{ functionResponse: { id: "c1", name: "f", response: {} } }])
    })
  }

  it("whose call is nowhere is named by a word that stands for it, which is reported, and not by guessing from its id", () => {
    const orphan = { type: "tool_result", tool_use_id: "get_weather-1-2", content: "r" }
    const crossed = asked([{ type: "text", text: "a" }], [orphan])
    assert.deepStrictEqual(partsOf(crossed, 2), [{ functionResponse: { id: "get_weather-1-2", name: "tool", response: { output: "r" } } }])
    assert.deepStrictEqual(crossed.losses, ["/messages/2/content/0 defaulted"])
  })
})
