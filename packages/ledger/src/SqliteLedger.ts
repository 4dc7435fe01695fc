/**
 * The ledger in one SQLite file: a writer thread with group commit, a reader thread for queries. Several processes of one machine may
 * write the same file; one of them recovers what a crash of another left. Closing the scope stores everything that was written.
 */
import { Ledger } from "@sluice/gateway/Ledger"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { resolve } from "node:path"
import type * as LedgerService from "./LedgerService.ts"
import type { LedgerStartError } from "./LedgerStartError.ts"
import * as LedgerThreads from "./LedgerThreads.ts"
import * as Threads from "./sqlite/Threads.ts"
import * as WriterLock from "./sqlite/WriterLock.ts"

/** How a SQLite ledger is opened. */
export interface Options extends LedgerThreads.Rules {
  /** The database file; created with its tables where it is missing. Its folder must exist. */
  readonly filename: string
}

/** Opens the ledger. Fails where the file is no usable ledger. */
export const layer = (options: Options): Layer.Layer<Ledger, LedgerStartError> => {
  const file = resolve(options.filename)
  const start = { writer: Threads.startWriter(file, Threads.patience, LedgerThreads.plain(options)), reader: Threads.startReader(file) }
  return Layer.effect(Ledger, make(file, options.durability ?? "strict", start))
}

/** Opens the ledger with threads of the caller's making: what tests replace to end one, to make it impatient, or to do without. */
export const make = Effect.fn("SqliteLedger.make")(function*(
  file: string,
  durability: LedgerService.Durability,
  start: LedgerThreads.Start
): Effect.fn.Return<Ledger["Service"], LedgerStartError, Scope.Scope> {
  const id = yield* WriterLock.hold(file)
  return yield* LedgerThreads.open({ id, place: file, spill: file, durability, start })
})
