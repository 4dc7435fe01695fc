import { assert, it } from "@effect/vitest"
import type { Result, Scope } from "effect"
import { Effect, Logger } from "effect"
import { DatabaseSync } from "node:sqlite"
import { describe } from "vitest"
import * as Rows from "../src/Rows.ts"
import * as Chain from "../src/sqlite/Chain.ts"
import * as ChainReading from "../src/sqlite/ChainReading.ts"
import * as Retention from "../src/sqlite/Retention.ts"
import * as Rollups from "../src/sqlite/Rollups.ts"
import * as Start from "../src/sqlite/Start.ts"
import type { Store } from "../src/sqlite/Store.ts"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import * as Verification from "../src/Verification.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"
import * as InProcess from "./inProcess.ts"

const key = "a key nobody else has got at all"

const live = (title: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => it.live(title, () => Effect.provide(test(), Logger.layer([])))

const begin = (filename: string) =>
  Effect.map(
    Effect.acquireRelease(
      Start.start({ filename, recover: true, busyTimeout: 5000, writer: WriterId.generate(), signingKey: key }),
      ({ close }) => Effect.sync(close)
    ),
    ({ store }) => store
  )

const settle = (store: Store, from: number, count: number) =>
  Effect.fromResult(store.commit(Array.from({ length: count }, (_, n) => Rows.settlement(settlement(from + n)))))

const head = (store: Store) => Effect.fromResult(store.transact(({ db, writer }) => Chain.addHead(db, writer, key)))

/** Every step of something; gives their number and the result. */
const run = <A, E>(steps: Generator<void, Result.Result<A, E>>, most = Number.POSITIVE_INFINITY) => {
  for (let count = 1;; count++) {
    const step = steps.next()
    if (step.done === true) return Effect.fromResult(step.value)
    if (count === most) return Effect.undefined
  }
}

const counted = (filename: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new DatabaseSync(filename, { readOnly: true })),
    (db) =>
      Effect.gen(function*() {
        const count = (table: string) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"])
        const report = yield* Verification.verify(ChainReading.make(db), { key })
        return {
          exchanges: count("exchanges"),
          attempts: count("attempts"),
          links: count("links"),
          heads: count("heads"),
          verified: report.rows,
          finding: report.finding
        }
      }),
    (db) => Effect.sync(() => db.close())
  )

const afterNow = () => ({ before: Date.now() + 1, signingKey: key })

describe("retention", () => {
  live("removes whole segments that are old enough, and what is left can be verified at every step", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const store = yield* begin(filename)
      yield* settle(store, 0, 250)
      yield* head(store)
      yield* settle(store, 1000, 50)
      yield* head(store)
      yield* settle(store, 2000, 20)
      yield* run(Rollups.start(store))
      yield* run(Retention.start(store, afterNow()), 1)
      assert.deepStrictEqual(yield* counted(filename), { exchanges: 220, attempts: 440, links: 220, heads: 2, verified: 220, finding: undefined })
      assert.strictEqual(yield* run(Retention.start(store, afterNow())), 200)
      // The last segment has no head yet
      assert.deepStrictEqual(yield* counted(filename), { exchanges: 20, attempts: 40, links: 20, heads: 2, verified: 20, finding: undefined })
      yield* settle(store, 3000, 5)
      yield* head(store)
      yield* run(Rollups.start(store))
      yield* run(Retention.start(store, afterNow()))
      yield* settle(store, 4000, 3)
      assert.deepStrictEqual(yield* counted(filename), { exchanges: 3, attempts: 6, links: 3, heads: 3, verified: 3, finding: undefined })
    }))

  live("removes nothing that is young, that no head covers, or that the rollups have not counted", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const store = yield* begin(filename)
      yield* settle(store, 0, 10)
      yield* Effect.fromResult(store.commit([Rows.opening(opening(100))]))
      yield* run(Rollups.start(store))
      assert.strictEqual(yield* run(Retention.start(store, afterNow())), 0)
      yield* head(store)
      assert.strictEqual(yield* run(Retention.start(store, { before: Date.now() - 60_000, signingKey: key })), 0)
      yield* settle(store, 200, 1)
      yield* head(store)
      assert.strictEqual(yield* run(Retention.start(store, afterNow())), 10)
      assert.strictEqual((yield* counted(filename)).exchanges, 2)
    }))

  live("leaves a record that nobody without the key can make", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const store = yield* begin(filename)
      yield* settle(store, 0, 10)
      yield* head(store)
      yield* settle(store, 20, 10)
      yield* head(store)
      yield* run(Rollups.start(store))
      yield* run(Retention.start(store, afterNow()), 1)
      for (const sql of ["UPDATE cuts SET at = at + 1", "UPDATE cuts SET signature = NULL", "DELETE FROM cuts"]) {
        const db = new DatabaseSync(filename)
        db.exec(`BEGIN; ${sql}`)
        const { finding } = yield* Verification.verify(ChainReading.make(db), { key })
        assert.include(["signature", "missing"], finding?.wrong, sql)
        db.exec("ROLLBACK")
        db.close()
      }
      assert.isUndefined((yield* counted(filename)).finding)
    }))

  live("is seen to by a ledger that was told how long to keep rows, while the charts keep what they counted", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const ledger = yield* SqliteLedger.make(filename, "strict", InProcess.start(filename, { headInterval: 10, retention: 1 }))
      yield* Effect.forEach([1, 2, 3], (n) => ledger.settle(settlement(n)))
      yield* ledger.open(opening(9))
      const left = yield* Effect.repeat(Effect.delay(ledger.query({ limit: 10 }), 5), { until: (entries) => entries.length === 1 })
      assert.deepStrictEqual(left.map((entry) => entry.id), [id(9)])
      const chart = yield* ledger.chart({ from: 0, until: 2e12, step: "day" })
      assert.deepStrictEqual(chart.map((point) => point.requests), [3])
    }))
})

describe("rollups", () => {
  live("count every exchange once, in steps, whoever leads and however often", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const first = yield* begin(filename)
      yield* settle(first, 0, 1200)
      const second = yield* Effect.map(
        Effect.acquireRelease(Start.start({ filename, recover: false, busyTimeout: 5000, writer: WriterId.generate() }), ({ close }) => Effect.sync(close)),
        ({ store }) => store
      )
      yield* settle(second, 5000, 700)
      yield* run(Rollups.start(first), 1)
      yield* run(Rollups.start(second))
      yield* run(Rollups.start(first))
      const db = new DatabaseSync(filename)
      assert.strictEqual(db.prepare("SELECT sum(requests) AS n FROM rollups").get()?.["n"], 1900)
      assert.strictEqual(db.prepare("SELECT sum(tokens_output) AS n FROM rollups").get()?.["n"], 1900 * 34)
      db.close()
    }))
})
