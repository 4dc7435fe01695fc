import { describe, it } from "@effect/vitest"
import { assert } from "vitest"
import { id } from "../../src/chat/Dialect.ts"
import { decode, encode, lossesOf, request } from "./Chat.ts"

describe("how much to think", () => {
  const effort = (more: Parameters<typeof request>[0]) => decode(request(more)).reasoning

  it("is read in the words of OpenAI and of compatible providers", () => {
    assert.deepStrictEqual(effort({ reasoning_effort: "high" }), { effort: { mode: "level", level: "high" } })
    assert.deepStrictEqual(effort({ reasoning_effort: "none" }), { effort: { mode: "none" } })
    assert.deepStrictEqual(effort({ reasoning: { max_tokens: 2000, exclude: true } }), { effort: { mode: "budget", tokens: 2000 }, visibility: "hidden" })
    assert.deepStrictEqual(effort({ reasoning: { enabled: true } }), { effort: { mode: "auto" } })
    assert.deepStrictEqual(effort({ thinking: { type: "disabled" } }), { effort: { mode: "none" } })
    assert.deepStrictEqual(effort({ enable_thinking: true, thinking_budget: 100 }), { effort: { mode: "budget", tokens: 100 } })
  })

  it("is edited in the words the request used", () => {
    const edit = (more: Parameters<typeof request>[0]) => encode({ ...decode(request(more)), reasoning: { effort: { mode: "budget", tokens: 9 } } }).body
    assert.deepStrictEqual(edit({ reasoning: { effort: "low", x: 1 } })["reasoning"], { max_tokens: 9, x: 1 })
    assert.deepStrictEqual(edit({ thinking: { type: "disabled", clear: true } })["thinking"], { type: "enabled", budget_tokens: 9, clear: true })
    assert.deepStrictEqual(edit({ enable_thinking: false }), request({ enable_thinking: true, thinking_budget: 9 }))
  })

  it("is a level towards OpenAI: budgets become the nearest level above", () => {
    const levels = [1, 512, 513, 1024, 8192, 24_576, 24_577].map((tokens) =>
      encode({ model: "m", turns: [], reasoning: { effort: { mode: "budget", tokens } } })
    )
    assert.deepStrictEqual(levels.map(({ body }) => body["reasoning_effort"]), ["minimal", "minimal", "low", "low", "medium", "high", "xhigh"])
    assert.deepStrictEqual(levels.flatMap(lossesOf), levels.map(() => "/reasoning approximated"))
  })

  it("left to the model is not said", () => {
    const encoded = encode({ model: "m", turns: [], reasoning: { effort: { mode: "auto" } } })
    assert.isFalse("reasoning_effort" in encoded.body)
    assert.deepStrictEqual(lossesOf(encoded), ["/reasoning dropped"])
  })
})

describe("thinking in a conversation", () => {
  const text = { type: "reasoning.text", text: "one two", signature: "s", format: "f", index: 0 }
  const encrypted = { type: "reasoning.encrypted", data: "d", id: "r1", format: "f", index: 1 }
  const message = { role: "assistant", content: "a", reasoning: "one two", reasoning_details: [text, encrypted] }
  const decoded = decode({ model: "m", messages: [message] })

  it("is read from the details, with what seals them", () => {
    const [first, second] = decoded.turns[0]?.parts ?? []
    assert.deepInclude(first, { type: "reasoning", text: "one two", signature: { by: id, value: "s" } })
    assert.deepInclude(second, { type: "reasoning", text: "", encrypted: { by: id, value: "d" } })
  })

  it("is edited in the details and in the text beside them", () => {
    const turns = decoded.turns.map((turn) => ({
      ...turn,
      parts: turn.parts.map((part) => part.type === "reasoning" && part.text !== "" ? { ...part, text: "new" } : part)
    }))
    assert.deepStrictEqual(encode({ ...decoded, turns }).body["messages"], [
      { ...message, reasoning: "new", reasoning_details: [{ ...text, text: "new" }, encrypted] }
    ])
  })

  it("inside Mistral's content is a part among the others", () => {
    const thinking = { type: "thinking", thinking: [{ type: "text", text: "hm" }], closed: true }
    const content = [thinking, { type: "text", text: "a" }]
    const mistral = decode({ model: "m", messages: [{ role: "assistant", content }] })
    assert.deepStrictEqual(mistral.turns[0]?.parts.map((part) => part.type), ["reasoning", "text"])
    const turns = mistral.turns.map((turn) => ({ ...turn, parts: turn.parts.map((part) => part.type === "text" ? { ...part, text: "b" } : part) }))
    assert.deepStrictEqual(encode({ ...mistral, turns }).body["messages"], [{ role: "assistant", content: [thinking, { type: "text", text: "b" }] }])
  })

  it("in think tags stays text", () => {
    assert.deepStrictEqual(decode({ model: "m", messages: [{ role: "assistant", content: "<think>x</think>y" }] }).turns[0]?.parts.length, 1)
  })
})
