import { assert, describe, it } from "@effect/vitest"
import { Ledger } from "@sluice/gateway/Ledger"
import { Effect } from "effect"
import { writeFileSync } from "node:fs"
import * as LedgerReader from "../src/LedgerReader.ts"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"

const source = (filename: string) => ({ _tag: "Sqlite", filename }) as const

const ids = (filename: string) =>
  Effect.map(LedgerReader.query(source(filename), { limit: 10 }), (entries) => entries.map((entry) => `${entry.id} ${entry.status}`))

describe("reading a ledger from outside", () => {
  it.live("sees what a running server has committed, and the same as the server does", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Effect.gen(function*() {
        const ledger = yield* Ledger
        yield* ledger.open(opening(1))
        yield* ledger.settle(settlement(1))
        yield* ledger.open(opening(2))
        assert.deepStrictEqual(yield* LedgerReader.query(source(filename), { limit: 10 }), yield* ledger.query({ limit: 10 }))
        assert.deepStrictEqual(yield* LedgerReader.query(source(filename), { limit: 10, status: "open" }), yield* ledger.query({ limit: 10, status: "open" }))
      }).pipe(Effect.provide(SqliteLedger.layer({ filename })))
    }))

  it.live("does not settle what an ended server left open, nor keep the next server away", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const server = SqliteLedger.layer({ filename })
      yield* Ledger.pipe(Effect.flatMap((ledger) => ledger.open(opening(1))), Effect.provide(server))
      assert.deepStrictEqual(yield* ids(filename), [`${id(1)} open`])
      assert.deepStrictEqual(yield* ids(filename), [`${id(1)} open`])
      const next = yield* Ledger.pipe(Effect.flatMap((ledger) => ledger.query({ limit: 1 })), Effect.provide(server))
      assert.deepStrictEqual(next.map(({ status }) => status), ["abandoned"])
      assert.deepStrictEqual(yield* ids(filename), [`${id(1)} abandoned`])
    }))

  it.live("says what is wrong with the file", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const missing = yield* Effect.flip(LedgerReader.query(source(filename), { limit: 1 }))
      assert.strictEqual(missing.message, `the ledger ${filename} cannot be read: there is no such file; the first start of a server makes it`)
      writeFileSync(filename, "no database".repeat(100))
      assert.match((yield* Effect.flip(LedgerReader.query(source(filename), { limit: 1 }))).message, /cannot be read: .*not a database/)
    }))
})
