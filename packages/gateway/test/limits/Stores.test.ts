import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import type { LimitStore, Window } from "../../src/LimitStore.ts"
import { kinds } from "./Stores.ts"

const keepMs = 1e9
const start = Date.parse("2026-11-20T10:00:00Z")

const budget = (key: string, limit: number, amount: number, opening?: number): Window => ({
  _tag: "Held",
  key,
  limit,
  amount,
  keepMs,
  ...(opening === undefined ? {} : { opening })
})

const requests = (limit: number): Window => ({ _tag: "Rate", key: "requests", limit, windowMs: 60_000, amount: 1 })

const reserve = (store: LimitStore["Service"], id: string, ...windows: ReadonlyArray<Window>) => store.reserve({ group: "g", id, leaseMs: 60_000, windows })

const settle = (store: LimitStore["Service"], id: string, charge: number, ...keys: ReadonlyArray<string>) =>
  store.settle({ group: "g", id, corrections: keys.map((key) => ({ _tag: "Held", key, charge, keepMs })) })

for (const { make, missing, name } of kinds) {
  describe.skipIf(missing !== undefined)(`a store ${name}`, () => {
    it.live("follows the worked example: one full budget refuses all, and what was not used is free again", () =>
      Effect.gen(function*() {
        const store = (yield* make({ time: start }))()
        // Millionths of a credit. A thousand tokens of the premium model cost 2.5 million, of the standard model one; asked for are 1,500 at most
        const [premium, standard] = [3_750_000, 1_500_000]
        const total = (amount: number) => [budget("day", 60_000_000, amount, 25_000_000), budget("month", 600_000_000, amount, 240_000_000)]
        const tier = [budget("premium-day", 22_000_000, premium, 20_000_000), budget("premium-month", 220_000_000, premium, 100_000_000)]
        const refused = yield* reserve(store, "r1", ...tier, ...total(premium))
        assert.strictEqual(refused._tag, "Refused")
        assert.deepStrictEqual(refused._tag === "Refused" ? refused.levels.map(({ fits }) => fits) : [], [false, true, true, true])
        const reserved = yield* reserve(store, "r2", ...total(standard))
        assert.deepStrictEqual(reserved._tag === "Reserved" ? reserved.levels.map(({ charged, used }) => [charged, used]) : [], [
          [25_000_000, 26_500_000],
          [240_000_000, 241_500_000]
        ])
        // 900 in and 300 out it was in the end
        yield* settle(store, "r2", 1_200_000, "day", "month")
        const after = yield* reserve(store, "r3", ...total(1), budget("premium-day", 22_000_000, 1))
        assert.deepStrictEqual(after._tag === "Reserved" ? after.levels.map(({ charged, used }) => [charged, used - 1]) : [], [
          [26_200_000, 26_200_000],
          [241_200_000, 241_200_000],
          [20_000_000, 20_000_000]
        ])
      }))

    it.live("lets at most ten of two hundred at once hold what is enough for ten", () =>
      Effect.gen(function*() {
        const store = (yield* make({ time: start }))()
        const answers = yield* Effect.forEach(
          Array.from({ length: 200 }, (_, n) => n),
          (n) => reserve(store, `r${n}`, budget("b", 10_000_000_000, 1_000_000_000, 0), requests(1000)),
          { concurrency: "unbounded" }
        )
        assert.strictEqual(answers.filter(({ _tag }) => _tag === "Reserved").length, 10)
        // Who was refused by the one was not counted by the other
        const last = yield* reserve(store, "last", requests(1000))
        assert.deepStrictEqual(last._tag === "Reserved" ? last.levels.map(({ used }) => used) : [], [11])
      }))

    it.live("adds amounts exactly, up to the greatest there are", () =>
      Effect.gen(function*() {
        const store = (yield* make({ time: start }))()
        const limit = 9_000_000_000_000_000
        const first = yield* reserve(store, "r1", budget("b", limit, 1, limit - 3))
        assert.strictEqual(first._tag, "Reserved")
        yield* settle(store, "r1", 2, "b")
        const levels = []
        for (const id of ["r2", "r3"]) {
          const answer = yield* reserve(store, id, budget("b", limit, 1))
          levels.push(answer._tag === "Unopened" ? "unopened" : answer.levels.map(({ fits, used }) => [fits, used]))
        }
        assert.deepStrictEqual(levels, [[[true, limit]], [[false, limit]]])
        const absurd = yield* reserve(store, "r4", budget("b", limit, Number.MAX_SAFE_INTEGER))
        assert.strictEqual(absurd._tag, "Refused")
      }))

    it.live("frees what a dead process held when its lease is over, and keeps what is renewed", () =>
      Effect.gen(function*() {
        const clock = { time: start }
        const store = (yield* make(clock))()
        const one = (id: string) =>
          Effect.map(reserve(store, id, { _tag: "Held", key: "c", limit: 2, amount: 1, opening: 0, keepMs: 120_000 }), ({ _tag }) => _tag)
        assert.deepStrictEqual([yield* one("dead"), yield* one("alive"), yield* one("third")], ["Reserved", "Reserved", "Refused"])
        clock.time += 40_000
        yield* store.renew({ group: "g", leaseMs: 60_000, holds: [{ id: "alive", key: "c" }] })
        clock.time += 20_000
        assert.deepStrictEqual([yield* one("fourth"), yield* one("fifth")], ["Reserved", "Refused"])
        // Too late to be kept: what took its place is not pushed out
        yield* store.renew({ group: "g", leaseMs: 60_000, holds: [{ id: "dead", key: "c" }] })
        assert.strictEqual(yield* one("sixth"), "Refused")
      }))

    it.live("keeps the groups apart", () =>
      Effect.gen(function*() {
        const store = (yield* make({ time: start }))()
        const one = (group: string) => Effect.map(store.reserve({ group, id: group, leaseMs: 1000, windows: [requests(1)] }), (answer) => answer._tag)
        assert.deepStrictEqual([yield* one(""), yield* one("a}b{"), yield* one("ü"), yield* one("a}b{")], ["Reserved", "Reserved", "Reserved", "Refused"])
      }))
  })
}
