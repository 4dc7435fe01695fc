import { assert, it } from "@effect/vitest"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { Effect, Layer, Redacted } from "effect"
import { describe } from "vitest"
import * as Threads from "../src/postgres/Threads.ts"
import * as PostgresLedger from "../src/PostgresLedger.ts"
import { ledgerContract } from "./contract.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"
import * as Postgres from "./postgres.ts"

const postgres = Effect.gen(function*() {
  const url = yield* Postgres.temporaryUrl
  const spill = yield* temporaryFile
  return Layer.effect(
    Ledger,
    PostgresLedger.make({ place: "here", spill, durability: "strict", start: Postgres.inProcess(url, spill, { ...Threads.intervals, upkeepInterval: 20 }) })
  )
})

describe.skipIf(Postgres.service.missing !== undefined)(`on PostgreSQL${Postgres.skipped}`, () => {
  ledgerContract("on PostgreSQL", postgres)

  it.live("says the same through its threads as the one in memory, and after a restart", () =>
    Effect.gen(function*() {
      const options = { url: Redacted.make(yield* Postgres.temporaryUrl), spill: yield* temporaryFile }
      const write = Effect.gen(function*() {
        const ledger = yield* Ledger
        yield* Effect.forEach([1, 2, 3], (n) => ledger.open(opening(n)), { concurrency: "unbounded" })
        yield* ledger.checkpoint(id(1), settlement(1).usage)
        yield* ledger.settle(settlement(2))
        yield* ledger.settle(settlement(4, { outcome: { _tag: "Empty" } }))
        return yield* ledger.query({ limit: 10 })
      })
      const expected = yield* Effect.provide(write, LedgerMemory.layerBounded(10))
      assert.deepStrictEqual(yield* Effect.provide(write, PostgresLedger.layer(options)), expected)
      const settled = yield* Effect.provide(
        Ledger.use((ledger) => ledger.query({ limit: 10, status: "completed" })),
        PostgresLedger.layer({ ...options, durability: "relaxed" })
      )
      assert.deepStrictEqual(settled, expected.filter((entry) => entry.status === "completed"))
    }))
})
