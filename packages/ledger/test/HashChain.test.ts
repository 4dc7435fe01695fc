import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import * as SqliteMigrator from "@effect/sql-sqlite-node/SqliteMigrator"
import { assert, it } from "@effect/vitest"
import type { Scope } from "effect"
import { Effect, Logger } from "effect"
import { DatabaseSync } from "node:sqlite"
import { describe } from "vitest"
import * as HashChain from "../src/HashChain.ts"
import { loader } from "../src/migrations/Migrations.ts"
import * as Rows from "../src/Rows.ts"
import * as Chain from "../src/sqlite/Chain.ts"
import * as ChainReading from "../src/sqlite/ChainReading.ts"
import * as Start from "../src/sqlite/Start.ts"
import * as TerminalRow from "../src/TerminalRow.ts"
import * as Verification from "../src/Verification.ts"
import * as WriterId from "../src/WriterId.ts"
import { opening, settlement, temporaryFile } from "./exchanges.ts"
import * as Mutations from "./Mutations.ts"

const { key } = Mutations

const live = (title: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => it.live(title, () => Effect.provide(test(), Logger.layer([])))

const verified = (filename: string, options: Verification.Options = { key }) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new DatabaseSync(filename, { readOnly: true })),
    (db) => Verification.verify(ChainReading.make(db), options),
    (db) => Effect.sync(() => db.close())
  )

const begin = (filename: string, signingKey: string | undefined) =>
  Effect.acquireRelease(
    Start.start({ filename, recover: true, busyTimeout: 5000, writer: WriterId.generate(), ...(signingKey === undefined ? {} : { signingKey }) }),
    ({ close }) => Effect.sync(close)
  )

describe("the hash chain", () => {
  it("covers every column a settlement writes, each once", () => {
    const written = [...Rows.openingColumns, ...Rows.usageColumns, ...Rows.costColumns, ...Rows.settlementColumns]
    assert.deepStrictEqual([...TerminalRow.columns].sort(), [...written].sort())
  })

  it("has a hash that depends on everything, and not on columns that came later and are empty", () => {
    const place = HashChain.beginning("w")
    const hashOf = (after: HashChain.Place, row: TerminalRow.TerminalRow, attempts: ReadonlyArray<TerminalRow.TerminalRow> = []) =>
      HashChain.next(after, "x", row, attempts).hash
    const hash = hashOf(place, ["x", 1, null])
    assert.strictEqual(hashOf(place, ["x", 1, null, null]), hash)
    const others = [
      hashOf(place, ["x", "1", null]),
      hashOf(place, ["x", null, 1]),
      hashOf({ ...place, sequence: 1 }, ["x", 1]),
      hashOf({ ...place, writer: "v" }, ["x", 1]),
      hashOf({ ...place, hash: "h" }, ["x", 1]),
      hashOf(place, ["x", 1], [["a"]]),
      hashOf(place, ["x", 1], [["a"], []])
    ]
    assert.strictEqual(new Set([hash, ...others]).size, others.length + 1)
  })
})

describe("verification", () => {
  live("finds nothing in a ledger as it was written, and says what it looked at", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Mutations.makeLedger(filename)
      const { newest, ...report } = yield* verified(filename)
      // The exchange of the last writer is open still
      assert.deepStrictEqual(report, { finding: undefined, rows: 66, writers: 4, heads: 9, signedHeads: 9, uncovered: 0 })
      assert.strictEqual(newest?.number, 9)
      assert.isUndefined((yield* verified(filename, { key: undefined })).finding)
      assert.strictEqual((yield* verified(filename, { key: "another" })).finding?.wrong, "signature")
    }))

  live("finds nothing in an empty ledger, nor in text of any kind", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename, undefined)
      assert.isUndefined((yield* verified(filename)).finding)
      const odd = "a\u0000b\ud800 \u{1F600}\u2028\n"
      const attempts = settlement(1).attempts.map((attempt) => ({ ...attempt, error: { class: odd, message: odd } }))
      yield* Effect.fromResult(store.commit([
        Rows.settlement(settlement(1, { principal: odd, outcome: { _tag: "Defect", message: odd }, attempts })),
        Rows.settlement(settlement(2, { attempts: [], bytesOut: 1e300, ttftMs: Number.NaN }))
      ]))
      const report = yield* verified(filename)
      assert.deepStrictEqual([report.finding, report.rows, report.uncovered], [undefined, 2, 2])
    }))

  live("goes on where a transaction failed, and where it is unknown whether it did", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename, key)
      yield* Effect.fromResult(store.commit([Rows.settlement(settlement(1))]))
      const odd: Rows.Row = [0, null, null, null, null, null, null, null, null, null, null, null]
      assert.strictEqual(store.commit([Rows.settlement(settlement(2)), odd])._tag, "Failure")
      yield* Effect.fromResult(store.commit([Rows.settlement(settlement(3)), Rows.settlement(settlement(1)), Rows.settlement(settlement(2))]))
      const report = yield* verified(filename)
      assert.deepStrictEqual([report.finding, report.rows], [undefined, 3])
    }))

  live("links what had ended before there was a chain", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const before = Effect.map(loader, (all) => all.filter(([number]) => number < 4))
      yield* SqliteMigrator.run({ loader: before, table: "ledger_migrations" }).pipe(Effect.provide(SqliteClient.layer({ filename })))
      const db = new DatabaseSync(filename)
      const exchange = db.prepare(`INSERT INTO exchanges (id, started_at, operation, principal, inbound, stream, estimated_input, status)
        VALUES (?, 1, 'generate', 'ci', 'openai-chat', 0, 1, ?)`)
      for (const [name, status] of [["a", "completed"], ["b", "open"], ["c", "failed"]] as const) exchange.run(name, status)
      db.exec("INSERT INTO attempts (exchange_id, number, provider, upstream_model, started_at, ended_at) VALUES ('c', 1, 'p', 'm', 1, 2)")
      db.close()
      yield* begin(filename, undefined)
      const report = yield* verified(filename)
      assert.deepStrictEqual([report.finding, report.rows], [undefined, 3])
    }))

  live("misses rows that no head covers, but not a head that was noted elsewhere", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename, key)
      const settleAndHead = (n: number) =>
        Effect.fromResult(store.transact(({ db, write, writer }) => {
          write([Rows.opening(opening(n)), Rows.settlement(settlement(n))])
          Chain.addHead(db, writer, key)
        }))
      yield* settleAndHead(1)
      yield* settleAndHead(2)
      const { newest: noted } = yield* verified(filename)
      assert.isDefined(noted)
      if (noted === undefined) return
      assert.isUndefined((yield* verified(filename, { key, noted })).finding)
      const db = new DatabaseSync(filename)
      db.exec("DELETE FROM heads WHERE number = 2; DELETE FROM links WHERE sequence = 2; DELETE FROM exchanges WHERE sequence = 2")
      db.close()
      assert.isUndefined((yield* verified(filename)).finding)
      assert.deepInclude((yield* verified(filename, { key, noted })).finding, { wrong: "truncated", head: 2 })
      assert.deepInclude((yield* verified(filename, { key, noted: { number: 1, digest: "x" } })).finding, { wrong: "head", head: 1 })
    }))

  live("notices every attack, and names the first row it has hit", () =>
    Effect.gen(function*() {
      const { attacks, done, misses, untouched } = yield* Mutations.attack({ runs: 340, seed: 20_261_120 })
      assert.isUndefined(untouched.finding)
      assert.deepStrictEqual(misses, [])
      for (const name of attacks) assert.isAbove(done.get(name) ?? 0, 8, name)
    }))
})
