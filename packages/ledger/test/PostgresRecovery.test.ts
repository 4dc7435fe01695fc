import { assert, it } from "@effect/vitest"
import type { Ledger } from "@sluice/gateway/Ledger"
import type { Scope } from "effect"
import { Effect, Layer, Logger, Redacted } from "effect"
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { readdirSync } from "node:fs"
import { connect, createServer } from "node:net"
import type { Socket } from "node:net"
import { basename, dirname } from "node:path"
import { describe } from "vitest"
import type { FromWriter } from "../src/Messages.ts"
import * as Commits from "../src/postgres/Commits.ts"
import * as Start from "../src/postgres/Start.ts"
import * as Threads from "../src/postgres/Threads.ts"
import * as PostgresLedger from "../src/PostgresLedger.ts"
import type { Row } from "../src/Rows.ts"
import * as Rows from "../src/Rows.ts"
import * as Spill from "../src/Spill.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement, temporaryFile } from "./exchanges.ts"
import * as Postgres from "./postgres.ts"

const live = (title: string, test: () => Effect.Effect<void, unknown, Scope.Scope>) => it.live(title, () => Effect.provide(test(), Logger.layer([])), 60_000)

/** A writer that takes others for dead almost at once. */
const hasty: Threads.Intervals = { ...Threads.intervals, upkeepInterval: 50, absence: { here: 300, elsewhere: 300 } }

/** A ledger of this process, for the scope. */
const open = (url: string, spill: string, intervals = hasty) =>
  PostgresLedger.make({ place: "here", spill, durability: "strict", start: Postgres.inProcess(url, spill, intervals) })

/** The number of exchanges of each status. */
const statuses = (ledger: Ledger["Service"]) =>
  Effect.map(ledger.query({ limit: 10_000 }), (entries) => {
    const counts: { [status: string]: number } = {}
    for (const { status } of entries) counts[status] = (counts[status] ?? 0) + 1
    return counts
  })

const spillFiles = (spill: string) => readdirSync(dirname(spill)).filter((name) => Spill.ownerOf(basename(spill), name)._tag === "Some")

/** A way to the database that can be cut: what goes through it ends, and nothing new comes through until it is mended. */
const wire = Effect.fnUntraced(function*(url: string) {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((inward) => {
    if (isCut) return void inward.resetAndDestroy()
    const outward = connect({ host: target.hostname, port: Number(target.port === "" ? 5432 : target.port) })
    for (const [socket, other] of [[inward, outward], [outward, inward]] as const) {
      sockets.add(socket)
      socket.on("error", () => {}).on("close", () => {
        sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.sync(() => {
        for (const socket of sockets) socket.destroy()
        server.close()
      })
  )
  const address = server.address()
  const through = new URL(url)
  through.hostname = "127.0.0.1"
  through.port = String(typeof address === "object" ? address?.port : 0)
  return {
    url: through.href,
    cut: Effect.sync(() => {
      isCut = true
      for (const socket of sockets) socket.resetAndDestroy()
    }),
    mend: Effect.sync(() => void (isCut = false))
  }
})

/** Another process with the ledger open, which has opened its exchanges, from number `first` on, and settled two of three. */
const server = (url: string, spill: string, first: number) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [`${import.meta.dirname}/crashingPostgres.ts`, url, spill, String(first), "300"], { stdio: ["ignore", "pipe", "inherit"] })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(Effect.tap((child) => Effect.callback<void>((resume) => void child.stdout.once("data", () => resume(Effect.void)))))

const killed = (child: ChildProcess) =>
  Effect.callback<void>((resume) => {
    child.once("exit", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

describe.skipIf(Postgres.service.missing !== undefined)(`a PostgreSQL ledger of several processes${Postgres.skipped}`, () => {
  live("keeps what each of them says, and abandons what one of them leaves when it is killed", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const spill = yield* temporaryFile
      const [first, second] = yield* Effect.all([server(url, spill, 0), server(url, spill, 1000)], { concurrency: "unbounded" })
      const ledger = yield* open(url, spill)
      assert.deepStrictEqual(yield* statuses(ledger), { open: 200, completed: 400 })
      yield* killed(first)
      yield* Effect.repeat(statuses(ledger), { until: ({ abandoned }) => abandoned === 100 })
      assert.deepStrictEqual(yield* statuses(ledger), { open: 100, completed: 400, abandoned: 100 })
      // The other one is alive, and is not taken for dead
      yield* Effect.sleep(hasty.absence.here * 2)
      assert.deepStrictEqual(yield* statuses(ledger), { open: 100, completed: 400, abandoned: 100 })
      yield* killed(second)
      yield* Effect.repeat(statuses(ledger), { until: ({ abandoned }) => abandoned === 200 })
    }))

  live("charges an exchange once, however many of them settle it", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const spill = yield* temporaryFile
      const [first, second] = [yield* open(url, spill), yield* open(url, spill)]
      const numbers = Array.from({ length: 300 }, (_, n) => n)
      const settle = (ledger: Ledger["Service"]) => Effect.forEach(numbers, (n) => ledger.settle(settlement(n, { costUsd: "1" })), { concurrency: "unbounded" })
      yield* Effect.all([settle(first), settle(second), settle(first)], { concurrency: "unbounded" })
      const { requests, spent } = yield* second.spent({ kind: "key", id: "ci" }, 0)
      assert.deepStrictEqual([requests, String(spent)], [300, "300000000000000"])
    }))
})

describe.skipIf(Postgres.service.missing !== undefined)(`a PostgreSQL ledger that loses its database${Postgres.skipped}`, () => {
  live("connects again at once, and loses nothing of what was on its way", () =>
    Effect.gen(function*() {
      const { cut, mend, url } = yield* wire(yield* Postgres.temporaryUrl)
      const ledger = yield* open(url, yield* temporaryFile)
      const numbers = Array.from({ length: 1000 }, (_, n) => n)
      const exchange = (n: number) =>
        Effect.gen(function*() {
          yield* ledger.open(opening(n))
          // In the middle of the openings' commits
          if (n % 300 === 100) yield* Effect.andThen(cut, mend)
          yield* ledger.settle(settlement(n))
        })
      yield* Effect.forEach(numbers, exchange, { concurrency: "unbounded", discard: true })
      yield* Effect.repeat(ledger.query({ limit: 10_000, status: "completed" }), { until: (entries) => entries.length === numbers.length })
      assert.strictEqual((yield* ledger.spent({ kind: "key", id: "ci" }, 0)).requests, numbers.length)
    }))

  live("refuses openings and spills settlements while it is away, and has them all again once it is back", () =>
    Effect.gen(function*() {
      const { cut, mend, url } = yield* wire(yield* Postgres.temporaryUrl)
      const spill = yield* temporaryFile
      const ledger = yield* open(url, spill)
      const numbers = Array.from({ length: 50 }, (_, n) => n)
      yield* Effect.forEach(numbers, (n) => ledger.open(opening(n)), { concurrency: "unbounded" })
      yield* cut
      const refused = yield* Effect.flip(ledger.open(opening(100)))
      assert.match(refused.message, /the ledger is unavailable: /)
      yield* Effect.forEach(numbers, (n) => ledger.settle(settlement(n)), { concurrency: "unbounded" })
      assert.strictEqual(spillFiles(spill).length, 1)
      yield* mend
      // A probe finds out that it is back
      yield* Effect.eventually(ledger.open(opening(200)))
      yield* Effect.repeat(ledger.query({ limit: 100, status: "completed" }), { until: (entries) => entries.length === 50 })
      yield* Effect.repeat(ledger.query({ limit: 1 }), { until: () => spillFiles(spill).length === 0 })
    }))

  live("is not taken for dead while it is connecting again", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const spill = yield* temporaryFile
      const { cut, mend, url: through } = yield* wire(url)
      const ledger = yield* open(through, spill)
      const other = yield* open(url, spill, { ...hasty, absence: { here: 3000, elsewhere: 3000 } })
      yield* ledger.open(opening(1))
      yield* cut
      yield* Effect.sleep(500)
      yield* mend
      yield* Effect.sleep(3500)
      assert.deepStrictEqual(yield* statuses(other), { open: 1 })
      yield* ledger.settle(settlement(1))
      assert.deepStrictEqual(yield* statuses(other), { completed: 1 })
    }))

  live("leaves what it had spilled, when it ends, to the next process on its machine", () =>
    Effect.gen(function*() {
      const url = yield* Postgres.temporaryUrl
      const spill = yield* temporaryFile
      yield* Effect.scoped(Effect.gen(function*() {
        const { cut, url: through } = yield* wire(url)
        const ledger = yield* open(through, spill)
        yield* ledger.open(opening(1))
        yield* ledger.open(opening(2))
        yield* cut
        yield* ledger.settle(settlement(1))
        yield* ledger.settle(settlement(3))
      }))
      assert.strictEqual(spillFiles(spill).length, 1)
      const next = yield* open(url, spill)
      yield* Effect.repeat(statuses(next), { until: ({ abandoned }) => abandoned === 1 })
      const entries = yield* next.query({ limit: 10 })
      assert.deepStrictEqual(entries.map(({ id, status }) => [id, status]), [[id(3), "completed"], [id(2), "abandoned"], [id(1), "completed"]])
      assert.deepStrictEqual(spillFiles(spill), [])
    }))
})

describe.skipIf(Postgres.service.missing !== undefined)(`a row PostgreSQL cannot store${Postgres.skipped}`, () => {
  live("is refused without its neighbours", () =>
    Effect.gen(function*() {
      const store = yield* Effect.acquireRelease(
        Start.start({ url: yield* Postgres.temporaryUrl, writer: WriterId.generate(), ...Threads.intervals }),
        (store) => Effect.sync(store.close)
      )
      const replies: Array<FromWriter> = []
      const commits = Commits.make(store, (message) => void replies.push(message))
      const bad: Row = [0, id(2), "yesterday", ...Rows.opening(opening(2)).slice(3)]
      commits.add(1, [Rows.opening(opening(1)), bad, Rows.opening(opening(3)), Rows.settlement(settlement(1))])
      yield* commits.run
      assert.deepStrictEqual(replies.map(({ _tag }) => _tag), ["Refused", "Committed"])
      assert.deepInclude(replies[0], { row: 2 })
      assert.deepInclude(replies[1], { through: 4 })
      const { rows } = yield* store.use(({ connection }) => connection.send({ text: "SELECT id, status FROM exchanges ORDER BY id" }))
      assert.deepStrictEqual(rows, [[id(1), "completed"], [id(3), "open"]])
    }))
})

describe("a PostgreSQL ledger that cannot be reached", () => {
  live("fails the layer, without its password", () =>
    Effect.gen(function*() {
      const layer = PostgresLedger.layer({ url: Redacted.make("postgres://me:secret@127.0.0.1:1/db"), spill: yield* temporaryFile })
      const failure = yield* Effect.flip(Effect.scoped(Layer.build(layer)))
      assert.match(failure.message, /^the ledger postgres:\/\/127\.0\.0\.1:1\/db cannot be opened: .*ECONNREFUSED/)
      assert.notInclude(failure.message, "secret")
    }))
})
