/** A budget holds back what the dearer service tier costs, where a request asks for it. */
import { assert, layer } from "@effect/vitest"
import * as Limits from "@sluice/gateway/Limits"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import { Prices } from "@sluice/gateway/Prices"
import * as Money from "@sluice/protocol/Money"
import { Effect, Layer, Option, Redacted } from "effect"
import * as Rig from "../end-to-end/Rig.ts"

const usd = (dollars: bigint) => Money.fromNanos(dollars * 1_000_000_000n)

/** A dollar for a request, three for one that goes first. */
const prices = Layer.succeed(Prices, {
  cost: () => Option.some({ amount: Money.zero, model: "any", version: "test", assumed: [] }),
  bound: ({ tier }) => Option.some(usd(tier === "priority" ? 3n : 1n))
})

const keys = [{ key: Redacted.make("sk-two"), principal: { id: "two", limits: { budgets: [{ limit: usd(2n), period: "day" as const }] } } }]
const allowance = Limits.layer().pipe(Layer.provide(LimitStoreMemory.layer))

layer(Rig.layer({ keys, allowance, prices }), { excludeTestServices: true })("a budget of two dollars", (it) => {
  for (const [tier, status] of [["default", 200], ["flex", 200], ["priority", 429]] as const) {
    it.effect(`answers a request of the tier ${tier} with ${status}`, () =>
      Effect.gen(function*() {
        const { url } = yield* Rig.Rig
        const response = yield* Effect.promise(() =>
          fetch(`${url}/v1/chat/completions`, {
            method: "POST",
            headers: { authorization: "Bearer sk-two", "content-type": "application/json" },
            body: JSON.stringify({ model: "openai/sim-text", service_tier: tier, messages: [{ role: "user", content: "Hello" }] })
          })
        )
        assert.strictEqual(response.status, status)
      }))
  }
})
