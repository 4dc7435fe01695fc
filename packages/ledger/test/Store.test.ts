import { assert, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { describe } from "vitest"
import * as Rows from "../src/Rows.ts"
import * as Spill from "../src/Spill.ts"
import * as Start from "../src/sqlite/Start.ts"
import * as Store from "../src/sqlite/Store.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement, start, temporaryFile } from "./exchanges.ts"

const begin = (filename: string, recover = true) =>
  Effect.acquireRelease(Start.start({ filename, recover, busyTimeout: 5000, writer: WriterId.generate() }), ({ close }) => Effect.sync(close))

const stored = (filename: string, sql: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new DatabaseSync(filename, { readOnly: true })),
    (db) => Effect.sync(() => db.prepare(sql).all().map((row) => ({ ...row }))),
    (db) => Effect.sync(() => db.close())
  )

/** A writer that nobody holds a lock of. */
const dead = WriterId.generate()

const open = (n: number) => Rows.opening(opening(n))
const settle = (n: number) => Rows.settlement(settlement(n))

describe("the store", () => {
  it.effect("writes every commit through to the disk, and bounds its log", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* begin(filename)
      const session = yield* Effect.fromResult(Store.connect(filename, 1234, WriterId.generate()))
      const pragma = (name: string) => Object.values(session.db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
      assert.deepStrictEqual([pragma("journal_mode"), pragma("synchronous"), pragma("journal_size_limit"), pragma("busy_timeout")], [
        "wal",
        2,
        67_108_864,
        1234
      ])
      session.db.close()
    }))

  it.effect("keeps every attempt of the settlement that counted, and none of another", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename)
      yield* Effect.fromResult(
        store.commit([open(1), settle(1), Rows.settlement(settlement(1, { attempts: [...settlement(1).attempts, ...settlement(1).attempts] }))])
      )
      assert.deepStrictEqual(yield* stored(filename, "SELECT * FROM attempts ORDER BY number"), [
        {
          exchange_id: id(1),
          number: 1,
          provider: "openai",
          upstream_model: "gpt-4o-mini",
          started_at: start + 1005,
          ended_at: start + 1020,
          error_class: "overloaded",
          error_message: "try later",
          error_status: 529,
          credential: null
        },
        {
          exchange_id: id(1),
          number: 2,
          provider: "anthropic",
          upstream_model: "claude-haiku-4-5",
          started_at: start + 1020,
          ended_at: start + 2800,
          error_class: null,
          error_message: null,
          error_status: null,
          credential: "team-a"
        }
      ])
    }))

  it.effect("comes to the same rows in whatever order, and however often, writes arrive", () =>
    Effect.gen(function*() {
      const [o, s, c] = [open(1), settle(1), Rows.checkpoint(id(1), { tokens: { output: 1 }, provenance: { output: "counted" } })]
      for (const order of [[o, s, c], [o, c, s], [s, o, c], [s, c, o], [c, o, s], [c, s, o], [o, o, c, c, s, s, o, c]]) {
        const filename = yield* temporaryFile
        const { store } = yield* begin(filename)
        yield* Effect.fromResult(store.commit(order))
        const [row] = yield* stored(filename, "SELECT * FROM exchanges")
        assert.deepInclude(row, {
          id: id(1),
          status: "completed",
          outcome: "Completed",
          tokens_output: 34,
          provenance: "rr--c----",
          response_losses: JSON.stringify(settlement(1).responseLosses)
        })
      }
    }))

  it.effect("keeps what a label leaves out", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename)
      const outcomes = [
        { _tag: "Cancelled", by: "server", why: "drain" },
        { _tag: "Completed", captureMiss: true },
        { _tag: "Incomplete", reason: "length", captureMiss: true, brokeAfter: true },
        { _tag: "UpstreamFailed", class: "overloaded", message: "m", committed: true },
        { _tag: "Completed" }
      ] as const
      yield* Effect.fromResult(store.commit(outcomes.map((outcome, n) => Rows.settlement(settlement(n, { outcome })))))
      assert.deepStrictEqual((yield* stored(filename, "SELECT outcome, detail FROM exchanges ORDER BY id")).map((row) => [row["outcome"], row["detail"]]), [
        ["Cancelled(server)", "drain"],
        ["Completed", "captureMiss"],
        ["Incomplete(length)", "captureMiss brokeAfter"],
        ["UpstreamFailed(overloaded)", "committed"],
        ["Completed", null]
      ])
    }))

  it.effect("stores counts no provider should send", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename)
      const tokens = { input: Number.NaN, cacheRead: 2 ** 60, output: -1.5, reasoning: Number.POSITIVE_INFINITY, audioIn: 0.9 }
      yield* Effect.fromResult(store.commit([Rows.settlement(settlement(1, { usage: { tokens, provenance: {} }, ttftMs: 1.5, bytesOut: 1e300 }))]))
      const [row] = yield* stored(filename, "SELECT * FROM exchanges")
      assert.deepInclude(row, {
        tokens_input: 0,
        tokens_cache_read: Number.MAX_SAFE_INTEGER,
        tokens_output: -1,
        tokens_reasoning: Number.MAX_SAFE_INTEGER,
        tokens_audio_in: 0,
        provenance: "ee--eee--",
        ttft_ms: 1,
        bytes_out: Number.MAX_SAFE_INTEGER
      })
    }))

  it.effect("stores all rows of a group or none", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename)
      const odd: Rows.Row = [0, id(2), null, null, null, null, null, null, null]
      const result = store.commit([open(1), odd, open(3)])
      assert.strictEqual(Result.isFailure(result) ? result.failure.kind : "stored", "row")
      assert.deepStrictEqual(yield* stored(filename, "SELECT id FROM exchanges"), [])
    }))
})

describe("what may be put off", () => {
  it.effect("does not wait for another process, and leaves its patience to the rows", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename)
      const other = new DatabaseSync(filename)
      other.exec("BEGIN IMMEDIATE")
      const before = performance.now()
      const result = store.briefly.transact(() => "done")
      assert.strictEqual(Result.isFailure(result) ? result.failure.kind : result.success, "wait")
      assert.isBelow(performance.now() - before, 4000)
      other.close()
      assert.isTrue(Result.isSuccess(store.briefly.transact(() => "done")))
      const patience = store.transact(({ db }) => db.prepare("PRAGMA busy_timeout").get()?.["timeout"])
      assert.deepStrictEqual(patience, Result.succeed(5000))
    }))
})

describe("a broken connection", () => {
  /** Connections of which the `n`th write fails as a disk does, the row stored or not. */
  const failing = (filename: string, failures: Array<"before" | "after">, busyTimeout = 5000) => {
    let connections = 0
    const connect = () =>
      Result.map(Store.connect(filename, busyTimeout, WriterId.generate()), ({ db, write, writer }): Store.Session => {
        connections++
        const failure = failures.shift()
        return {
          db,
          writer,
          write: (rows) => {
            if (failure === "before") throw Object.assign(new Error("disk I/O error"), { errcode: 10 })
            write(rows)
            if (failure === "after") {
              db.exec("COMMIT")
              throw Object.assign(new Error("disk I/O error"), { errcode: 1034 })
            }
          }
        }
      })
    return { store: Store.open(connect), connections: () => connections }
  }

  it.effect("is replaced by a fresh one, and the group stored again", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Start.migrate(filename, 5000)
      for (const failure of ["before", "after"] as const) {
        const { connections, store: opened } = failing(filename, [failure])
        const store = yield* Effect.fromResult(opened)
        assert.isTrue(Result.isSuccess(store.commit([settle(1), settle(2)])))
        assert.strictEqual(connections(), 2)
        store.close()
        assert.deepStrictEqual(yield* stored(filename, "SELECT count(*) AS n FROM exchanges"), [{ n: 2 }])
        assert.deepStrictEqual(yield* stored(filename, "SELECT count(*) AS n FROM attempts"), [{ n: 4 }])
      }
    }))

  it.effect("that breaks again gives the group back, and the next group tries again", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Start.migrate(filename, 5000)
      const { store: opened } = failing(filename, ["before", "before"])
      const store = yield* Effect.fromResult(opened)
      const result = store.commit([settle(1)])
      assert.deepStrictEqual(Result.isFailure(result) ? result.failure : undefined, { kind: "broken", reason: "disk I/O error (SQLite 10)" })
      assert.isTrue(Result.isSuccess(store.commit([settle(1)])))
      store.close()
    }))

  it.effect("is not trusted with what it may have stored until that is in the file", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      yield* Start.migrate(filename, 5000)
      const { store: opened } = failing(filename, ["after"], 1)
      const store = yield* Effect.fromResult(opened)
      // A reader of the state before the commit keeps the log from being written to the file
      const reader = new DatabaseSync(filename, { readOnly: true })
      reader.exec("BEGIN; SELECT * FROM exchanges")
      const result = store.commit([settle(1)])
      assert.strictEqual(Result.isFailure(result) ? result.failure.reason : "stored", "the log could not be written to the file")
      reader.close()
      assert.isTrue(Result.isSuccess(store.commit([settle(1)])))
      store.close()
      assert.deepStrictEqual(yield* stored(filename, "SELECT count(*) AS n FROM exchanges"), [{ n: 1 }])
    }))

  it.effect("to a damaged file is not used again", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store: first } = yield* begin(filename)
      yield* Effect.fromResult(first.commit(Array.from({ length: 2000 }, (_, n) => settle(n))))
      first.close()
      const bytes = readFileSync(filename)
      // Pages of the tables and their indexes; the first ones, with the schema, stay
      bytes.fill(0x5a, 4096 * 100, 4096 * 140)
      writeFileSync(filename, bytes)
      const { store: opened } = failing(filename, ["before"])
      const store = yield* Effect.fromResult(opened)
      const result = store.commit([settle(2001)])
      assert.match(Result.isFailure(result) ? result.failure.reason : "stored", /the database is damaged|malformed/)
    }))
})

describe("the start", () => {
  it.effect("files what a crash left open as abandoned, with what is known of its usage", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const crashed = yield* begin(filename)
      yield* Effect.fromResult(crashed.store.commit([
        open(1),
        open(2),
        Rows.checkpoint(id(2), { tokens: { output: 40 }, provenance: { output: "counted" } }),
        open(3),
        Rows.checkpoint(id(3), {
          tokens: { input: 9, cacheRead: 100, output: 70 },
          provenance: { input: "reported", cacheRead: "reported", output: "counted" }
        }),
        open(4),
        Rows.checkpoint(id(4), { tokens: { cacheRead: 100 }, provenance: { cacheRead: "bounded" } }),
        settle(5)
      ]))
      crashed.close()
      const { swept } = (yield* begin(filename)).recovered
      assert.strictEqual(swept, 4)
      const rows = yield* stored(
        filename,
        "SELECT status, outcome, ended_at, tokens_input, tokens_cache_read, tokens_output, provenance FROM exchanges ORDER BY id"
      )
      assert.deepStrictEqual(rows.map((row) => Object.values(row)), [
        ["abandoned", "Abandoned", null, 512, null, null, "b--------"],
        ["abandoned", "Abandoned", null, 512, null, 40, "b---e----"],
        ["abandoned", "Abandoned", null, 9, 100, 70, "ee--e----"],
        ["abandoned", "Abandoned", null, null, 100, null, "-b-------"],
        ["completed", "Completed", start + 6800, 12, 0, 34, "rr--c----"]
      ])
      assert.strictEqual((yield* begin(filename)).recovered.swept, 0)
    }))

  it.effect("leaves open exchanges alone when only the thread is new", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const first = yield* begin(filename)
      yield* Effect.fromResult(first.store.commit([open(1)]))
      assert.strictEqual((yield* begin(filename, false)).recovered.swept, 0)
      assert.deepStrictEqual(yield* stored(filename, "SELECT status FROM exchanges"), [{ status: "open" }])
    }))

  it.effect("charges what it sweeps: the cost of the last checkpoint, else what the prompt was estimated at", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const first = yield* begin(filename)
      const estimated = (n: number) => Rows.opening(opening(n, { estimatedUsd: "0.5", tenant: "acme" }))
      const usage = { tokens: { input: 7, output: 3 }, provenance: { input: "reported", output: "counted" } } as const
      yield* Effect.fromResult(first.store.commit([estimated(1), estimated(2), Rows.checkpoint(id(2), usage, "0.02"), open(3)]))
      first.close()
      yield* begin(filename)
      assert.deepStrictEqual(yield* stored(filename, "SELECT status, cost_usd, cost_nanos FROM exchanges ORDER BY id"), [
        { status: "abandoned", cost_usd: "0.5", cost_nanos: 500_000_000 },
        { status: "abandoned", cost_usd: "0.02", cost_nanos: 20_000_000 },
        { status: "abandoned", cost_usd: null, cost_nanos: null }
      ])
      const day = Math.floor(start / 86_400_000)
      assert.deepStrictEqual(yield* stored(filename, "SELECT * FROM accounts ORDER BY kind"), [
        { kind: "key", id: "ci", day, requests: 3, tokens: 512 + 10 + 512, spent_nanos: 520_000_000 },
        { kind: "tenant", id: "acme", day, requests: 2, tokens: 522, spent_nanos: 520_000_000 }
      ])
    }))

  it.effect("never lets a sum of an account leave the range of whole numbers", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const { store } = yield* begin(filename)
      const huge = (n: number) => Rows.settlement(settlement(n, { costUsd: "9999999999", usage: { tokens: { input: 1e300 }, provenance: {} } }))
      yield* Effect.fromResult(store.commit([huge(1), huge(2)]))
      yield* Effect.fromResult(store.commit([huge(3)]))
      assert.deepStrictEqual(yield* stored(filename, "SELECT requests, tokens, spent_nanos FROM accounts"), [
        { requests: 3, tokens: Number.MAX_SAFE_INTEGER, spent_nanos: Number.MAX_SAFE_INTEGER }
      ])
    }))

  it.effect("replays what was spilled before it sweeps, sets aside what nobody can read, and ignores a torn end", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const first = yield* begin(filename)
      yield* Effect.fromResult(first.store.commit([open(1), open(2), open(3)]))
      first.close()
      const odd = Spill.toLine([0, id(7), null, null, null, null, null, null, null])
      const damaged = Spill.toLine(settle(8)).replace("Completed", "Complexed")
      writeFileSync(Spill.fileName(filename, dead, 1), Spill.toLine(settle(1)) + damaged + odd + Spill.toLine(settle(4)))
      writeFileSync(Spill.fileName(filename, dead, 2), Spill.toLine(settle(2)) + Spill.toLine(settle(2)) + Spill.toLine(settle(3)).slice(0, 50))
      const { recovered } = yield* begin(filename)
      assert.deepStrictEqual(recovered, { applied: 4, quarantined: 2, swept: 1 })
      const rows = yield* stored(filename, "SELECT id, status FROM exchanges ORDER BY id")
      assert.deepStrictEqual(rows.map((row) => row["status"]), ["completed", "completed", "abandoned", "completed"])
      assert.isFalse(existsSync(Spill.fileName(filename, dead, 1)) || existsSync(Spill.fileName(filename, dead, 2)))
      assert.deepStrictEqual(readFileSync(Spill.quarantineName(filename), "utf8"), damaged + odd)
    }))

  it.effect("replays files longer than a group, and lines longer than that", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      const long = Rows.settlement(settlement(0, { outcome: { _tag: "Defect", message: "é".repeat(1_500_000) } }))
      const rows = [long, ...Array.from({ length: 5000 }, (_, n) => settle(n + 1)), long]
      writeFileSync(Spill.fileName(filename, dead, 3), rows.map(Spill.toLine).join(""))
      const { recovered } = yield* begin(filename)
      assert.deepStrictEqual(recovered, { applied: 5002, quarantined: 0, swept: 0 })
      assert.deepStrictEqual(yield* stored(filename, "SELECT count(*) AS n, max(length(error_message)) AS longest FROM exchanges"), [{
        n: 5001,
        longest: 1_500_000
      }])
    }))

  it.effect("says why a file cannot be used", () =>
    Effect.gen(function*() {
      const filename = yield* temporaryFile
      writeFileSync(filename, "this is no database, and it is longer than a header".repeat(100))
      assert.match(yield* Effect.flip(begin(filename)), /not a database/)
      assert.match(yield* Effect.flip(begin(`${filename}/in/no/folder.db`)), /unable to open/)
    }))
})
