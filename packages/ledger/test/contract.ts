/** What every implementation of the ledger port does, as tests. Each test gets a ledger of its own. */
import { assert, it } from "@effect/vitest"
import type { Query } from "@sluice/gateway/Ledger"
import { Ledger } from "@sluice/gateway/Ledger"
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
        yield* ledger.open(opening(1))
        const settled = settlement(1)
        yield* ledger.settle(settled)
        assert.deepStrictEqual(yield* ledger.query({ limit: 10 }), [{
          id: id(1),
          startedAt: "2025-10-09T08:53:21.123Z",
          endedAt: "2025-10-09T08:53:22.923Z",
          operation: "generate",
          outcome: "Completed",
          status: "completed",
          principal: "ci",
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
          losses: ["/seed;dropped"],
          bytesOut: 5120,
          ttftMs: 210,
          durationMs: 1800,
          finish: "stop"
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
        yield* ledger.checkpoint(id(1), { tokens: { input: 5, output: 70 }, provenance: { input: "reported", output: "counted" } })
        yield* ledger.checkpoint(id(2), { tokens: { input: 5 }, provenance: { input: "reported" } })
        const entries = yield* ledger.query({ limit: 10 })
        assert.deepStrictEqual(entries.map(({ provenance, status, usage }) => ({ provenance, status, usage })), [
          { status: "open", usage: { input: 5, output: 70 }, provenance: { input: "reported", output: "counted" } }
        ])
      }))

    test("finds entries by time, status, outcome, principal and model", (ledger) =>
      Effect.gen(function*() {
        yield* ledger.settle(settlement(1, { principal: "alice", model: "slow" }))
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

    test("keeps text as it is", (ledger) =>
      Effect.gen(function*() {
        const principal = `Robert'); DROP TABLE exchanges;-- \u0000 "\u{1F600}`
        const message = "line\nbreak\u2028"
        yield* ledger.settle(settlement(1, { principal, outcome: { _tag: "Defect", message } }))
        const entries = yield* ledger.query({ principal, limit: 1 })
        assert.deepStrictEqual(entries.map((entry) => entry.error), [{ class: "defect", message }])
      }))
  })
}
