/** What every implementation of the ledger port does, as tests. Each test gets a ledger of its own. */
import { assert, it } from "@effect/vitest"
import * as Accounts from "@sluice/gateway/Accounts"
import type { ChartQuery, Dimension } from "@sluice/gateway/Charts"
import type { Query } from "@sluice/gateway/Ledger"
import { Ledger } from "@sluice/gateway/Ledger"
import * as Money from "@sluice/protocol/Money"
import type { Layer, Scope } from "effect"
import { Effect } from "effect"
import { describe } from "vitest"
import { id, opening, settlement, start } from "./exchanges.ts"

/** Runs the contract on ledgers made by `layer`. */
export const ledgerContract = <E>(name: string, layer: Effect.Effect<Layer.Layer<Ledger, E>, never, Scope.Scope>): void => {
  const test = (title: string, run: (ledger: Ledger["Service"]) => Effect.Effect<void, unknown>) =>
    it.live(title, () => Effect.flatMap(layer, (layer) => Effect.provide(Effect.flatMap(Ledger, run), layer)))

  const ids = (ledger: Ledger["Service"], query: Partial<Query> = {}) =>
    Effect.map(ledger.query({ limit: 100, ...query }), (entries) => entries.map((entry) => entry.id))

  describe(`the ledger ${name}`, () => {
    test("is empty at first", (ledger) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* ledger.query({ limit: 10 }), [])
      }))

    test("shows an exchange as open until it is settled, and unknown fields not at all", (ledger) =>
      Effect.gen(function*() {
        const { model: _, ...withoutModel } = opening(1)
        yield* ledger.open(withoutModel)
        assert.deepStrictEqual(yield* ledger.query({ limit: 10 }), [{
          id: id(1),
          startedAt: "2025-10-09T08:53:21.123Z",
          operation: "generate",
          status: "open",
          principal: "ci",
          inbound: opening(1).inbound,
          stream: true,
          attempts: 0,
          usage: {},
          provenance: {},
          losses: [],
          bytesOut: 0
        }])
      }))

    test("shows everything a settlement says", (ledger) =>
      Effect.gen(function*() {
        const owners = { tenant: "acme", team: "search" }
        yield* ledger.open(opening(1, owners))
        const settled = settlement(1, { ...owners, priceVersion: "2026-11" })
        yield* ledger.settle(settled)
        assert.deepStrictEqual(yield* ledger.query({ limit: 10 }), [{
          id: id(1),
          startedAt: "2025-10-09T08:53:21.123Z",
          endedAt: "2025-10-09T08:53:22.923Z",
          operation: "generate",
          outcome: "Completed",
          status: "completed",
          principal: "ci",
          tenant: "acme",
          team: "search",
          inbound: settled.inbound,
          upstream: settled.upstream!,
          stream: true,
          lane: "typed",
          model: "fast",
          provider: settled.provider!,
          upstreamModel: "claude-haiku-4-5",
          servedModel: "claude-haiku-4-5-20251001",
          attempts: 2,
          usage: { input: 12, cacheRead: 0, output: 34 },
          provenance: { input: "reported", cacheRead: "reported", output: "counted" },
          costUsd: "0.000182",
          priceVersion: "2026-11",
          losses: ["/seed;dropped"],
          bytesOut: 5120,
          ttftMs: 210,
          durationMs: 1800,
          finish: "stop",
          tier: "priority",
          effort: "high"
        }])
      }))

    test("makes a whole entry of a settlement that was never opened", (ledger) =>
      Effect.gen(function*() {
        yield* ledger.settle(settlement(1, { outcome: { _tag: "Denied", by: "limits", class: "rate-limited", message: "slow down" } }))
        const [entry] = yield* ledger.query({ limit: 10 })
        assert.strictEqual(entry?.status, "denied")
        assert.strictEqual(entry?.outcome, "Denied(limits)")
        assert.deepStrictEqual(entry?.error, { class: "rate-limited", message: "slow down" })
        yield* ledger.open(opening(1))
        assert.deepStrictEqual(yield* ledger.query({ limit: 10 }), [entry!])
      }))

    test("says what it saved to give an answer again", (ledger) =>
      Effect.gen(function*() {
        yield* ledger.settle(settlement(1, { outcome: { _tag: "Replayed" }, savedUsd: "0.000182" }))
        const [entry] = yield* ledger.query({ limit: 10 })
        assert.deepStrictEqual([entry?.outcome, entry?.status, entry?.savedUsd], ["Replayed", "cached", "0.000182"])
      }))

    test("keeps the first of two settlements, and ignores what comes after it", (ledger) =>
      Effect.gen(function*() {
        yield* ledger.open(opening(1))
        yield* ledger.settle(settlement(1))
        const before = yield* ledger.query({ limit: 10 })
        yield* ledger.settle(settlement(1, { outcome: { _tag: "Truncated" }, bytesOut: 1 }))
        yield* ledger.checkpoint(id(1), { tokens: { output: 99 }, provenance: { output: "counted" } })
        yield* ledger.open(opening(1))
        assert.deepStrictEqual(yield* ledger.query({ limit: 10 }), before)
      }))

    test("opens an exchange once, however often it is told to", (ledger) =>
      Effect.gen(function*() {
        yield* Effect.all([ledger.open(opening(1)), ledger.open(opening(1)), ledger.open(opening(1, { principal: "other" }))], { concurrency: "unbounded" })
        assert.deepStrictEqual((yield* ledger.query({ limit: 10 })).map((entry) => entry.principal), ["ci"])
      }))

    test("shows the usage of the last checkpoint while an exchange is open", (ledger) =>
      Effect.gen(function*() {
        yield* ledger.open(opening(1))
        yield* ledger.checkpoint(id(1), { tokens: { input: 5, output: 1 }, provenance: { input: "reported", output: "counted" } })
        yield* ledger.checkpoint(id(1), { tokens: { input: 5, output: 70 }, provenance: { input: "reported", output: "counted" } }, "0.0000001")
        yield* ledger.checkpoint(id(2), { tokens: { input: 5 }, provenance: { input: "reported" } })
        const entries = yield* ledger.query({ limit: 10 })
        assert.deepStrictEqual(entries.map(({ costUsd, provenance, status, usage }) => ({ costUsd, provenance, status, usage })), [
          { costUsd: "0.0000001", status: "open", usage: { input: 5, output: 70 }, provenance: { input: "reported", output: "counted" } }
        ])
      }))

    test("finds entries by time, status, outcome, principal, tenant, team, provider and model", (ledger) =>
      Effect.gen(function*() {
        yield* ledger.settle(settlement(1, { principal: "alice", tenant: "acme", team: "search", model: "slow" }))
        yield* ledger.settle(settlement(2, { outcome: { _tag: "Cancelled", by: "client" } }))
        yield* ledger.settle(settlement(3, { outcome: { _tag: "Cancelled", by: "server", why: "drain" }, model: "slow" }))
        yield* ledger.settle(settlement(4, { outcome: { _tag: "UpstreamFailed", class: "overloaded", message: "m", committed: true } }))
        yield* ledger.open(opening(5, { principal: "alice" }))
        assert.deepStrictEqual(yield* ids(ledger), [5, 4, 3, 2, 1].map(id))
        assert.deepStrictEqual(yield* ids(ledger, { from: start + 2000, until: start + 4000 }), [3, 2].map(id))
        assert.deepStrictEqual(yield* ids(ledger, { status: "cancelled" }), [3, 2].map(id))
        assert.deepStrictEqual(yield* ids(ledger, { status: "open" }), [id(5)])
        assert.deepStrictEqual(yield* ids(ledger, { outcome: "Cancelled" }), [3, 2].map(id))
        assert.deepStrictEqual(yield* ids(ledger, { outcome: "Cancelled(client)" }), [id(2)])
        assert.deepStrictEqual(yield* ids(ledger, { outcome: "Cancel" }), [])
        assert.deepStrictEqual(yield* ids(ledger, { principal: "alice" }), [5, 1].map(id))
        assert.deepStrictEqual(yield* ids(ledger, { model: "slow", principal: "ci" }), [id(3)])
        assert.deepStrictEqual(yield* ids(ledger, { model: "SLOW" }), [])
        assert.deepStrictEqual(yield* ids(ledger, { tenant: "acme" }), [id(1)])
        assert.deepStrictEqual(yield* ids(ledger, { team: "search" }), [id(1)])
        assert.deepStrictEqual(yield* ids(ledger, { provider: "anthropic" }), [4, 3, 2, 1].map(id))
      }))

    test("gives pages, newest first, each after the last entry of the one before", (ledger) =>
      Effect.gen(function*() {
        // Two started in the same millisecond, and one that started before its id says
        yield* Effect.forEach([1, 2, 3, 4], (n) => ledger.open(opening(n)))
        yield* ledger.open(opening(5, { startedAt: start + 4000 }))
        yield* ledger.open(opening(6, { startedAt: start + 2500 }))
        const expected = [5, 4, 3, 6, 2, 1].map(id)
        assert.deepStrictEqual(yield* ids(ledger), expected)
        for (const [index, before] of expected.entries()) {
          assert.deepStrictEqual(yield* ids(ledger, { before, limit: 2 }), expected.slice(index + 1, index + 3))
        }
      }))

    test("goes on by id where the last entry of a page is gone", (ledger) =>
      Effect.gen(function*() {
        yield* Effect.forEach([1, 2, 4], (n) => ledger.open(opening(n)))
        assert.deepStrictEqual(yield* ids(ledger, { before: id(3) }), [2, 1].map(id))
      }))

    test("holds the limit of a page to 1 to 10,000", (ledger) =>
      Effect.gen(function*() {
        yield* Effect.forEach([1, 2], (n) => ledger.open(opening(n)))
        assert.deepStrictEqual(yield* ids(ledger, { limit: 0 }), [id(2)])
        assert.deepStrictEqual(yield* ids(ledger, { limit: 1e9 }), [2, 1].map(id))
      }))

    test("adds what an exchange used and cost to its key, its team and its tenant, once", (ledger) =>
      Effect.gen(function*() {
        const owner = { principal: "alice", team: "core", tenant: "acme" }
        const usage = { tokens: { input: 100, cacheRead: 20, output: 3 }, provenance: {} }
        yield* ledger.open(opening(1, owner))
        yield* ledger.checkpoint(id(1), usage, "5")
        yield* ledger.settle(settlement(1, { ...owner, usage, costUsd: "0.0000000015" }))
        yield* ledger.settle(settlement(1, { ...owner, usage, costUsd: "7" }))
        yield* ledger.settle(settlement(2, { ...owner, team: "docs", usage, costUsd: "1.25" }))
        const { costUsd: _, ...unpriced } = settlement(3, { principal: "bob", tenant: "acme", usage: { tokens: {}, provenance: {} } })
        yield* ledger.settle(unpriced)
        yield* ledger.settle(settlement(4, { ...owner, outcome: { _tag: "Denied", by: "limits", class: "rate-limited", message: "slow down" } }))
        const day = Accounts.dayOf(start)
        const spent = (kind: Accounts.AccountKind, id: string, from = day) =>
          Effect.map(ledger.spent({ kind, id }, from), ({ requests, spent, tokens }) => [requests, tokens, Money.toDecimal(spent)])
        assert.deepStrictEqual(yield* spent("key", "alice"), [2, 246, "1.250000002"])
        assert.deepStrictEqual(yield* spent("team", "core"), [1, 123, "0.000000002"])
        assert.deepStrictEqual(yield* spent("team", "docs", 0), [1, 123, "1.25"])
        assert.deepStrictEqual(yield* spent("tenant", "acme"), [3, 246, "1.250000002"])
        assert.deepStrictEqual(yield* spent("key", "bob"), [1, 0, "0"])
        assert.deepStrictEqual(yield* spent("key", "acme"), [0, 0, "0"])
        assert.deepStrictEqual(yield* spent("key", "alice", day + 1), [0, 0, "0"])
      }))

    test("adds up accounts by the UTC day on which exchanges ended", (ledger) =>
      Effect.gen(function*() {
        const midnight = (Accounts.dayOf(start) + 1) * 86_400_000
        yield* ledger.settle(settlement(1, { startedAt: midnight - 10, endedAt: midnight - 1, costUsd: "1" }))
        yield* ledger.settle(settlement(2, { startedAt: midnight - 10, endedAt: midnight, costUsd: "2" }))
        const spent = (day: number) => Effect.map(ledger.spent({ kind: "key", id: "ci" }, day), ({ spent }) => Money.toDecimal(spent))
        assert.deepStrictEqual(yield* Effect.forEach([-1, 0, 1, 2], (day) => spent(Accounts.dayOf(start) + day)), ["3", "3", "2", "0"])
      }))

    /** A chart, once it has counted so many requests. */
    const charted = (ledger: Ledger["Service"], query: Partial<ChartQuery>, requests: number) =>
      Effect.repeat(Effect.delay(ledger.chart({ from: start, until: start + 1, step: "hour", ...query }), 5), {
        until: (points) => points.reduce((sum, point) => sum + point.requests, 0) >= requests
      })

    test("adds up what has ended by hour and by day, split by what is asked", (ledger) =>
      Effect.gen(function*() {
        const hour = (n: number) => ({ startedAt: start + n * 3_600_000 })
        yield* ledger.settle(settlement(1, { ...hour(0), tenant: "acme", costUsd: "0.5" }))
        yield* ledger.settle(settlement(2, { ...hour(0), tenant: "acme", costUsd: "0.0000000011" }))
        yield* ledger.settle(settlement(3, { ...hour(1), principal: "alice", outcome: { _tag: "Cancelled", by: "client" } }))
        yield* ledger.settle(settlement(4, { ...hour(30), model: "slow", tenant: "acme" }))
        yield* ledger.settle(settlement(5, { ...hour(1), outcome: { _tag: "Denied", by: "limits", class: "rate-limited", message: "slow down" } }))
        yield* ledger.settle(settlement(5, hour(2)))
        yield* ledger.open(opening(6, hour(0)))
        const [first, second, third] = ["2025-10-09T08:00:00.000Z", "2025-10-09T09:00:00.000Z", "2025-10-10T14:00:00.000Z"]
        const until = start + 40 * 3_600_000
        const all = yield* charted(ledger, { until }, 5)
        assert.deepStrictEqual(all.map(({ at, of, requests }) => [at, of, requests]), [[first, undefined, 2], [second, undefined, 2], [third, undefined, 1]])
        assert.deepStrictEqual(all[0], { at: first, requests: 2, usage: { input: 24, output: 68 }, costUsd: "0.500000002" })
        const days = yield* charted(ledger, { step: "day", until, by: "tenant" }, 5)
        assert.deepStrictEqual(days.map(({ at, of, requests }) => [at, of, requests]), [
          ["2025-10-09T00:00:00.000Z", undefined, 2],
          ["2025-10-09T00:00:00.000Z", "acme", 2],
          ["2025-10-10T00:00:00.000Z", "acme", 1]
        ])
        const split = (by: Dimension, where: ChartQuery["where"] = {}) =>
          Effect.map(charted(ledger, { until, step: "day", by, where }, 1), (points) => points.map(({ of, requests }) => [of, requests]))
        // Whoever is refused may have named anything
        assert.deepStrictEqual(yield* split("model"), [[undefined, 1], ["fast", 3], ["slow", 1]])
        assert.deepStrictEqual(yield* split("status"), [["cancelled", 1], ["completed", 2], ["denied", 1], ["completed", 1]])
        assert.deepStrictEqual(yield* split("principal", { tenant: "acme" }), [["ci", 2], ["ci", 1]])
        assert.deepStrictEqual(yield* split("provider", { status: "cancelled", principal: "alice" }), [["anthropic", 1]])
        assert.deepStrictEqual((yield* charted(ledger, {}, 1)).map(({ at }) => at), [first])
        assert.deepStrictEqual(yield* ledger.chart({ from: until, until: until * 2, step: "day" }), [])
      }))

    test("hands on what has ended in the order in which it ended, page after page, each once", (ledger) =>
      Effect.gen(function*() {
        yield* ledger.settle(settlement(9))
        const now = yield* ledger.settled(undefined, 10)
        assert.deepStrictEqual([now.records, now.missed], [[], 0])
        const ended = [3, 1, 2, 5, 4]
        for (const n of ended) {
          yield* ledger.open(opening(n))
          yield* ledger.settle(settlement(n))
          yield* ledger.settle(settlement(n, { bytesOut: 1 }))
        }
        yield* ledger.open(opening(6))
        const pages: Array<ReadonlyArray<string>> = []
        let { places } = now
        while (true) {
          const page = yield* ledger.settled(places, 2)
          assert.strictEqual(page.missed, 0)
          if (page.records.length === 0) {
            assert.deepStrictEqual(page.places, places)
            break
          }
          pages.push(page.records.map((record) => record.id))
          places = page.places
        }
        assert.deepStrictEqual(pages, [[id(3), id(1)], [id(2), id(5)], [id(4)]])
        const [record] = (yield* ledger.settled(now.places, 1)).records
        assert.deepStrictEqual({ ...record, tries: [] }, { ...(yield* ledger.query({ limit: 10 })).find((entry) => entry.id === id(3)), tries: [] })
        assert.deepStrictEqual(record?.tries.map(({ credential, durationMs, error, provider }) => [provider, durationMs, credential, error?.status]), [
          ["openai", 15, undefined, 529],
          ["anthropic", 1780, "team-a", undefined]
        ])
      }))

    test("keeps text as it is", (ledger) =>
      Effect.gen(function*() {
        const principal = `Robert'); DROP TABLE exchanges;-- \u0000 "\u{1F600}`
        const message = "line\nbreak\u2028"
        yield* ledger.settle(settlement(1, { principal, outcome: { _tag: "Defect", message } }))
        const entries = yield* ledger.query({ principal, limit: 1 })
        assert.deepStrictEqual(entries.map((entry) => entry.error), [{ class: "defect", message }])
        // Anybody may name a model, however long
        const model = Array.from({ length: 5000 }, (_, n) => String.fromCodePoint(0x4e00 + n * 7919 % 20_000)).join("")
        yield* ledger.settle(settlement(2, { model }))
        assert.deepStrictEqual(yield* ids(ledger, { model }), [id(2)])
        assert.deepStrictEqual(yield* ids(ledger, { model: model.slice(0, -1) }), [])
      }))
  })
}
