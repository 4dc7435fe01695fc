import { describe, expect, it } from "vitest"
import type { Tool } from "../src/CanonicalRequest.ts"
import * as ToolNames from "../src/ToolNames.ts"

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
      crm__find: { kind: "function", name: "find", namespace: "crm" }
    })
  })
})
