import { assert, it } from "@effect/vitest"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import { describe } from "vitest"
import { ExchangeId } from "../src/ExchangeId.ts"
import type { Opening, Settlement } from "../src/Ledger.ts"
import { Ledger } from "../src/Ledger.ts"
import * as LedgerEntry from "../src/LedgerEntry.ts"
import * as LedgerMemory from "../src/LedgerMemory.ts"

const id = (n: number) => ExchangeId.make(`01K6Z${String(n).padStart(21, "0")}`)

const opening = (n: number): Opening => ({
  id: id(n),
  startedAt: n,
  operation: "generate",
  principal: "ci",
  inbound: DialectId.make("openai-chat"),
  stream: false,
  estimatedInput: 1
})

const settlement = (n: number, fields: Partial<Settlement> = {}): Settlement => ({
  ...opening(n),
  endedAt: n + 1,
  outcome: { _tag: "Completed" },
  attempts: [],
  usage: { tokens: {}, provenance: {} },
  losses: [],
  responseLosses: [],
  bytesOut: 0,
  ...fields
})

describe("the ledger in memory", () => {
  it.effect("keeps only the newest entries", () =>
    Effect.gen(function*() {
      const ledger = yield* Ledger
      for (const n of [1, 2, 3]) yield* ledger.open(opening(n))
      yield* ledger.settle(settlement(2))
      yield* ledger.settle(settlement(4))
      const entries = yield* ledger.query({ limit: 10 })
      assert.deepStrictEqual(entries.map(({ id, status }) => [id, status]), [[id(4), "completed"], [id(3), "open"], [id(2), "completed"]])
      // An exchange that was forgotten while it was open is entered whole when it ends
      yield* ledger.settle(settlement(1))
      assert.deepStrictEqual((yield* ledger.query({ limit: 10 })).map(({ id }) => id), [id(4), id(3), id(1)])
    }).pipe(Effect.provide(LedgerMemory.layerBounded(3))))

  it.effect("is a new one wherever its layer is built", () =>
    Effect.gen(function*() {
      const count = Ledger.use((ledger) => Effect.andThen(ledger.open(opening(1)), Effect.map(ledger.query({ limit: 10 }), (entries) => entries.length)))
      assert.strictEqual(yield* Effect.provide(count, LedgerMemory.layerBounded(5)), 1)
      assert.strictEqual(yield* Effect.provide(count, LedgerMemory.layerBounded(5)), 1)
    }))
})

describe("an entry", () => {
  it("never lasted less than nothing, and shows any time", () => {
    const backwards = LedgerEntry.fromFacts(LedgerEntry.settled(settlement(5, { endedAt: 2 })))
    assert.strictEqual(backwards.durationMs, 0)
    const odd = LedgerEntry.fromFacts(LedgerEntry.settled(settlement(5, { endedAt: Number.MAX_SAFE_INTEGER })))
    assert.strictEqual(odd.endedAt, "+275760-09-13T00:00:00.000Z")
  })

  it("says what went wrong, and only then", () => {
    const error = (outcome: Settlement["outcome"]) => LedgerEntry.fromFacts(LedgerEntry.settled(settlement(1, { outcome }))).error
    assert.deepStrictEqual(error({ _tag: "Truncated" }), { class: "cut", message: "stream ended without stop event" })
    assert.isUndefined(error({ _tag: "Cancelled", by: "client" }))
  })
})
