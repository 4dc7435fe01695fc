/** When a rule applies. */
import { assert, describe, it } from "@effect/vitest"
import * as Condition from "../src/Condition.ts"

const facts: Condition.Facts = {
  model: "gpt-5-mini",
  inbound: "openai-chat",
  principal: { id: "key-1", tenant: "acme" },
  provider: "openai",
  upstreamModel: "gpt-5-mini-2025"
}
const holds = (condition: Condition.AttemptCondition, of: Condition.Facts = facts): boolean => Condition.make(condition)(of)

describe("a condition", () => {
  it("that states nothing holds always", () => {
    assert.isTrue(Condition.make(undefined)(facts))
    assert.isTrue(holds({}))
  })

  it("holds where everything it states does, by any entry of each list", () => {
    assert.isTrue(
      holds({ models: ["claude-*", "*-mini"], dialects: ["openai-chat"], principals: ["key-1", "key-2"], tenants: ["acme"], providers: ["openai"] })
    )
    assert.isFalse(holds({ models: ["*-mini"], principals: ["key-2"] }))
    assert.isFalse(holds({ models: [] }))
  })

  it("knows names with one star, before, inside and behind", () => {
    for (const glob of ["gpt-5-mini", "gpt*", "*mini", "gpt*mini", "*"]) assert.isTrue(holds({ models: [glob] }), glob)
    for (const glob of ["gpt", "mini*", "gpt*maxi", "gpt-5-mini*x"]) assert.isFalse(holds({ models: [glob] }), glob)
  })

  it("about what is not known does not hold", () => {
    const request: Condition.Facts = { model: "m", inbound: "openai-chat", principal: { id: "key-1" } }
    assert.isFalse(holds({ tenants: ["acme"] }, request))
    assert.isFalse(holds({ providers: ["openai"] }, request))
    assert.isFalse(holds({ upstreamModels: ["*"] }, request))
  })
})
