import { assert, describe, it } from "@effect/vitest"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Money from "@sluice/protocol/Money"
import { Clock, Effect, Layer, Option } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { TestClock } from "effect/testing"
import type { Account } from "../src/Accounts.ts"
import { Ledger, LedgerUnavailable } from "../src/Ledger.ts"
import * as LedgerMemory from "../src/LedgerMemory.ts"
import * as LimitRules from "../src/LimitRules.ts"
import * as Limits from "../src/Limits.ts"
import { LimitStore, LimitStoreFailed, type Renew, type Settle } from "../src/LimitStore.ts"
import * as LimitStoreMemory from "../src/LimitStoreMemory.ts"
import type { Principal } from "../src/Principal.ts"

const usd = (dollars: number) => Money.fromNanos(BigInt(Math.round(dollars * 1e9)))

// Only what headers are made with is asked of a dialect
const inbound = { id: "test", headers: { limits: () => ({ "x-told": "yes" }) } } as unknown as Dialect

let asked = 0

/** A request of ten tokens in and ten out at most, for at most a dollar. */
const request = (principal: Principal, more: Partial<Limits.Asked> = {}): Limits.Asked => ({
  id: `r${++asked}`,
  principal,
  inbound,
  model: "m",
  at: Date.parse("2026-11-20T10:00:00Z"),
  estimate: () => ({ input: 10, output: 10 }),
  bound: () => usd(1),
  ...more
})

/** Limits over a store and a ledger that can be broken. */
const make = Effect.fnUntraced(function*(options: Partial<Limits.Options> = {}) {
  const clock = yield* Clock.Clock
  const real = LimitStoreMemory.make(() => clock.currentTimeMillisUnsafe())
  const state = {
    isDown: false,
    isLedgerDown: false,
    renewed: [] as Array<Renew>,
    settled: [] as Array<Settle>,
    loads: [] as Array<readonly [Account, number]>
  }
  const guarded = <A>(effect: Effect.Effect<A, LimitStoreFailed>) => Effect.suspend(() => state.isDown ? new LimitStoreFailed({ reason: "down" }) : effect)
  const store = LimitStore.of({
    reserve: (message) => guarded(real.reserve(message)),
    settle: (message) => guarded(Effect.andThen(Effect.sync(() => void state.settled.push(message)), real.settle(message))),
    renew: (message) => guarded(Effect.andThen(Effect.sync(() => void state.renewed.push(message)), real.renew(message)))
  })
  const memory = yield* Effect.provide(Ledger, yield* Layer.build(LedgerMemory.layer))
  const ledger = Ledger.of({
    ...memory,
    spent: (account, fromDay) =>
      Effect.suspend(() => {
        state.loads.push([account, fromDay])
        return state.isLedgerDown ? Effect.fail(new LedgerUnavailable({ reason: "gone" })) : Effect.succeed({ requests: 3, tokens: 5, spent: usd(2) })
      })
  })
  const services = yield* Layer.build(Limits.layer(options).pipe(Layer.provide([Layer.succeed(LimitStore, store), Layer.succeed(Ledger, ledger)])))
  const { levels, reserve } = yield* Effect.provide(Limits.Limits, services)
  const refused = (one: Limits.Asked) => Effect.map(Effect.flip(reserve(one)), ({ failure }) => failure)
  return { levels, reserve, refused, state }
})

const withBudget = (limit: number, period: LimitRules.Period = "month"): Principal => ({ id: "k", limits: { budgets: [{ limit: usd(limit), period }] } })

describe("limits", () => {
  it.effect("ask nothing for a principal that nothing limits", () =>
    Effect.gen(function*() {
      const { reserve, state } = yield* make()
      state.isDown = true
      const { headers, release, settle } = yield* reserve(request({ id: "k", limits: { rates: [], budgets: [], models: [] }, team: "t", tenant: "u" }))
      assert.isUndefined(headers)
      yield* settle({ input: 1 }, undefined)
      yield* release
    }))

  it.effect("begin a budget with what its account spent since its period began, which is asked once", () =>
    Effect.gen(function*() {
      const { refused, reserve, state } = yield* make()
      const principal = withBudget(4)
      const [first, second] = yield* Effect.all([reserve(request(principal)), reserve(request(principal))], { concurrency: 2 })
      assert.deepStrictEqual(state.loads, [[{ kind: "key", id: "k" }, Date.parse("2026-11-01") / 86_400_000]])
      // Two were spent before, and two are held
      const held = yield* refused(request(principal))
      assert.deepInclude(held, { class: "rate-limited", retryAfterMs: 1000 })
      assert.include(held.message, "What is left of the budget of the key \"k\" ($2) is held by running requests")
      yield* first.settle({ input: 5, output: 5 }, usd(0.25))
      yield* second.settle({ input: 5, output: 5 }, usd(1))
      const spent = yield* refused(request(principal))
      assert.deepInclude(spent, { class: "quota-exhausted", code: "insufficient_quota" })
      assert.strictEqual(
        spent.message,
        "This request may cost $1, more than is left of the budget of the key \"k\": $0.75 of $4. The budget begins anew at 2026-12-01T00:00:00.000Z."
      )
      yield* reserve(request(principal, { bound: () => usd(0.75) }))
    }))

  it.effect("charge what was reserved where something was used and nobody knows its price, and nothing where nothing was used", () =>
    Effect.gen(function*() {
      const { reserve, state } = yield* make()
      const principal = withBudget(100)
      const charges = () => state.settled.map(({ corrections }) => corrections.map((each) => each._tag === "Held" ? each.charge : undefined))
      yield* (yield* reserve(request(principal))).settle({ input: 5 }, undefined)
      yield* (yield* reserve(request(principal))).settle({}, undefined)
      yield* (yield* reserve(request(principal))).release
      assert.deepStrictEqual(charges(), [[1_000_000_000], [0], [0]])
    }))

  it.effect("refuse a model without a price under a budget, or let it pass while something is left", () =>
    Effect.gen(function*() {
      const strict = yield* make()
      const unpriced = request(withBudget(4), { bound: () => undefined })
      assert.deepInclude(yield* strict.refused(unpriced), { class: "quota-exhausted", code: "price_unknown" })
      const lenient = yield* make({ onUnknownPrice: "allow" })
      yield* lenient.reserve(unpriced)
      assert.deepInclude(yield* lenient.refused(request(withBudget(2), { bound: () => undefined })), { code: "insufficient_quota" })
    }))

  it.effect("refuse while nobody knows whether there is room, or let pass, as they were told", () =>
    Effect.gen(function*() {
      const limited: Principal = { id: "k", limits: { concurrency: 1 } }
      const strict = yield* make()
      strict.state.isDown = true
      assert.deepInclude(yield* strict.refused(request(limited)), { class: "unavailable", retryAfterMs: 1000, code: "limits_unavailable" })
      strict.state.isDown = false
      strict.state.isLedgerDown = true
      assert.deepInclude(yield* strict.refused(request(withBudget(4))), { class: "unavailable" })
      const lenient = yield* make({ onFailure: "allow" })
      lenient.state.isDown = true
      const passed = yield* lenient.reserve(request(limited))
      yield* passed.settle({ input: 1 }, undefined)
      assert.deepStrictEqual(lenient.state.settled, [])
    }))

  it.effect("tell the store later what it did not take", () =>
    Effect.gen(function*() {
      const { refused, reserve, state } = yield* make()
      const alone: Principal = { id: "k", limits: { concurrency: 1 } }
      const first = yield* reserve(request(alone))
      state.isDown = true
      yield* first.settle({}, undefined)
      state.isDown = false
      assert.strictEqual((yield* refused(request(alone))).class, "rate-limited")
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual(state.settled.length, 1)
      yield* reserve(request(alone))
    }))

  it.effect("hold a place for as long as its request runs, and not for one whose process died", () =>
    Effect.gen(function*() {
      const { refused, reserve, state } = yield* make()
      const alone: Principal = { id: "k", limits: { concurrency: 1 } }
      const long = yield* reserve(request(alone))
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual((yield* refused(request(alone))).class, "rate-limited")
      yield* long.release
      const renewals = state.renewed.length
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(state.renewed.length, renewals)
      // As after a death: nobody renews
      yield* reserve(request(alone))
      state.isDown = true
      yield* TestClock.adjust("61 seconds")
      state.isDown = false
      yield* reserve(request(alone))
    }))

  it.effect("reserve the longest answer a request allows, a guess where it sets none, and never more than there may be", () =>
    Effect.gen(function*() {
      const { refused, reserve } = yield* make({ assumedOutput: 40 })
      const tokens = (id: string): Principal => ({ id, limits: { rates: [LimitRules.perMinute("tokens", 100)] } })
      const after = (id: string, estimate: { readonly input: number; readonly output?: number }, probe: number) =>
        Effect.gen(function*() {
          yield* reserve(request(tokens(id), { estimate: () => estimate }))
          return Option.isNone(yield* Effect.option(reserve(request(tokens(id), { estimate: () => ({ input: probe, output: 0 }) }))))
        })
      // 30 + 20 leave 50
      assert.deepStrictEqual([yield* after("a", { input: 30, output: 20 }, 50), yield* after("b", { input: 30, output: 20 }, 51)], [false, true])
      // 30 + 40 leave 30
      assert.deepStrictEqual([yield* after("c", { input: 30 }, 30), yield* after("d", { input: 30 }, 31)], [false, true])
      yield* reserve(request(tokens("e"), { estimate: () => ({ input: 30, output: 64_000 }) }))
      const never = yield* refused(request(tokens("f"), { estimate: () => ({ input: 101, output: 0 }) }))
      assert.include(never.message, "it can never pass")
      assert.isUndefined(never.retryAfterMs)
    }))

  it.effect("count tokens beyond the reservation from when they are known, and tell of them", () =>
    Effect.gen(function*() {
      const { refused, reserve } = yield* make()
      const principal: Principal = { id: "k", limits: { rates: [LimitRules.perMinute("tokens", 100)] } }
      const first = yield* reserve(request(principal))
      yield* TestClock.adjust("50 seconds")
      yield* first.settle({ input: 10, output: 95 }, undefined)
      yield* TestClock.adjust("11 seconds")
      // The reserved twenty have left the window, what went beyond them has not
      const { retryAfterMs } = yield* refused(request(principal))
      assert.strictEqual(retryAfterMs, 50_000)
      const text = yield* PrometheusMetrics.format()
      assert.match(text, /sluice_limit_overshoot_total\{[^}]*kind="tokens"[^}]*\} 85/)
      assert.match(text, /sluice_limit_refusals_total\{[^}]*kind="tokens"[^}]*level="key"[^}]*\} \d/)
      assert.match(text, /sluice_limit_reservations_total\{[^}]*result="reserved"[^}]*\} \d/)
    }))

  it.effect("tell whose limit it is that keeps a client waiting longest", () =>
    Effect.gen(function*() {
      const { refused, reserve } = yield* make({ tenants: new Map([["acme", { rates: [LimitRules.perDay("requests", 1)] }]]) })
      const principal: Principal = { id: "k", tenant: "acme", limits: { rates: [LimitRules.perMinute("requests", 1)] } }
      yield* reserve(request(principal))
      const { message, retryAfterMs = 0 } = yield* refused(request(principal))
      assert.include(message, "the tenant \"acme\" may use 1 request per day")
      assert.isAbove(retryAfterMs, 86_000_000)
    }))
})

describe("the levels of limits", () => {
  const principal: Principal = {
    id: "k",
    team: "t",
    limits: { rates: [LimitRules.perMinute("requests", 10), LimitRules.perMinute("tokens", 1000)], concurrency: 3, budgets: [{ limit: usd(5), period: "day" }] }
  }

  it.effect("say how full everything is that limits a principal, and count nothing", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(Date.parse("2026-11-20T10:00:00Z"))
      const { levels: levelsOf, reserve } = yield* make({ teams: new Map([["t", { rates: [LimitRules.perMinute("requests", 100)] }]]) })
      const levels = Effect.map(levelsOf(principal), (all) => all.map(({ account, kind, limit, used }) => [account.kind, kind, used, limit]))
      const before = yield* levels
      assert.deepStrictEqual(before, [
        ["key", "requests", 0, 10],
        ["key", "tokens", 0, 1000],
        ["key", "concurrency", 0, 3],
        // What the ledger says was spent before
        ["key", "budget", 2_000_000_000, 5_000_000_000],
        ["team", "requests", 0, 100]
      ])
      assert.deepStrictEqual(yield* levels, before)
      yield* reserve(request(principal))
      assert.deepStrictEqual((yield* levels).map(([, , used]) => used), [1, 20, 1, 3_000_000_000, 1])
    }).pipe(Effect.scoped))

  it.effect("are told where they are full, and where nothing limits at all", () =>
    Effect.gen(function*() {
      const { levels, reserve } = yield* make()
      const full: Principal = { id: "f", limits: { rates: [LimitRules.perMinute("requests", 1)] } }
      yield* reserve(request(full))
      assert.deepStrictEqual((yield* levels(full)).map(({ limit, used }) => [used, limit]), [[1, 1]])
      assert.deepStrictEqual(yield* levels({ id: "nobody" }), [])
    }).pipe(Effect.scoped))
})
