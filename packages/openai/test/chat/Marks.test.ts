/** `cache_control` of a whole message, inside the dialect. */
import type { CacheHint, Part } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import { assert, describe, it } from "vitest"
import { decode, encode } from "./Chat.ts"

const mark = { cache_control: { type: "ephemeral", ttl: "1h" } }
const marked: JsonObject = { model: "m", messages: [{ role: "user", content: "hi", ...mark }, { role: "tool", tool_call_id: "a", content: "1", ...mark }] }

const partsOf = (request: CanonicalRequest): ReadonlyArray<Part> => request.turns.flatMap((turn) => turn.parts)

const edited = (change: (part: Part) => Part): Json | undefined => {
  const request = decode(marked)
  return encode({ ...request, turns: request.turns.map((turn) => ({ ...turn, parts: turn.parts.map(change) })) }).body["messages"]
}

const without = ({ cache: _, ...part }: Part): Part => part

describe("the cache mark of a message", () => {
  it("is the hint of its last part, and of a tool's result", () => {
    const hint: CacheHint = { ttl: "1h" }
    assert.deepStrictEqual(partsOf(decode(marked)).map((part) => part.cache), [hint, hint])
    assert.deepStrictEqual(encode(decode(marked)).body, marked)
  })

  it("stays on the message when the words of the part are edited", () => {
    assert.deepStrictEqual(edited((part) => part.type === "text" ? { ...part, text: "ho" } : part), [
      { role: "user", content: "ho", ...mark },
      { role: "tool", tool_call_id: "a", content: "1", ...mark }
    ])
  })

  it("goes with the hint, and changes with it", () => {
    assert.deepStrictEqual(edited(without), [{ role: "user", content: "hi" }, { role: "tool", tool_call_id: "a", content: "1" }])
    assert.deepStrictEqual(edited((part) => ({ ...part, cache: { ttl: "5m" } })), [
      { role: "user", content: [{ type: "text", text: "hi", cache_control: { type: "ephemeral", ttl: "5m" } }] },
      { role: "tool", tool_call_id: "a", content: "1", cache_control: { type: "ephemeral", ttl: "5m" } }
    ])
  })

  it("that marks nothing stays as it came, and is a loss elsewhere", () => {
    const empty: JsonObject = { model: "m", messages: [{ role: "assistant", content: null, tool_calls: [], ...mark }] }
    const request = decode(empty)
    assert.deepStrictEqual(encode(request).body, empty)
    assert.deepStrictEqual(request.turns[0]?.foreign, ["cache_control"])
  })
})
