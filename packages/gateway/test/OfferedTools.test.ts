import type { CallFacts, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { ToolName } from "@sluice/protocol/ToolNames"
import { describe, expect, it } from "vitest"
import { giveBack } from "../src/OfferedTools.ts"

const tools = new Map<string, ToolName>([
  ["apply_patch", { kind: "custom", name: "apply_patch" }],
  ["functions__exec", { kind: "custom", name: "exec", namespace: "functions" }],
  ["crm__find", { kind: "function", name: "find", namespace: "crm" }],
  ["a_tool", { kind: "function", name: "a tool" }]
])

const start = (name: string, kind: CallFacts["kind"] = "function", index = 0): CanonicalEvent => ({
  type: "block-start",
  choice: 0,
  index,
  kind: "tool-call",
  call: { kind, id: `id${index}`, name }
})
const said = (text: string, index = 0): CanonicalEvent => ({ type: "tool-arguments-delta", choice: 0, index, text })
const end = (index = 0): CanonicalEvent => ({ type: "block-end", choice: 0, index })

/** Each list of events is a frame; what is left of them. */
const given = (...frames: ReadonlyArray<ReadonlyArray<CanonicalEvent>>): ReadonlyArray<ReadonlyArray<CanonicalEvent>> => {
  const give = giveBack(tools)
  return frames.flatMap((events) => {
    const frame = give({ events })
    return frame === undefined ? [] : [frame.events]
  })
}

const callOf = (events: ReadonlyArray<CanonicalEvent> | undefined) => {
  const [event] = events ?? []
  return event?.type === "block-start" ? event.call : undefined
}

describe("a call the client offered as free text and the provider made as a function", () => {
  const call = { kind: "custom", id: "id0", name: "apply_patch" }
  it("has the text, in one piece before its end", () => {
    const [first, second, ...rest] = given([start("apply_patch")], [said("{\"in")], [said("put\":\"*** Begin\\nPatch \\u00fc\"}")], [end()])
    expect(callOf(first)).toEqual(call)
    expect([second, rest]).toEqual([[said("*** Begin\nPatch ü"), end()], []])
  })
  it("has the text where all of it comes in one frame", () => {
    const [events] = given([start("apply_patch"), said("{\"input\":\"x\"}"), end()])
    expect(events?.slice(1)).toEqual([said("x"), end()])
  })
  it("has its arguments as they are where they are no text under that name", () => {
    for (const other of ["{\"input\":1}", "{}", "no JSON", "{\"patch\":\"x\"}"]) {
      expect(given([start("apply_patch")], [said(other)], [end()]).at(-1)).toEqual([said(other), end()])
    }
  })
  it("has no text where there were no arguments", () => {
    expect(given([start("apply_patch")], [end()]).at(-1)).toEqual([end()])
  })
  it("has the text in its restated whole, too", () => {
    const final = { type: "tool-call", kind: "function", id: "id0", name: "apply_patch", arguments: "{\"input\":\"x\"}" } as const
    expect(given([start("apply_patch")], [{ type: "block-end", choice: 0, index: 0, final }]).at(-1)).toEqual([{
      type: "block-end",
      choice: 0,
      index: 0,
      final: { type: "tool-call", ...call, arguments: "x" }
    }])
  })
  it("does not mix with a call beside it", () => {
    const frames = [[start("apply_patch")], [start("f", "function", 1)], [said("{\"input\":\"x", 0)], [said("{\"a\":1}", 1)], [said("\"}", 0)], [end(1)], [
      end(0)
    ]]
    expect(given(...frames).slice(2)).toEqual([[said("{\"a\":1}", 1)], [end(1)], [said("x"), end()]])
  })
})

describe("a call of a tool", () => {
  it("of a namespace is in the namespace again", () => {
    expect(callOf(given([start("crm__find")])[0])).toEqual({ kind: "function", id: "id0", name: "find", namespace: "crm" })
    expect(callOf(given([start("functions__exec")])[0])).toEqual({ kind: "custom", id: "id0", name: "exec", namespace: "functions" })
  })
  it("whose name was changed has the client's name, and its arguments as they come", () => {
    const [first, ...rest] = given([start("a_tool")], [said("{\"a\"")], [said(":1}")], [end()])
    expect(callOf(first)).toEqual({ kind: "function", id: "id0", name: "a tool" })
    expect(rest).toEqual([[said("{\"a\"")], [said(":1}")], [end()]])
  })
  it("that the provider called with free text keeps its pieces", () => {
    const [first, ...rest] = given([start("functions__exec", "custom")], [said("a")], [said("b")], [end()])
    expect(callOf(first)).toEqual({ kind: "custom", id: "id0", name: "exec", namespace: "functions" })
    expect(rest).toEqual([[said("a")], [said("b")], [end()]])
  })
  it("that was offered as it is called stays the same frame", () => {
    const frame = { events: [start("f")] }
    expect(giveBack(tools)(frame)).toBe(frame)
    expect(giveBack(new Map())(frame)).toBe(frame)
  })
})
