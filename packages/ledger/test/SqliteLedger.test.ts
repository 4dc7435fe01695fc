import { assert, it } from "@effect/vitest"
import { Ledger } from "@sluice/gateway/Ledger"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import { Effect, Layer } from "effect"
import { describe } from "vitest"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import { ledgerContract } from "./contract.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"
import * as InProcess from "./inProcess.ts"

const sqlite = (durability: "strict" | "relaxed") =>
  Effect.map(temporaryFile, (filename) => Layer.effect(Ledger, SqliteLedger.make(filename, durability, InProcess.start(filename))))

ledgerContract("in memory", Effect.succeed(LedgerMemory.layer))
ledgerContract("on SQLite, strict", sqlite("strict"))
ledgerContract("on SQLite, relaxed", sqlite("relaxed"))

describe("the ledger on SQLite", () => {
  it.live("says the same through its threads as the one in memory, and after a restart", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const write = Effect.gen(function*() {
        const ledger = yield* Ledger
        yield* Effect.forEach([1, 2, 3], (n) => ledger.open(opening(n)), { concurrency: "unbounded" })
        yield* ledger.checkpoint(id(1), settlement(1).usage)
        yield* ledger.settle(settlement(2))
        yield* ledger.settle(settlement(4, { outcome: { _tag: "Empty" } }))
        return yield* ledger.query({ limit: 10 })
      })
      const expected = yield* Effect.provide(write, LedgerMemory.layerBounded(10))
      assert.deepStrictEqual(yield* Effect.provide(write, SqliteLedger.layer({ filename })), expected)
      const settled = yield* Effect.provide(
        Ledger.use((ledger) => ledger.query({ limit: 10, status: "completed" })),
        SqliteLedger.layer({ filename, durability: "relaxed" })
      )
      assert.deepStrictEqual(settled, expected.filter((entry) => entry.status === "completed"))
    }), 60_000)

  it.live("gives a page of thousands whole and in order", () =>
    Effect.gen(function*() {
      const ledger = yield* Ledger
      const numbers = Array.from({ length: 1501 }, (_, n) => n)
      yield* Effect.forEach(numbers, (n) => ledger.open(opening(n)), { concurrency: "unbounded" })
      const entries = yield* ledger.query({ limit: 10_000 })
      assert.deepStrictEqual(entries.map((entry) => entry.id), numbers.toReversed().map(id))
    }).pipe((test) => Effect.flatMap(sqlite("relaxed"), (layer) => Effect.provide(test, layer))))
})
