import { assert, it } from "@effect/vitest"
import { Ledger } from "@sluice/gateway/Ledger"
import type { Scope } from "effect"
import { Deferred, Effect, Logger, Option } from "effect"
import { existsSync, readdirSync, rmSync } from "node:fs"
import { basename, dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe } from "vitest"
import * as Spill from "../src/Spill.ts"
import * as Threads from "../src/sqlite/Threads.ts"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import type * as Writer from "../src/Writer.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"

/** A test whose ledger keeps its troubles to itself. */
const live = (title: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => it.live(title, () => Effect.provide(test(), Logger.layer([])), 60_000)

/** A ledger whose writer threads can be ended, and give up on a locked file at once. */
const killable = Effect.fnUntraced(function*(filename: string, durability: "strict" | "relaxed" = "strict") {
  const threads: Array<Writer.Thread> = []
  const ready: Array<Deferred.Deferred<void>> = [yield* Deferred.make<void>(), yield* Deferred.make<void>(), yield* Deferred.make<void>()]
  const ledger = yield* SqliteLedger.make(filename, durability, {
    reader: Threads.startReader(filename),
    writer: (writer) => (recover, onMessage, onExit) => {
      const started = ready[threads.length]
      const thread = Threads.startWriter(filename, { busyTimeout: 1, watchInterval: 20, upkeepInterval: 50, headInterval: 60_000 })(writer)(
        recover,
        (message) => {
          onMessage(message)
          if (message._tag === "Ready" && started !== undefined) Deferred.doneUnsafe(started, Effect.void)
        },
        onExit
      )
      threads.push(thread)
      return thread
    }
  })
  return { ledger, threads, ready: (n: number) => ready[n] === undefined ? Effect.void : Deferred.await(ready[n]) }
})

const reopened = (filename: string) => Effect.provide(Ledger.use((ledger) => ledger.query({ limit: 10_000 })), SqliteLedger.layer({ filename }))

const spillFiles = (filename: string) => readdirSync(dirname(filename)).filter((name) => Option.isSome(Spill.ownerOf(basename(filename), name)))

/** Another process's hold on the file, until the scope closes. */
const lock = (filename: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const db = new DatabaseSync(filename)
      db.exec("BEGIN IMMEDIATE")
      return db
    }),
    (db) => Effect.sync(() => db.close())
  )

describe("a writer thread that dies", () => {
  live("is replaced, and loses nothing of what was on its way", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { ledger, threads } = yield* killable(filename)
      const numbers = Array.from({ length: 2000 }, (_, n) => n)
      const exchange = (n: number) =>
        Effect.gen(function*() {
          yield* ledger.open(opening(n))
          // In the middle of the openings' commits
          if (n === 700) threads[0]?.kill()
          yield* ledger.settle(settlement(n))
        })
      yield* Effect.forEach(numbers, exchange, { concurrency: "unbounded", discard: true })
      const entries = yield* ledger.query({ limit: 10_000 })
      assert.strictEqual(threads.length, 2)
      assert.deepStrictEqual(entries.map((entry) => entry.id).sort(), numbers.map(id))
      assert.deepStrictEqual(new Set(entries.map((entry) => entry.status)), new Set(["completed"]))
    }))

  live("does not take open exchanges for abandoned when it is replaced", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { ledger, ready, threads } = yield* killable(filename)
      yield* ledger.open(opening(1))
      threads[0]?.kill()
      yield* ready(1)
      yield* ledger.open(opening(2))
      assert.deepStrictEqual((yield* ledger.query({ limit: 10 })).map((entry) => entry.status), ["open", "open"])
    }))

  live("may die while the ledger closes: what was written is there at the next start", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const settling = yield* Effect.scoped(Effect.gen(function*() {
        const { ledger, threads } = yield* killable(filename)
        yield* ledger.open(opening(1))
        const fiber = yield* Effect.forkDetach(ledger.settle(settlement(1)), { startImmediately: true })
        threads[0]?.kill()
        return fiber
      }))
      assert.isDefined(settling)
      assert.deepStrictEqual((yield* reopened(filename)).map((entry) => entry.status), ["completed"])
    }))
})

describe("a database that another process holds", () => {
  live("refuses openings, keeps settlements in a spill file, and has them all again once it is free", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const numbers = Array.from({ length: 50 }, (_, n) => n)
      yield* Effect.scoped(Effect.gen(function*() {
        const { ledger } = yield* killable(filename)
        yield* Effect.forEach(numbers, (n) => ledger.open(opening(n)), { concurrency: "unbounded" })
        yield* Effect.scoped(Effect.gen(function*() {
          yield* lock(filename)
          const refused = yield* Effect.flip(ledger.open(opening(100)))
          assert.match(refused.message, /the ledger is unavailable: database is locked/)
          yield* Effect.forEach(numbers, (n) => ledger.settle(settlement(n)), { concurrency: "unbounded" })
          assert.isTrue(spillFiles(filename).length > 0)
          // Reading goes on
          assert.strictEqual((yield* ledger.query({ limit: 100, status: "open" })).length, 50)
        }))
        yield* ledger.open(opening(200))
        // Queued behind the replay that the opening's commit has set off
        const entries = yield* Effect.repeat(ledger.query({ limit: 100, status: "completed" }), { until: (entries) => entries.length === 50 })
        assert.deepStrictEqual(entries.map((entry) => entry.id).sort(), numbers.map(id))
        yield* Effect.repeat(ledger.query({ limit: 1 }), { until: () => !(spillFiles(filename).length > 0) })
      }))
      assert.strictEqual((yield* reopened(filename)).length, 51)
    }))

  live("does not hold up a relaxed ledger, which keeps the openings it has accepted", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Effect.scoped(Effect.gen(function*() {
        const { ledger } = yield* killable(filename, "relaxed")
        yield* lock(filename)
        yield* ledger.open(opening(1))
        yield* ledger.open(opening(2))
        yield* ledger.settle(settlement(2))
        assert.deepStrictEqual(yield* ledger.query({ limit: 10 }), [])
      }))
      assert.deepStrictEqual((yield* reopened(filename)).map(({ id, status }) => [id, status]), [[id(2), "completed"], [id(1), "abandoned"]])
    }))

  live("gets what was spilled at the next start where it was not free before", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Effect.scoped(Effect.gen(function*() {
        const { ledger } = yield* killable(filename)
        yield* ledger.open(opening(1))
        yield* lock(filename)
        yield* ledger.settle(settlement(1))
        yield* ledger.settle(settlement(2))
      }))
      assert.isTrue(spillFiles(filename).length > 0)
      const entries = yield* reopened(filename)
      assert.deepStrictEqual(entries.map(({ id, status }) => [id, status]), [[id(2), "completed"], [id(1), "completed"]])
      assert.isFalse(spillFiles(filename).length > 0)
    }))
})

describe("a ledger file", () => {
  live("that is deleted under the ledger is noticed and created again", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Effect.scoped(Effect.gen(function*() {
        const { ledger, ready } = yield* killable(filename)
        yield* ledger.open(opening(1))
        assert.strictEqual((yield* ledger.query({ limit: 10 })).length, 1)
        for (const suffix of ["", "-wal", "-shm"]) rmSync(`${filename}${suffix}`)
        yield* ready(1)
        yield* ledger.settle(settlement(1))
        yield* ledger.open(opening(2))
        assert.deepStrictEqual((yield* ledger.query({ limit: 10 })).map((entry) => entry.status), ["open", "completed"])
      }))
      assert.strictEqual((yield* reopened(filename)).length, 2)
    }))

  live("that is no ledger fails the layer with the reason", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const db = new DatabaseSync(filename)
      db.exec("CREATE TABLE exchanges (id TEXT)")
      db.close()
      const failure = yield* Effect.flip(reopened(filename))
      assert.strictEqual(failure._tag, "LedgerStartError")
      assert.match(failure.message, /already exists/)
    }))
})

describe("closing the ledger", () => {
  live("stores everything that was written, awaited or not", () =>
    Effect.gen(function*() {
      for (const durability of ["strict", "relaxed"] as const) {
        const filename = yield* temporaryFile
        yield* Effect.provide(
          Effect.gen(function*() {
            const ledger = yield* Ledger
            for (let n = 0; n < 1000; n++) yield* Effect.forkDetach(ledger.open(opening(n)), { startImmediately: true })
            for (let n = 0; n < 500; n++) yield* Effect.forkDetach(ledger.settle(settlement(n)), { startImmediately: true })
          }),
          SqliteLedger.layer({ filename, durability })
        )
        assert.isFalse(existsSync(`${filename}-wal`))
        const entries = yield* reopened(filename)
        assert.deepStrictEqual(entries.filter((entry) => entry.status === "completed").length, 500)
        assert.deepStrictEqual(entries.filter((entry) => entry.status === "abandoned").length, 500)
      }
    }))
})
