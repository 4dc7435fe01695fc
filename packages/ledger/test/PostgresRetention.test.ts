import { assert, it } from "@effect/vitest"
import type { Scope } from "effect"
import { Effect, Logger, Redacted } from "effect"
import { describe } from "vitest"
import * as LedgerReader from "../src/LedgerReader.ts"
import * as Chain from "../src/postgres/Chain.ts"
import * as Retention from "../src/postgres/Retention.ts"
import * as Rollups from "../src/postgres/Rollups.ts"
import * as Start from "../src/postgres/Start.ts"
import type { Store } from "../src/postgres/Store.ts"
import * as Threads from "../src/postgres/Threads.ts"
import * as PostgresLedger from "../src/PostgresLedger.ts"
import * as Rows from "../src/Rows.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"
import * as Postgres from "./postgres.ts"

const key = "a key nobody else has got at all"

const live = (title: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => it.live(title, () => Effect.provide(test(), Logger.layer([])), 60_000)

const begin = (url: string, writer = WriterId.generate()) =>
  Effect.acquireRelease(Start.start({ url, writer, ...Threads.intervals }), (store) => Effect.sync(store.close))

const settle = (store: Store, from: number, count: number) => store.commit(Array.from({ length: count }, (_, n) => Rows.settlement(settlement(from + n))))

const count = (store: Store, sql: string) => store.use(({ connection }) => Effect.map(connection.send({ text: sql }), ({ rows: [row] }) => Number(row?.[0])))

/** What the command line says of the ledger. */
const verified = (url: string) =>
  Effect.map(
    LedgerReader.verify({ _tag: "Postgres", url: Redacted.make(url) }, Redacted.make(key)),
    ({ finding, rows }) => ({ finding, rows })
  )

describe.skipIf(Postgres.service.missing !== undefined)(`retention in PostgreSQL${Postgres.skipped}`, () => {
  live("removes whole segments that are old enough, counted and under a head, and what is left can be verified", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const writer = WriterId.generate()
      const store = yield* begin(url, writer)
      const head = store.transact(({ connection }) => Chain.addHead(connection, writer, key))
      const retain = Effect.suspend(() => Retention.all(store, { before: Date.now() + 1, signingKey: key }))
      yield* settle(store, 0, 250)
      yield* head
      // The rollups have not counted it
      assert.strictEqual(yield* retain, 0)
      yield* Rollups.all(store)
      yield* settle(store, 2000, 20)
      yield* Rollups.all(store)
      assert.strictEqual(yield* Retention.all(store, { before: Date.now() - 60_000, signingKey: key }), 0)
      assert.strictEqual(yield* retain, 250)
      assert.strictEqual(yield* count(store, "SELECT count(*) FROM attempts"), 40)
      assert.deepStrictEqual(yield* verified(url), { finding: undefined, rows: 20 })
      yield* head
      assert.strictEqual(yield* retain, 20)
      yield* settle(store, 4000, 3)
      assert.deepStrictEqual(yield* verified(url), { finding: undefined, rows: 3 })
      yield* count(store, "UPDATE cuts SET at = at + 1")
      assert.strictEqual((yield* verified(url)).finding?.wrong, "signature")
    }))

  live("is seen to by a ledger that was told how long to keep rows, while the charts keep what they counted", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const spill = yield* temporaryFile
      const start = Postgres.inProcess(url, spill, { ...Threads.intervals, upkeepInterval: 20, headInterval: 20 }, { retention: 1 })
      const ledger = yield* PostgresLedger.make({ place: "here", spill, durability: "strict", start })
      yield* Effect.forEach([1, 2, 3], (n) => ledger.settle(settlement(n)))
      yield* ledger.open(opening(9))
      const left = yield* Effect.repeat(Effect.delay(ledger.query({ limit: 10 }), 5), { until: (entries) => entries.length === 1 })
      assert.deepStrictEqual(left.map((entry) => entry.id), [id(9)])
      const chart = yield* ledger.chart({ from: 0, until: 2e12, step: "day" })
      assert.deepStrictEqual(chart.map((point) => point.requests), [3])
    }))
})

describe.skipIf(Postgres.service.missing !== undefined)(`rollups in PostgreSQL${Postgres.skipped}`, () => {
  live("count every exchange once, though two believe that they lead", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const [first, second] = [yield* begin(url), yield* begin(url)]
      yield* settle(first, 0, 1200)
      yield* settle(second, 5000, 700)
      yield* Effect.all([Rollups.all(first), Rollups.all(second)], { concurrency: "unbounded" })
      yield* Effect.all([Rollups.all(second), Rollups.all(first)], { concurrency: "unbounded" })
      assert.strictEqual(yield* count(first, "SELECT sum(requests) FROM rollups"), 1900)
      assert.strictEqual(yield* count(first, "SELECT sum(tokens_output) FROM rollups"), 1900 * 34)
    }))
})
