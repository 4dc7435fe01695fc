/**
 * The ledger in one SQLite file, for one server process: a writer thread with group commit, a reader thread for queries. Opening
 * recovers what a crash left; closing the scope stores everything that was written. Not for a fleet: one file serves one process.
 */
import type { Opening, Query, Settlement } from "@sluice/gateway/Ledger"
import { Ledger, LedgerUnavailable } from "@sluice/gateway/Ledger"
import type { MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { resolve } from "node:path"
import { LedgerStartError } from "./LedgerStartError.ts"
import * as Reader from "./Reader.ts"
import * as Rows from "./Rows.ts"
import * as SpillFile from "./SpillFile.ts"
import * as ProcessLock from "./sqlite/ProcessLock.ts"
import * as Threads from "./sqlite/Threads.ts"
import * as Writer from "./Writer.ts"

/** How a SQLite ledger is opened. */
export interface Options {
  /** The database file; created with its tables where it is missing. Its folder must exist. */
  readonly filename: string
  /** When `open` succeeds: `strict` (default) after the commit was synced, `relaxed` when the row is queued. A settle is always durable. */
  readonly durability?: "strict" | "relaxed"
}

/** Opens the ledger. Fails where the file is in use by another server, or is no usable ledger. */
export const layer = (options: Options): Layer.Layer<Ledger, LedgerStartError> => Layer.effect(Ledger, make(options))

const make = Effect.fn("SqliteLedger.make")(function*({ durability = "strict", filename }: Options) {
  const file = resolve(filename)
  yield* ProcessLock.hold(file)
  const writer = yield* openWriter(file)
  const reader = yield* Effect.acquireRelease(
    Effect.sync(() => Reader.make(Threads.startReader(file))),
    (reader) => Effect.callback<void>((resume) => reader.close(() => resume(Effect.void)))
  )

  const openStrict = (opening: Opening) =>
    Effect.callback<void, LedgerUnavailable>((resume) => {
      writer.write({ row: Rows.opening(opening), fallback: "refuse", done: (failure) => resume(outcome(failure)) })
    })

  const openRelaxed = (opening: Opening) => Effect.suspend(() => outcome(writer.tryWrite(Rows.opening(opening))))

  const checkpoint = (id: Opening["id"], usage: MeteredUsage) =>
    Effect.sync(() => writer.writeSoon({ row: Rows.checkpoint(id, usage), fallback: "drop", done: undefined }))

  const settle = (settlement: Settlement) =>
    Effect.callback<void, LedgerUnavailable>((resume) => {
      writer.writeSoon({ row: Rows.settlement(settlement), fallback: "spill", done: (failure) => resume(outcome(failure)) })
    })

  // A query sees what was written before it, unless the database is slow to take it: reports must not hang on writes
  const stored = Effect.callback<void>((resume) => writer.drain(() => resume(Effect.void))).pipe(Effect.timeoutOption("1 second"))

  const query = Effect.fn("Ledger.query")(function*(query: Query) {
    yield* stored
    const answer = yield* Effect.callback<Reader.Answer>((resume) => {
      const forget = reader.query(query, (answer) => resume(Effect.succeed(answer)))
      return Effect.sync(forget)
    })
    return "entries" in answer ? answer.entries : yield* new LedgerUnavailable({ reason: answer.failure })
  })

  return Ledger.of({ open: durability === "strict" ? openStrict : openRelaxed, checkpoint, settle, query })
})

const outcome = (failure: string | undefined): Effect.Effect<void, LedgerUnavailable> =>
  failure === undefined ? Effect.void : Effect.fail(new LedgerUnavailable({ reason: failure }))

const openWriter = Effect.fnUntraced(function*(file: string) {
  const started = yield* Deferred.make<Writer.StartResult>()
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const spill = yield* SpillFile.make(file)
  const writer = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Writer.make({
        start: Threads.startWriter(file),
        spill,
        onStart: (result) => void Deferred.doneUnsafe(started, Effect.succeed(result)),
        onTrouble: (message) => void runFork(Effect.logWarning(message))
      })
    ),
    (writer) => Effect.callback<void>((resume) => writer.close(() => resume(Effect.void)))
  )
  const result = yield* Deferred.await(started)
  if (result._tag === "StartFailed") return yield* new LedgerStartError({ filename: file, kind: "unusable", reason: result.reason })
  if (result.replayed + result.quarantined + result.swept > 0) {
    yield* Effect.logInfo("the ledger recovered from an unclean end", { replayed: result.replayed, quarantined: result.quarantined, abandoned: result.swept })
  }
  return writer
})
