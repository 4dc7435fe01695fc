/** The clamp of output tokens: down, never up, with the budget for thinking that must fit into it. */
import { assert, describe, it } from "@effect/vitest"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { Effect } from "effect"
import * as Schema from "effect/Schema"
import * as MaxTokens from "../../src/interceptors/MaxTokens.ts"

const request = (more: Partial<CanonicalRequest> = {}): CanonicalRequest => ({ model: "m", turns: [], ...more })

describe("the clamp of output tokens", () => {
  it.effect.prop("never gives more than the limit or than was asked, and leaves alone what fits", [
    Schema.Struct({
      max: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 })),
      asked: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 }))
    })
  ], ([{ asked, max }]) =>
    Effect.sync(() => {
      const given = request({ maxOutputTokens: asked })
      const clamped = MaxTokens.clamp(given, { max })
      assert.isAtMost(clamped.request.maxOutputTokens ?? Infinity, Math.min(asked, max))
      assert.strictEqual(clamped.request === given, asked <= max)
      assert.strictEqual(clamped.losses.length === 0, asked <= max)
    }), { arbitrary: { runs: 200, size: 60, seed: 7 } })

  it("reports what it lowers at the place where the client said it", () => {
    const { losses } = MaxTokens.clamp(request({ maxOutputTokens: 900, places: { maxOutputTokens: "/max_tokens" } }), { max: 100 })
    assert.deepStrictEqual(losses, [{ at: "/max_tokens", canonical: "/maxOutputTokens", weight: "hint", reason: "approximated", before: 900, after: 100 }])
  })

  it("sends the limit where the client says nothing, unless told to leave that", () => {
    const set = MaxTokens.clamp(request(), { max: 100 })
    assert.strictEqual(set.request.maxOutputTokens, 100)
    assert.strictEqual(set.losses[0]?.reason, "defaulted")
    const left = request()
    assert.strictEqual(MaxTokens.clamp(left, { max: 100, whenAbsent: "leave" }).request, left)
  })

  it("lowers a budget for thinking that would leave nothing for the answer, or turns thinking off", () => {
    const thinking = (max: number) =>
      MaxTokens.clamp(request({ maxOutputTokens: 9000, reasoning: { effort: { mode: "budget", tokens: 8000 }, visibility: "full" } }), { max })
    assert.deepStrictEqual(thinking(4000).request.reasoning, { effort: { mode: "budget", tokens: 3999 }, visibility: "full" })
    assert.deepStrictEqual(thinking(500).request.reasoning, { effort: { mode: "none" }, visibility: "full" })
    assert.deepStrictEqual(thinking(4000).losses.map(({ canonical }) => canonical), ["/maxOutputTokens", "/reasoning/effort"])
    assert.deepStrictEqual(thinking(8500).losses.map(({ canonical }) => canonical), ["/maxOutputTokens"])
  })
})
