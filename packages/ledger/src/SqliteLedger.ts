/**
 * The ledger in one SQLite file, for one server process: a writer thread with group commit, a reader thread for queries. Opening
 * recovers what a crash left; closing the scope stores everything that was written. Not for a fleet: one file serves one process.
 */
import { Ledger } from "@sluice/gateway/Ledger"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { resolve } from "node:path"
import * as LedgerService from "./LedgerService.ts"
import { LedgerStartError } from "./LedgerStartError.ts"
import * as Reader from "./Reader.ts"
import * as SpillFile from "./SpillFile.ts"
import * as ProcessLock from "./sqlite/ProcessLock.ts"
import * as Threads from "./sqlite/Threads.ts"
import * as Writer from "./Writer.ts"

/** How a SQLite ledger is opened. */
export interface Options {
  /** The database file; created with its tables where it is missing. Its folder must exist. */
  readonly filename: string
  /** Default: `strict`. */
  readonly durability?: LedgerService.Durability
}

/** Opens the ledger. Fails where the file is in use by another server, or is no usable ledger. */
export const layer = (options: Options): Layer.Layer<Ledger, LedgerStartError> => {
  const file = resolve(options.filename)
  return Layer.effect(Ledger, make(file, options.durability ?? "strict", { writer: Threads.startWriter(file), reader: Threads.startReader(file) }))
}

/** How threads are started. */
export interface Start {
  readonly writer: Writer.StartThread
  readonly reader: Reader.StartThread
}

/** Opens the ledger with threads of the caller's making: what tests replace to end one, to make it impatient, or to do without. */
export const make = Effect.fn("SqliteLedger.make")(function*(file: string, durability: LedgerService.Durability, start: Start) {
  yield* ProcessLock.hold(file)
  const writer = yield* openWriter(file, start.writer)
  const reader = yield* Effect.acquireRelease(
    Effect.sync(() => Reader.make(start.reader)),
    (reader) => Effect.callback<void>((resume) => reader.close(() => resume(Effect.void)))
  )
  return LedgerService.make(writer, reader, durability)
})

const openWriter = Effect.fnUntraced(function*(file: string, start: Writer.StartThread) {
  const started = yield* Deferred.make<Writer.StartResult>()
  const runFork = Effect.runForkWith(yield* Effect.context<never>())
  const spill = yield* SpillFile.make(file)
  const writer = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Writer.make({
        start,
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
