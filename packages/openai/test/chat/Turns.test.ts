import { describe, it } from "@effect/vitest"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { Turn } from "@sluice/protocol/CanonicalRequest"
import { bare } from "@sluice/protocol/Equality"
import type { JsonObject } from "@sluice/protocol/Wire"
import { assert } from "vitest"
import { decode, elsewhere, encode, lossesOf } from "./Chat.ts"

const turnsOf = (...messages: ReadonlyArray<JsonObject>) => {
  const { instructions, turns } = decode({ model: "m", messages })
  return { instructions: bare(instructions), turns: bare(turns) }
}
const messagesOf = (...turns: ReadonlyArray<Turn>) => encode({ model: "m", turns }).body["messages"]
const text = (value: string): Part => ({ type: "text", text: value })
const call: Part = { type: "tool-call", kind: "function", id: "call_1", name: "f", arguments: "{}" }
const result = (...parts: ReadonlyArray<Part>): Part => ({ type: "tool-result", kind: "function", id: "call_1", parts })

describe("messages in canonical words", () => {
  it("are instructions before the first other message and turns after it", () => {
    assert.deepStrictEqual(
      turnsOf({ role: "system", content: "a" }, { role: "developer", content: "b" }, { role: "user", content: "c" }, { role: "system", content: "d" }),
      {
        instructions: [{ role: "system", parts: [text("a")] }, { role: "developer", parts: [text("b")] }],
        turns: [{ role: "user", parts: [text("c")] }, { role: "system", parts: [text("d")] }]
      }
    )
  })

  it("keep calls that have a name beside their function in their list", () => {
    const messages = [{ role: "assistant", tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: "{}" }, name: "f" }] }]
    assert.deepStrictEqual(encode(decode({ model: "m", messages })).body["messages"], messages)
  })

  it("say thinking, content, refusal and calls of an assistant in this order", () => {
    const call = { id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }
    const { turns } = turnsOf({ role: "assistant", tool_calls: [call], refusal: "no", content: "text", reasoning_content: "hm" })
    assert.deepStrictEqual(turns, [{
      role: "assistant",
      parts: [
        { type: "reasoning", form: "raw", text: "hm" },
        { type: "text", text: "text" },
        { type: "refusal", text: "no" },
        { type: "tool-call", kind: "function", id: "call_1", name: "f", arguments: "{}" }
      ]
    }])
  })

  it("know which results answer custom tools", () => {
    const { turns } = turnsOf(
      { role: "assistant", content: null, tool_calls: [{ id: "c9", type: "custom", custom: { name: "sh", input: "ls" } }] },
      { role: "tool", tool_call_id: "c9", content: "ok" }
    )
    assert.deepStrictEqual(turns, [
      { role: "assistant", parts: [{ type: "tool-call", kind: "custom", id: "c9", name: "sh", arguments: "ls" }] },
      { role: "tool", parts: [{ type: "tool-result", kind: "custom", id: "c9", parts: [text("ok")] }] }
    ])
  })

  it("pair results that name no call with the oldest call nothing else answers, and leave them so on the wire", () => {
    const asked = (id: string): JsonObject => ({ id, type: "function", function: { name: "f", arguments: "{}" } })
    const messages = [
      { role: "assistant", content: null, tool_calls: [asked("c1"), asked("c2"), { id: "c3", type: "custom", custom: { name: "sh", input: "ls" } }] },
      { role: "tool", content: "one" },
      { role: "tool", tool_call_id: "c2", content: "two" },
      { role: "tool", tool_call_id: null, content: "three" },
      { role: "tool", tool_call_id: "", content: "nothing was asked" }
    ]
    const results = decode({ model: "m", messages }).turns.flatMap(({ parts }) =>
      parts.flatMap((part) => part.type === "tool-result" ? [[part.id, part.kind]] : [])
    )
    assert.deepStrictEqual(results, [["c1", "function"], ["c2", "function"], ["c3", "custom"], ["", "function"]])
    const body = { model: "m", messages }
    assert.strictEqual(encode(decode(body)).body, body)
  })

  it("pair deprecated function calls and their results by name", () => {
    const { turns } = turnsOf({ role: "assistant", content: null, function_call: { name: "f", arguments: "{}" } }, {
      role: "function",
      name: "f",
      content: "1"
    })
    assert.deepStrictEqual(turns, [
      { role: "assistant", parts: [{ type: "tool-call", kind: "function", id: "call_f", name: "f", arguments: "{}" }] },
      { role: "tool", parts: [{ type: "tool-result", kind: "function", id: "call_f", name: "f", parts: [text("1")] }] }
    ])
  })

  it("of unknown roles and parts are kept whole", () => {
    const odd = { role: "ipython", content: "x", extra: 1 }
    assert.deepStrictEqual(turnsOf(odd, { role: "user", content: [{ type: "hologram", data: 1 }] }).turns, [
      { role: "foreign", parts: [{ type: "foreign", dialect: "openai-chat", name: "ipython", value: odd }] },
      { role: "user", parts: [{ type: "foreign", dialect: "openai-chat", name: "hologram", value: { type: "hologram", data: 1 } }] }
    ])
  })
})

describe("an edit of a message", () => {
  const call = { id: "call_1", type: "function", index: 0, function: { name: "f", arguments: { a: 1 }, strict: true } }
  const assistant = { role: "assistant", content: "old", tool_calls: [call], prefix: true, reasoning: "hm", refusal: null }
  const user = { role: "user", content: [{ type: "text", text: "a", x: 1 }] }
  const tool = { role: "tool", tool_call_id: "call_1", content: "r", y: 2 }
  const messages = [user, assistant, tool]
  const decoded = decode({ model: "m", messages })
  const edited = (turn: number, part: number, change: (part: Part) => Part) =>
    encode({
      ...decoded,
      turns: decoded.turns.map((each, index) => index === turn ? { ...each, parts: each.parts.map((old, at) => at === part ? change(old) : old) } : each)
    }).body["messages"]

  it("changes the text of a part, of plain content and of thinking where they stand", () => {
    assert.deepStrictEqual(edited(0, 0, (part) => ({ ...part, text: "b" }) as Part), [
      { role: "user", content: [{ type: "text", text: "b", x: 1 }] },
      assistant,
      tool
    ])
    assert.deepStrictEqual(edited(1, 1, (part) => ({ ...part, text: "new" }) as Part), [user, { ...assistant, content: "new" }, tool])
    assert.deepStrictEqual(edited(1, 0, (part) => ({ ...part, text: "ah" }) as Part), [user, { ...assistant, reasoning: "ah" }, tool])
  })

  it("changes the arguments of a call and keeps what else the call says", () => {
    const changed = { ...call, function: { name: "f", arguments: "{}", strict: true } }
    assert.deepStrictEqual(edited(1, 2, (part) => ({ ...part, arguments: "{}" }) as Part), [user, { ...assistant, tool_calls: [changed] }, tool])
  })

  it("changes the content of a result and keeps what else its message says", () => {
    const changed = { ...tool, content: "s" }
    assert.deepStrictEqual(edited(2, 0, (part) => ({ ...part, parts: [text("s")] }) as Part), [user, assistant, changed])
  })

  it("takes calls away with their key", () => {
    const { tool_calls: _, ...rest } = assistant
    const turns = decoded.turns.map((turn, index) => index === 1 ? { ...turn, parts: turn.parts.slice(0, 2) } : turn)
    assert.deepStrictEqual(encode({ ...decoded, turns }).body["messages"], [user, rest, tool])
  })
})

describe("turns from another dialect", () => {
  it("become one tool message per result, before the rest of their turn", () => {
    const second: Part = { type: "tool-result", kind: "function", id: "call_2", parts: [text("2")] }
    assert.deepStrictEqual(messagesOf({ role: "user", parts: [text("see"), result(text("1")), second] }), [
      { role: "tool", tool_call_id: "call_1", content: "1" },
      { role: "tool", tool_call_id: "call_2", content: "2" },
      { role: "user", content: "see" }
    ])
  })

  it("of an assistant merge into one message", () => {
    assert.deepStrictEqual(messagesOf({ role: "assistant", parts: [text("a")] }, { role: "assistant", parts: [call] }), [
      { role: "assistant", content: "a", tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }] }
    ])
  })

  it("put calls last and say so", () => {
    const encoded = encode({ model: "m", turns: [{ role: "assistant", parts: [call, text("after")] }] })
    assert.deepStrictEqual(lossesOf(encoded), ["/turns/0/parts approximated"])
    assert.deepStrictEqual(encoded.losses[0]?.after, [text("after"), call])
  })

  it("give pictures that tools answered with to the user, behind the last result", () => {
    const image: Part = { type: "image", source: { type: "base64", mime: "image/png", data: "AA" } }
    const encoded = encode({
      model: "m",
      turns: [{ role: "assistant", parts: [call] }, { role: "tool", parts: [result(text("here"), image)] }, { role: "tool", parts: [result()] }]
    })
    assert.deepStrictEqual((encoded.body["messages"] as ReadonlyArray<JsonObject>).map(({ role }) => role), ["assistant", "tool", "tool", "user"])
    assert.deepStrictEqual(lossesOf(encoded), ["/turns approximated"])
  })

  it("bring results back to their calls when a message stands between", () => {
    const encoded = encode({
      model: "m",
      turns: [{ role: "assistant", parts: [call] }, { role: "user", parts: [text("wait")] }, { role: "tool", parts: [result(text("1"))] }]
    })
    assert.deepStrictEqual((encoded.body["messages"] as ReadonlyArray<JsonObject>).map(({ role }) => role), ["assistant", "tool", "user"])
  })

  it("lose thinking nobody here can prove, and the message with it", () => {
    const thinking: Part = { type: "reasoning", form: "raw", text: "hm", signature: { by: elsewhere, value: "s" } }
    const encoded = encode({
      model: "m",
      turns: [{ role: "user", parts: [text("a")] }, { role: "assistant", parts: [thinking] }, { role: "user", parts: [text("b")] }]
    })
    assert.deepStrictEqual(encoded.body["messages"], [{ role: "user", content: "a" }, { role: "user", content: "b" }])
    assert.deepStrictEqual(lossesOf(encoded), ["/turns/1/parts/0 dropped", "/turns/1 dropped"])
  })

  it("keep thinking that this dialect's providers sealed", () => {
    const thinking: Part = {
      type: "reasoning",
      form: "raw",
      text: "hm",
      signature: { by: decode({ model: "m", messages: [] }).wire?.dialect ?? elsewhere, value: "s" }
    }
    assert.deepStrictEqual(messagesOf({ role: "assistant", parts: [thinking, text("a")] }), [
      { role: "assistant", content: "a", reasoning_details: [{ type: "reasoning.text", text: "hm", signature: "s" }] }
    ])
  })

  it("say whether a tool failed only as a loss", () => {
    const encoded = encode({
      model: "m",
      turns: [{ role: "tool", parts: [{ type: "tool-result", kind: "function", id: "c", isError: true, parts: [text("x")] }] }]
    })
    assert.deepStrictEqual(lossesOf(encoded), ["/turns/0/parts/0/isError dropped"])
  })

  it("fit ids that are too long, the same on call and result", () => {
    const long = "toolu_".padEnd(70, "x")
    const encoded = encode({
      model: "m",
      turns: [{ role: "assistant", parts: [{ ...call, id: long } as Part] }, { role: "tool", parts: [{ ...result(text("1")), id: long } as Part] }]
    })
    const [assistant, tool] = encoded.body["messages"] as ReadonlyArray<
      { readonly tool_calls?: ReadonlyArray<{ readonly id: string }>; readonly tool_call_id?: string }
    >
    assert.strictEqual(assistant?.tool_calls?.[0]?.id, tool?.tool_call_id)
    assert.isAtMost(tool?.tool_call_id?.length ?? 99, 40)
    assert.deepStrictEqual(lossesOf(encoded), ["/turns/0/parts/0/id renamed", "/turns/1/parts/0/id renamed"])
  })
})
