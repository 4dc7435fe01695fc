/** Cache marks and sampling of chat clients, as a provider of Messages is told them. */
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import * as Crossed from "./Crossed.ts"

const { chat, messages } = Crossed

type Ttl = "5m" | "1h" | undefined
const mark = (ttl: Ttl): JsonObject => ({ type: "ephemeral", ...(ttl === undefined ? {} : { ttl }) })
const text = (ttl: Ttl): JsonObject => ({ type: "text", text: "x", cache_control: mark(ttl) })
const tool = (name: string, ttl: Ttl): JsonObject => ({ type: "function", function: { name, parameters: { type: "object" } }, cache_control: mark(ttl) })
const asked = (body: JsonObject): Crossed.CrossedRequest => Crossed.request(chat, messages, { model: "m", max_tokens: 100, ...body })

/** The marks of a request of Messages in the order of the prompt: tools, system, messages. */
const marksOf = ({ body }: Crossed.CrossedRequest): ReadonlyArray<unknown> => {
  const found = (value: unknown): ReadonlyArray<unknown> => JSON.stringify(value ?? null).match(/"cache_control":\{[^}]*\}/g) ?? []
  return [body["tools"], body["system"], body["messages"]].flatMap(found).map((each) => JSON.parse(`{${String(each)}}`).cache_control.ttl ?? "")
}

describe("cache marks of a chat request to Messages", () => {
  it("of an hour behind a shorter one, in the order of tools, system and messages, become shorter ones, and that is reported", () => {
    const late = asked({ tools: [tool("f", undefined)], messages: [{ role: "system", content: [text("1h")] }, { role: "user", content: [text("1h")] }] })
    assert.deepStrictEqual(marksOf(late), ["", "", ""])
    assert.deepStrictEqual(late.losses, ["/messages/0/content/0 approximated", "/messages/1/content/0 approximated"])
    const early = asked({ tools: [tool("f", "1h")], messages: [{ role: "system", content: [text("1h")] }, { role: "user", content: [text("5m")] }] })
    assert.deepStrictEqual([marksOf(early), early.losses], [["1h", "1h", "5m"], []])
  })

  it("of a client of Messages itself leave as they came", () => {
    const body = {
      model: "m",
      max_tokens: 10,
      system: [{ type: "text", text: "s", cache_control: { type: "ephemeral" } }],
      messages: [{ role: "user", content: [{ type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "1h" } }] }]
    }
    assert.strictEqual(messages.request.encode(Crossed.asked(messages, body)).body, body)
  })

  it("more than four lose the first ones, tools before the last tool first, and each is reported", () => {
    const five = asked({
      tools: [tool("a", undefined), tool("b", undefined)],
      messages: [{ role: "system", content: [text(undefined)] }, { role: "user", content: [text(undefined), text(undefined)] }]
    })
    assert.deepStrictEqual((five.body["tools"] as ReadonlyArray<JsonObject>).map((each) => each["cache_control"] !== undefined), [false, true])
    assert.deepStrictEqual([marksOf(five).length, five.losses], [4, ["/tools/0 dropped"]])
  })
})

describe("sampling of a chat request to Messages", () => {
  const user = [{ role: "user", content: "x" }]
  const sampling = { temperature: 0.4, top_p: 0.9 }

  it("is kept where the model does not think", () => {
    assert.deepStrictEqual(asked({ messages: user, ...sampling }), {
      body: { model: "m", max_tokens: 100, messages: [{ role: "user", content: "x" }], ...sampling },
      losses: [],
      refusing: [],
      renamed: new Map()
    })
  })

  it("is lost with its places where the model thinks, and only what is refused beside thinking", () => {
    const { body, losses } = Crossed.request(chat, messages, { model: "m", max_tokens: 4096, reasoning_effort: "low", messages: user, ...sampling })
    assert.notProperty(body, "temperature")
    assert.notProperty(body, "top_p")
    assert.includeMembers([...losses], ["/temperature dropped", "/top_p dropped"])
    const near = Crossed.request(chat, messages, { model: "m", max_tokens: 4096, reasoning_effort: "low", messages: user, temperature: 1, top_p: 0.97 })
    assert.deepInclude(near.body, { temperature: 1, top_p: 0.97 })
  })

  it("is kept where a forced tool takes the thinking away, which is the loss that is reported", () => {
    const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }]
    const { body, losses } = asked({ messages: user, ...sampling, reasoning_effort: "high", tools, tool_choice: "required" })
    assert.deepInclude(body, { ...sampling, tool_choice: { type: "any" } })
    assert.notProperty(body, "thinking")
    assert.deepStrictEqual(losses, ["/reasoning_effort dropped"])
  })
})
