import { describe, it } from "@effect/vitest"
import { reasons } from "@sluice/protocol/CanonicalFinish"
import { assert } from "vitest"
import * as Finish from "../../src/chat/Finish.ts"

describe("the reason of a finish", () => {
  it("is read from the words of OpenAI and of compatible providers", () => {
    const read = (finish_reason: string) => Finish.decode({ finish_reason })?.reason
    assert.deepStrictEqual(
      ["stop", "length", "tool_calls", "function_call", "content_filter", "model_length", "eos", "sensitive", "constructor"].map(read),
      ["stop", "length", "tool-calls", "tool-calls", "content-filter", "length", "stop", "content-filter", "other"]
    )
  })

  it("is not there while the choice goes on", () => {
    assert.deepStrictEqual([null, "", 7].map((finish_reason) => Finish.decode({ finish_reason })), [undefined, undefined, undefined])
  })

  it("is always one of OpenAI's words, and never an invented stop", () => {
    const words = reasons.map((reason) => Finish.encode({ reason }))
    assert.deepStrictEqual(new Set(words), new Set(["stop", "length", "tool_calls", "content_filter"]))
    assert.strictEqual(Finish.encode({ reason: "missing" }), "length")
    assert.strictEqual(Finish.encode({ reason: "pause" }), "length")
  })

  it("keeps the provider's own word where it says the same", () => {
    assert.strictEqual(Finish.encode({ reason: "tool-calls", raw: "function_call" }), "function_call")
    assert.strictEqual(Finish.encode({ reason: "length", raw: "function_call" }), "length")
    assert.strictEqual(Finish.encode({ reason: "stop", raw: "end_turn" }), "stop")
  })

  it("says a refusal in the message and a plain stop beside it", () => {
    assert.strictEqual(Finish.encode(Finish.spoken({ reason: "refusal" }, true)), "stop")
    assert.deepStrictEqual(Finish.settled({ reason: "stop" }, { calls: false, refusal: true }), { reason: "refusal" })
    assert.isTrue(Finish.isExact({ reason: "refusal" }, true))
    assert.isFalse(Finish.isExact({ reason: "stop" }, true))
  })

  it("is exact where reading the word gives the reason back", () => {
    assert.deepStrictEqual(reasons.filter((reason) => Finish.isExact({ reason }, false)), ["stop", "length", "tool-calls", "content-filter"])
  })
})
