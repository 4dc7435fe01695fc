import { assert, describe, it } from "@effect/vitest"
import type { Part, ToolCallPart, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"
import * as Rounds from "../../src/messages/Rounds.ts"

const call = (id: string): ToolCallPart => ({ type: "tool-call", kind: "function", id, name: "f", arguments: "{}" })
const result = (id: string, text = "ok"): ToolResultPart => ({ type: "tool-result", kind: "function", id, parts: [{ type: "text", text }] })
const assistant = (...parts: ReadonlyArray<Part>): Turn => ({ role: "assistant", parts })
const tool = (...parts: ReadonlyArray<Part>): Turn => ({ role: "tool", parts })
const user: Turn = { role: "user", parts: [{ type: "text", text: "go" }] }

const foreign = (): boolean => false

/** The ids of calls and results as Anthropic gets them. */
const idsOf = (turns: ReadonlyArray<Turn>, { ids }: Rounds.Rounds): ReadonlyArray<string> =>
  turns.flatMap(({ parts }) => parts.flatMap((part) => part.type === "tool-call" || part.type === "tool-result" ? [ids.get(part) ?? part.id] : []))

describe("ids", () => {
  it("of a later round are new where an earlier one has used them, for calls and results alike", () => {
    const turns = [user, assistant(call("a")), tool(result("a")), assistant(call("a")), tool(result("a")), assistant(call("a")), tool(result("a"))]
    assert.deepStrictEqual(idsOf(turns, Rounds.read(turns, foreign)), ["a", "a", "a_2", "a_2", "a_3", "a_3"])
  })

  it("are never ones that another call has, be it an earlier or a later one", () => {
    const turns = [assistant(call("a")), tool(result("a")), assistant(call("a")), tool(result("a")), assistant(call("a_2")), tool(result("a_2"))]
    assert.deepStrictEqual(idsOf(turns, Rounds.read(turns, foreign)), ["a", "a", "a_3", "a_3", "a_2", "a_2"])
  })

  it("that one answer uses twice are told apart, and results answer them in their order", () => {
    const results = [result("a", "1"), result("a", "2"), result("a", "3")]
    const turns = [assistant(call("a"), call("a")), ...results.map((one) => tool(one))]
    const rounds = Rounds.read(turns, foreign)
    assert.deepStrictEqual(idsOf(turns, rounds), ["a", "a_2", "a", "a_2", "a_2"])
    assert.deepStrictEqual([...rounds.superseded], [results[1]])
  })

  it("of one answer in several turns belong to one round", () => {
    const turns = [assistant(call("a")), assistant(call("b")), user, tool(result("a")), tool(result("b"))]
    const rounds = Rounds.read(turns, foreign)
    assert.deepStrictEqual(idsOf(turns, rounds), ["a", "b", "a", "b"])
    assert.strictEqual(rounds.superseded.size, 0)
  })

  it("that came in this dialect stay, and are not given to others", () => {
    const own = [assistant(call("a")), tool(result("a"))]
    const turns = [assistant(call("a")), tool(result("a")), ...own, assistant(call("a")), tool(result("a"))]
    assert.deepStrictEqual(idsOf(turns, Rounds.read(turns, (turn) => own.includes(turn))), ["a", "a", "a", "a", "a_2", "a_2"])
  })

  it("of very many calls of one id are found one after the other", () => {
    const turns = Array.from({ length: 20_000 }, () => [assistant(call("a")), tool(result("a"))]).flat()
    assert.strictEqual(new Set(idsOf(turns, Rounds.read(turns, foreign))).size, 20_000)
  })
})

describe("results", () => {
  it("that are said again before the next answer replace the earlier ones", () => {
    const [first, second, third] = [result("a", "1"), result("a", "2"), result("a", "3")] as const
    const { superseded } = Rounds.read([assistant(call("a"), call("b")), tool(first, result("b")), tool(second), tool(third)], foreign)
    assert.deepStrictEqual([...superseded], [first, second])
  })

  it("of another round, or that came in this dialect, replace nothing", () => {
    const turns = [assistant(call("a")), tool(result("a")), assistant(call("a")), tool(result("a"))]
    assert.strictEqual(Rounds.read(turns, foreign).superseded.size, 0)
    assert.strictEqual(Rounds.read([assistant(call("a")), tool(result("a")), tool(result("a"))], () => true).superseded.size, 0)
  })
})
