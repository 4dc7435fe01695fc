// `pnpm bench:ledger`: fills a ledger with five million exchanges in a temporary file, asks it what people ask, and prints the CPU time of each
// answer; then how late the event loop of a process is that writes a thousand exchanges a second, while all of it is asked again.
// Options: --rows N, --keep FILE (fills it where it is missing, and leaves it), --postgres URL (a database instead; its own schema, removed).
import { NodeRuntime } from "@effect/platform-node"
import { Effect } from "effect"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import { DatabaseSync } from "node:sqlite"
import { parseArgs } from "node:util"
import type { FromReader, Question, ToReader } from "../../packages/ledger/src/Messages.ts"
import * as PostgresConnection from "../../packages/ledger/src/postgres/Connection.ts"
import * as PostgresReader from "../../packages/ledger/src/postgres/ReaderLoop.ts"
import * as PostgresStart from "../../packages/ledger/src/postgres/Start.ts"
import * as SqliteReader from "../../packages/ledger/src/sqlite/ReaderLoop.ts"
import * as SqliteStart from "../../packages/ledger/src/sqlite/Start.ts"
import * as SqliteLedger from "../../packages/ledger/src/SqliteLedger.ts"
import * as ManyRows from "./ManyRows.ts"
import { neverTogether, questions } from "./Questions.ts"
import { exchange } from "./Traffic.ts"

const { values: { keep, postgres, rows: rowsText } } = parseArgs({
  options: { rows: { type: "string", default: "5000000" }, keep: { type: "string" }, postgres: { type: "string" } }
})
const rows = Number(rowsText)
const limitMs = 100

const timed = async (what: string, run: () => Promise<unknown> | void) => {
  const startedAt = performance.now()
  await run()
  console.log(`${what}: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}

/** Fills a SQLite file; its indexes are made afterwards, which takes a quarter of the time. */
const fillFile = async (file: string) => {
  await Effect.runPromise(SqliteStart.migrate(file, 5000))
  const db = new DatabaseSync(file)
  db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000")
  const indexes = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'exchanges' AND sql IS NOT NULL").all()
  for (const { name } of indexes) db.exec(`DROP INDEX ${String(name)}`)
  await timed(`${rows} exchanges`, () => db.exec(ManyRows.fill(rows, ManyRows.sqlite)))
  await timed(`${indexes.length} indexes`, () => indexes.forEach(({ sql }) => db.exec(String(sql))))
  await timed("rollups", () => ManyRows.rollUp.forEach((statement) => db.exec(statement)))
  db.exec("PRAGMA journal_mode = WAL")
  db.close()
}

const fillDatabase = async (url: string) => {
  const patience = { connect: 5000, statement: 3_600_000, answer: 3_600_000 }
  const { close, send } = await Effect.runPromise(PostgresConnection.open(url, patience))
  const run = (text: string) => Effect.runPromise(send({ text }))
  await run("SET synchronous_commit = off")
  await timed(`${rows} exchanges`, () => run(ManyRows.fill(rows, ManyRows.postgres)))
  for (const statement of ManyRows.rollUp) await timed("rollups", () => run(statement))
  await timed("statistics", () => run("ANALYZE exchanges, rollups"))
  close()
}

type Ask = (question: Question) => Promise<number>

/** Asks the loop of a reader thread, here; gives the number of entries or points. */
const asker = (start: (reply: (message: FromReader) => void) => (message: ToReader) => void): Ask => {
  let found = 0
  let done: (found: number) => void = () => {}
  const post = start(({ answer, last }) => {
    if (answer._tag === "Failed") throw new Error(answer.reason)
    found += answer._tag === "Entries" ? answer.entries.length : answer._tag === "Chart" ? answer.points.length : 1
    if (last) done(found)
  })
  return (question) =>
    new Promise((resolve) => {
      found = 0
      done = resolve
      post({ _tag: "Ask", id: 0, question })
    })
}

const median = (numbers: ReadonlyArray<number>): number => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN

/** Three times each, after one that is not counted. The CPU time is this process's: of SQLite all there is, of PostgreSQL the client's part. */
const measure = async (ask: Ask, list: typeof questions, isPromised: boolean) => {
  for (const [title, question] of list) {
    const found = await ask(question)
    const runs: Array<{ readonly cpu: number; readonly wall: number }> = []
    for (let run = 0; run < 3; run++) {
      const [before, startedAt] = [process.cpuUsage(), performance.now()]
      await ask(question)
      const { system, user } = process.cpuUsage(before)
      runs.push({ cpu: (user + system) / 1000, wall: performance.now() - startedAt })
    }
    const cpu = median(runs.map((run) => run.cpu))
    const verdict = !isPromised ? "" : cpu <= limitMs ? "ok" : "misses"
    const wall = median(runs.map((run) => run.wall))
    console.log(`${title.padEnd(44)} ${String(found).padStart(6)}  ${cpu.toFixed(1).padStart(8)} ms CPU  ${wall.toFixed(1).padStart(8)} ms  ${verdict}`)
  }
}

/** Writes a thousand exchanges a second for some seconds, and says how late the event loop was. */
const delays = (file: string, seconds: number, isAsked: boolean) =>
  Effect.scoped(
    Effect.gen(function*() {
      const { Ledger } = yield* Effect.promise(() => import("../../packages/gateway/src/Ledger.ts"))
      const ledger = yield* Ledger
      yield* ledger.query({ limit: 1 })
      const histogram = monitorEventLoopDelay({ resolution: 1 })
      let asked = 0
      const asking = Effect.forever(Effect.forEach(questions, ([, question]) => {
        asked++
        return question._tag === "Entries" ? ledger.query(question.query) : question._tag === "Chart" ? ledger.chart(question.query) : Effect.void
      }, { discard: true }))
      if (isAsked) yield* Effect.forkScoped(asking)
      histogram.enable()
      for (let tick = 0; tick < seconds * 100; tick++) {
        for (let each = 0; each < 10; each++) {
          const { opening, settlement } = exchange(Date.now(), tick * 10 + each)
          yield* Effect.forkScoped(Effect.andThen(ledger.open(opening), ledger.settle(settlement)))
        }
        yield* Effect.sleep(10)
      }
      histogram.disable()
      const ms = (nanoseconds: number) => (nanoseconds / 1e6).toFixed(1)
      console.log(
        `event loop ${isAsked ? `while ${asked} questions are answered` : "without questions"}: p50 ${ms(histogram.percentile(50))} p99 ${
          ms(histogram.percentile(99))
        } worst ${ms(histogram.max)} ms (the sampler's own millisecond included)`
      )
    }).pipe(Effect.provide(SqliteLedger.layer({ filename: file })))
  )

const onSqlite = async () => {
  const folder = keep === undefined ? mkdtempSync(join(tmpdir(), "sluice-bench-")) : undefined
  const file = keep ?? join(folder ?? "", "ledger.db")
  try {
    if (!existsSync(file)) await fillFile(file)
    const ask = asker((reply) => SqliteReader.start(file, reply, () => {}))
    await measure(ask, questions, true)
    await measure(ask, neverTogether, false)
    for (const isAsked of [false, true]) await Effect.runPromise(delays(file, 10, isAsked))
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  }
}

const onPostgres = async (base: string) => {
  const schema = `sluice_bench_${process.pid}`
  const url = new URL(base)
  url.searchParams.set("options", `-c search_path=${schema}`)
  const admin = await Effect.runPromise(PostgresConnection.open(base, { connect: 5000, statement: 600_000, answer: 600_000 }))
  await Effect.runPromise(admin.send({ text: `CREATE SCHEMA ${schema}` }))
  try {
    await Effect.runPromise(PostgresStart.migrate(url.href))
    await fillDatabase(url.href)
    const ask = asker((reply) => PostgresReader.start(url.href, reply, () => {}))
    await measure(ask, questions, false)
    await measure(ask, neverTogether, false)
  } finally {
    await Effect.runPromise(admin.send({ text: `DROP SCHEMA ${schema} CASCADE` }))
    admin.close()
  }
}

NodeRuntime.runMain(Effect.promise(() => postgres === undefined ? onSqlite() : onPostgres(postgres)).pipe(Effect.andThen(Effect.sync(() => process.exit(0)))))
