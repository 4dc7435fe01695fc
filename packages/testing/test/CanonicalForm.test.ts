import { assert } from "@effect/vitest"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, Turn } from "@sluice/protocol/CanonicalRequest"
import type { CanonicalResponse } from "@sluice/protocol/CanonicalResponse"
import { DialectId } from "@sluice/protocol/Wire"
import { describe, it } from "vitest"
import * as CanonicalForm from "../src/CanonicalForm.ts"

const text = (text: string): Part => ({ type: "text", text })
const call = (id: string, args = "{}"): Part => ({ type: "tool-call", kind: "function", id, name: "f", arguments: args })
const result = (id: string): Part => ({ type: "tool-result", id, kind: "function", parts: [text("42")] })
const user = (...parts: ReadonlyArray<Part>): Turn => ({ role: "user", parts })
const assistant = (...parts: ReadonlyArray<Part>): Turn => ({ role: "assistant", parts })
const tool = (...parts: ReadonlyArray<Part>): Turn => ({ role: "tool", parts })
const request = (...turns: ReadonlyArray<Turn>): CanonicalRequest => ({ model: "m", turns })

const same = (left: CanonicalRequest, right: CanonicalRequest) => assert.deepStrictEqual(CanonicalForm.ofRequest(left), CanonicalForm.ofRequest(right))
const differ = (left: CanonicalRequest, right: CanonicalRequest) => assert.notDeepEqual(CanonicalForm.ofRequest(left), CanonicalForm.ofRequest(right))

describe("the normal form of a request forgets", () => {
  it("how results are grouped into messages", () => {
    const calls = assistant(call("a"), call("b"))
    same(request(calls, tool(result("a")), tool(result("b")), user(text("go on"))), request(calls, user(result("a"), result("b"), text("go on"))))
    same(request(calls, tool(result("a"), result("b"))), request(calls, tool(result("a")), tool(result("b"))))
  })

  it("where the messages of one speaker are cut, and texts within them", () => {
    same(request(user(text("a")), user(text("b"))), request(user(text("a"), text("b"))))
    same(request(user(text("ab"))), request(user(text("a"), text("b"))))
  })

  it("ids of calls, but not which result answers which call", () => {
    const exchange = (a: string, b: string) => request(assistant(call(a, "{\"n\":1}"), call(b, "{\"n\":2}")), tool(result(a)), tool(result(b)))
    same(exchange("a", "b"), exchange("x", "y"))
    differ(exchange("a", "b"), request(assistant(call("a", "{\"n\":1}"), call("b", "{\"n\":2}")), tool(result("b")), tool(result("a"))))
  })

  it("the layout of arguments, but not their values", () => {
    same(request(assistant(call("a", "{\"x\":1,\"y\":2}"))), request(assistant(call("a", "{ \"y\": 2, \"x\": 1 }"))))
    differ(request(assistant(call("a", "{\"x\":1}"))), request(assistant(call("a", "{\"x\":2}"))))
    differ(request(assistant(call("a", "not json"))), request(assistant(call("a", "{}"))))
  })

  it("that developers are not the system, and whether leading notices are instructions", () => {
    const notice: Turn = { role: "developer", parts: [text("be brief")] }
    same({ ...request(user(text("a"))), instructions: [notice] }, request({ ...notice, role: "system" }, user(text("a"))))
    differ({ ...request(user(text("a"))), instructions: [notice] }, request(user(text("a")), notice))
  })

  it("texts and lists in which there is nothing", () => {
    same(request(user(text("a"), text("")), assistant(text(""))), request(user(text("a"))))
    same({ ...request(user(text("a"))), tools: [], stop: [] }, request(user(text("a"))))
  })

  it("that a tool says it did not fail, but not that it failed", () => {
    const answered = (isError?: boolean) => request(assistant(call("a")), tool({ ...result("a"), ...(isError === undefined ? {} : { isError }) }))
    same(answered(false), answered())
    differ(answered(true), answered())
  })
})

describe("the normal form of a request keeps", () => {
  it("who speaks, in which order, and the order of pictures and texts", () => {
    const picture: Part = { type: "image", source: { type: "url", url: "https://example.com/a.png" } }
    differ(request(user(text("a")), assistant(text("b"))), request(assistant(text("b")), user(text("a"))))
    differ(request(user(text("a"), picture)), request(user(picture, text("a"))))
    differ(request({ ...user(text("a")), name: "alice" }), request(user(text("a"))))
  })
})

describe("the normal form of an answer", () => {
  const answer = (...parts: ReadonlyArray<Part>): CanonicalResponse => ({
    id: "a",
    choices: [{ index: 0, parts: parts.map((part) => ({ part })), annotations: [], finish: { reason: "stop", raw: "end_turn" } }],
    annotations: [],
    foreignEvents: [],
    usage: { input: 1 }
  })

  it("forgets ids, raw words, annotations, and how words of one kind are cut", () => {
    const cited: Part = { type: "text", text: "hello", annotations: [{ kind: "citation", url: "https://example.com" }] }
    const other: CanonicalResponse = {
      ...answer(text("hel"), text("lo")),
      id: "b",
      foreignEvents: [{ type: "foreign", dialect: DialectId.make("x"), name: "n", value: 1 }]
    }
    assert.deepStrictEqual(CanonicalForm.ofResponse(answer(cited)), CanonicalForm.ofResponse(other))
  })

  it("keeps the order of words, calls and the tokens", () => {
    assert.notDeepEqual(CanonicalForm.ofResponse(answer(text("a"), text("b"))), CanonicalForm.ofResponse(answer(text("b"), text("a"))))
    assert.notDeepEqual(
      CanonicalForm.ofResponse(answer(call("a", "{\"n\":1}"), call("b"))),
      CanonicalForm.ofResponse(answer(call("b"), call("a", "{\"n\":1}")))
    )
    assert.notDeepEqual(CanonicalForm.ofResponse(answer(text("a"))), CanonicalForm.ofResponse({ ...answer(text("a")), usage: { input: 2 } }))
  })
})
