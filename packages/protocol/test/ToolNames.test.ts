import { describe, expect, it } from "vitest"
import type { FunctionTool, Tool } from "../src/CanonicalRequest.ts"
import * as ToolNames from "../src/ToolNames.ts"
import { DialectId } from "../src/Wire.ts"

const changed = (tools: ReadonlyArray<Tool>, renamed: ReadonlyArray<readonly [string, string]> = []) =>
  Object.fromEntries(ToolNames.changed(tools, new Map(renamed)))

const namespace: Tool = { type: "namespace", name: "crm", tools: [{ type: "function", name: "find" }, { type: "custom", name: "run" }] }

describe("a tool that a dialect was offered in another way", () => {
  it("is one of a namespace, by its flat name", () => {
    expect(changed([namespace])).toEqual({
      crm__find: { kind: "function", name: "find", namespace: "crm" },
      crm__run: { kind: "custom", name: "run", namespace: "crm" }
    })
  })
  it("is one that takes free text", () => {
    expect(changed([{ type: "custom", name: "patch" }])).toEqual({ patch: { kind: "custom", name: "patch" } })
  })
  it("is one whose name had to be changed, in a namespace or not", () => {
    expect(changed([{ type: "function", name: "a tool" }], [["a_tool", "a tool"]])).toEqual({ a_tool: { kind: "function", name: "a tool" } })
    expect(changed([namespace], [["crm_1", "crm__run"]])["crm_1"]).toEqual({ kind: "custom", name: "run", namespace: "crm" })
  })
  it("is no function under its own name, whatever else would have that name", () => {
    expect(changed([{ type: "function", name: "f" }, { type: "custom", name: "f" }, namespace, { type: "function", name: "crm__run" }])).toEqual({
      crm__find: { kind: "function", name: "find", namespace: "crm" },
      crm__run_2: { kind: "custom", name: "run", namespace: "crm" }
    })
  })
})

describe("the one name of a tool in a namespace", () => {
  const one = (name: string): FunctionTool => ({ type: "function", name })
  const space = (name: string, ...inner: ReadonlyArray<string>): Tool => ({ type: "namespace", name, tools: inner.map(one) })

  it("is made of both names", () => {
    expect(ToolNames.among([space("files", "read", "write"), one("run")])("files", "read")).toBe("files__read")
  })
  it("gives way to a tool that has it by itself, wherever that stands and whoever runs it", () => {
    const search: Tool = { type: "provider", dialect: DialectId.make("elsewhere"), name: "search_2", value: { name: "n__y" } }
    const name = ToolNames.among([space("n", "x", "y"), { type: "custom", name: "n__x" }, search])
    expect([name("n", "x"), name("n", "y")]).toEqual(["n__x_2", "n__y_2"])
  })
  it("is told apart from one whose names join to the same", () => {
    const name = ToolNames.among([space("a", "b__c"), space("a__b", "c")])
    expect([name("a", "b__c"), name("a__b", "c")]).toEqual(["a__b__c", "a__b__c_2"])
  })
  it("is the plain one where the tool is not offered any more", () => {
    expect(ToolNames.among([one("x")])("n", "x")).toBe("n__x")
    expect(ToolNames.among(undefined)("n", "x")).toBe("n__x")
  })
})
