/** What an answer that is given again is charged: a request to the limits of its key, no tokens, no money; and what it saved. */
import { assert, layer } from "@effect/vitest"
import * as LimitRules from "@sluice/gateway/LimitRules"
import * as Limits from "@sluice/gateway/Limits"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import * as Replays from "@sluice/gateway/Replays"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import * as Money from "@sluice/protocol/Money"
import { Effect, Layer, Redacted } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as Rig from "../end-to-end/Rig.ts"
import * as Prices from "../limits/Prices.ts"
import { ask, entries, upstreamCalls } from "./Asking.ts"

const dollars = (count: number) => Money.fromNanos(BigInt(count) * 1_000_000_000n)

const key = (id: string, limits: LimitRules.LimitRules) => ({ key: Redacted.make(`sk-${id}`), principal: { id, limits } })

const rig = Rig.layer({
  keys: [
    key("three", { rates: [LimitRules.perMinute("requests", 3)] }),
    key("tokens", { rates: [LimitRules.perMinute("tokens", 10_000)] }),
    key("one-dollar", { budgets: [{ limit: dollars(1), period: "day" }] })
  ],
  allowance: Limits.layer({}).pipe(Layer.provide(LimitStoreMemory.layer)),
  prices: Prices.layer,
  replays: Replays.layer().pipe(Layer.provide(ReplayStoreMemory.layer()))
})

layer(rig, { excludeTestServices: true })("an answer that is given again", (it) => {
  it.effect("is a request like any other to the limits of its key", () =>
    Effect.gen(function*() {
      const question = { key: "one", scenario: "text", tag: "three", apiKey: "sk-three" }
      const answers = yield* Effect.forEach([1, 2, 3, 4], () => ask(question))
      assert.deepStrictEqual(answers.map(({ status }) => status), [200, 200, 200, 429])
      assert.deepStrictEqual(answers.map(({ headers }) => headers.get("x-ratelimit-remaining-requests")), ["2", "1", "0", "0"])
      assert.strictEqual(yield* upstreamCalls("three"), 1)
    }))

  it.effect("takes no tokens", () =>
    Effect.gen(function*() {
      const question = { key: "one", scenario: "text", tag: "tokens", apiKey: "sk-tokens" }
      yield* ask(question)
      yield* entries("tokens", 1)
      const left = yield* Effect.forEach([2, 3, 4], (count) =>
        Effect.gen(function*() {
          const { headers } = yield* ask({ ...question, key: "two" })
          yield* entries("tokens", count)
          return headers.get("x-ratelimit-remaining-tokens")
        }))
      // The second executes, the third and the fourth reserve what it reserved and give it back
      assert.strictEqual(left[1], left[2])
    }))

  it.effect("costs nothing, says what it saved, and is given although the budget is spent", () =>
    Effect.gen(function*() {
      const question = { key: "one", scenario: "text", tag: "dollar", apiKey: "sk-one-dollar" }
      assert.strictEqual((yield* ask(question)).status, 200)
      yield* entries("dollar", 1)
      const refused = yield* ask({ ...question, key: "another" })
      assert.strictEqual(refused.status, 429)
      const again = yield* ask(question)
      assert.deepStrictEqual([again.status, again.replayed], [200, true])
      // The key that was refused was not used up by it
      assert.strictEqual((yield* ask({ ...question, key: "another", text: "something else" })).status, 429)
      assert.strictEqual(yield* upstreamCalls("dollar"), 1)
      const all = yield* entries("dollar", 4)
      const replay = all.find(({ outcome }) => outcome === "Replayed")
      assert.deepStrictEqual([replay?.savedUsd, replay?.usage], ["1", {}])
      assert.include([undefined, "0"], replay?.costUsd)
    }))

  it.effect("is counted", () =>
    Effect.gen(function*() {
      const text = yield* PrometheusMetrics.format()
      assert.match(text, /^sluice_idempotency_keys_total\{result="executed"\} \d+$/m)
      assert.match(text, /^sluice_idempotency_keys_total\{result="replayed"\} \d+$/m)
      assert.match(text, /^sluice_replay_keys \d+$/m)
      assert.match(text, /^sluice_replay_bytes [1-9]\d*$/m)
    }))
})
