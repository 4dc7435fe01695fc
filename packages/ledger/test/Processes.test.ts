import { assert, it } from "@effect/vitest"
import { Ledger } from "@sluice/gateway/Ledger"
import type { Scope } from "effect"
import { Effect, Layer, Logger } from "effect"
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { describe } from "vitest"
import * as Rows from "../src/Rows.ts"
import * as Spill from "../src/Spill.ts"
import * as Leadership from "../src/sqlite/Leadership.ts"
import * as Start from "../src/sqlite/Start.ts"
import * as Threads from "../src/sqlite/Threads.ts"
import * as WriterLock from "../src/sqlite/WriterLock.ts"
import * as SqliteLedger from "../src/SqliteLedger.ts"
import type * as Writer from "../src/Writer.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"
import * as InProcess from "./inProcess.ts"

const live = (title: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => it.live(title, () => Effect.provide(test(), Logger.layer([])), 60_000)

/** How many exchanges each process makes; every third of them stays open. */
const exchanges = 300

/** Another process with the ledger open, which has made its exchanges, from number `first` on. */
const server = (filename: string, first: number) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [`${import.meta.dirname}/crashingServer.ts`, filename, String(first), "5000", String(exchanges)], {
        stdio: ["ignore", "pipe", "inherit"]
      })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(Effect.tap((child) =>
    Effect.callback<void>((resume) => {
      let seen = 0
      child.stdout.on("data", (text: Buffer) => {
        seen += text.toString().split("\n").length - 1
        if (seen === exchanges + exchanges * 2 / 3) resume(Effect.void)
      })
    })
  ))

const killed = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

const rows = (filename: string, sql: string, ...values: ReadonlyArray<string | number>) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new DatabaseSync(filename, { readOnly: true, timeout: 5000 })),
    (db) => Effect.sync(() => db.prepare(sql).all(...values).map((row) => ({ ...row }))),
    (db) => Effect.sync(() => db.close())
  )

/** How many exchanges of each process have a status. */
const counts = (filename: string, status: string) =>
  Effect.forEach([0, 1, 2], (server) =>
    Effect.map(
      rows(filename, "SELECT count(*) AS n FROM exchanges WHERE status = ? AND id >= ? AND id < ?", status, id(server * 1000), id(server * 1000 + 1000)),
      ([row]) => Number(row?.["n"])
    ))

/** What a writer that is dead has left: an open exchange and a spilled settlement. */
const leaveBehind = (filename: string, n: number) =>
  Effect.gen(function*() {
    const writer = WriterId.generate()
    const started = yield* Start.start({ filename, recover: false, busyTimeout: 5000, writer })
    yield* Effect.fromResult(started.store.commit([Rows.opening(opening(n)), Rows.opening(opening(n + 1))]))
    started.close()
    writeFileSync(Spill.fileName(filename, writer, 1), Spill.toLine(Rows.settlement(settlement(n))))
    return writer
  })

const statuses = (filename: string) => Effect.map(rows(filename, "SELECT status FROM exchanges ORDER BY id"), (all) => all.map((row) => row["status"]))

describe("several processes on one ledger file", () => {
  live("create it together, write it together, and what a killed one left open is abandoned by another, and nothing else", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const [first, second, third] = yield* Effect.all([server(filename, 0), server(filename, 1000), server(filename, 2000)], { concurrency: "unbounded" })
      const stillOpen = exchanges / 3
      assert.deepStrictEqual([yield* counts(filename, "open"), yield* counts(filename, "abandoned")], [[stillOpen, stillOpen, stillOpen], [0, 0, 0]])
      yield* killed(first)
      yield* Effect.repeat(Effect.delay(counts(filename, "open"), 20), { until: ([open]) => open === 0 })
      assert.deepStrictEqual([yield* counts(filename, "open"), yield* counts(filename, "abandoned")], [[0, stillOpen, stillOpen], [stillOpen, 0, 0]])
      assert.deepStrictEqual(yield* rows(filename, "SELECT count(*) AS n FROM exchanges WHERE status = 'completed'"), [{ n: exchanges * 2 }])
      yield* Effect.all([killed(second), killed(third)])
      yield* Effect.provide(Ledger, SqliteLedger.layer({ filename }))
      assert.deepStrictEqual(yield* rows(filename, "SELECT DISTINCT status FROM exchanges ORDER BY 1"), [{ status: "abandoned" }, { status: "completed" }])
      assert.strictEqual((yield* rows(filename, "PRAGMA integrity_check"))[0]?.["integrity_check"], "ok")
    }))

  live("see what the others write, and leave what is open to whom it belongs", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const layer = () => Layer.fresh(Layer.effect(Ledger, SqliteLedger.make(filename, "strict", InProcess.start(filename))))
      const found = yield* Effect.provide(
        Effect.gen(function*() {
          const one = yield* Ledger
          yield* one.open(opening(1))
          yield* Effect.provide(
            Effect.gen(function*() {
              const two = yield* Ledger
              yield* two.open(opening(2))
              yield* two.settle(settlement(1))
              yield* two.settle(settlement(3))
              yield* one.settle(settlement(3, { outcome: { _tag: "Empty" } }))
            }),
            layer()
          )
          yield* Effect.repeat(one.query({ limit: 10, status: "abandoned" }), { until: (entries) => entries.length === 1 })
          yield* one.open(opening(4))
          return yield* one.query({ limit: 10 })
        }),
        layer()
      )
      assert.deepStrictEqual(found.map(({ id, status }) => [id, status]), [
        [id(4), "open"],
        [id(3), "completed"],
        [id(2), "abandoned"],
        [id(1), "completed"]
      ])
    }))

  live("have the dead recovered while they run, by the thread that took over from a dead one too", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const threads: Array<Writer.Thread> = []
      yield* SqliteLedger.make(filename, "strict", {
        reader: Threads.startReader(filename),
        writer: (writer) => (recover, onMessage, onExit) => {
          const intervals = { busyTimeout: 5000, watchInterval: 5000, upkeepInterval: 50, headInterval: 60_000 }
          const thread = Threads.startWriter(filename, intervals)(writer)(recover, onMessage, onExit)
          threads.push(thread)
          return thread
        }
      })
      const first = yield* leaveBehind(filename, 1)
      yield* Effect.repeat(Effect.delay(statuses(filename), 20), { until: (all) => all.join() === "completed,abandoned" })
      assert.isFalse(existsSync(Spill.fileName(filename, first, 1)))
      threads[0]?.kill()
      yield* leaveBehind(filename, 3)
      yield* Effect.repeat(Effect.delay(statuses(filename), 20), { until: (all) => all.join() === "completed,abandoned,completed,abandoned" })
      assert.strictEqual(threads.length, 2)
      const ended = yield* rows(filename, "SELECT id FROM writers WHERE ended_at IS NOT NULL AND id <> ?", WriterId.beforeIds)
      assert.strictEqual(ended.length, 2)
    }))

  live("leave no lock behind where they end in good order", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Effect.provide(Ledger.use((ledger) => ledger.open(opening(1))), SqliteLedger.layer({ filename }))
      assert.deepStrictEqual(readdirSync(dirname(filename)).sort(), ["ledger.db", "ledger.db.lock"])
    }))
})

describe("the locks of a ledger file", () => {
  live("show that a writer is alive while it runs, whoever looks", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const writer = yield* Effect.scoped(Effect.gen(function*() {
        const writer = yield* WriterLock.hold(filename)
        for (let look = 0; look < 3; look++) assert.isTrue(WriterLock.isAlive(filename, writer))
        WriterLock.remove(filename, writer)
        assert.isTrue(WriterLock.isAlive(filename, writer))
        return writer
      }))
      assert.isFalse(WriterLock.isAlive(filename, writer))
      assert.isFalse(existsSync(WriterLock.fileName(filename, writer)))
    }))

  live("are taken again by a writer whose lock file was deleted", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const writer = yield* WriterLock.hold(filename)
      rmSync(WriterLock.fileName(filename, writer))
      assert.isFalse(WriterLock.isAlive(filename, writer))
      yield* Effect.repeat(Effect.sync(() => WriterLock.isAlive(filename, writer)).pipe(Effect.delay(50)), { until: (isAlive) => isAlive })
    }))

  live("let one lead, and the next one when that has ended or its lock file is gone", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const [one, two] = [Leadership.make(filename), Leadership.make(filename)]
      assert.deepStrictEqual([one.claim(), two.claim(), one.claim()], [true, false, true])
      one.end()
      assert.deepStrictEqual([two.claim(), one.claim()], [true, false])
      rmSync(Leadership.fileName(filename))
      assert.deepStrictEqual([one.claim(), two.claim()], [true, false])
      one.end()
      two.end()
    }))
})
