/**
 * The ledger in a PostgreSQL database, for any number of server processes on any number of machines: a writer thread with group
 * commit, a reader thread for queries. What a process leaves when it dies is recovered by another, or by the next one on its
 * machine, some seconds later. Closing the scope stores everything that was written.
 */
import { Ledger } from "@sluice/gateway/Ledger"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { resolve } from "node:path"
import type { LedgerStartError } from "./LedgerStartError.ts"
import * as LedgerThreads from "./LedgerThreads.ts"
import * as DatabaseUrl from "./postgres/DatabaseUrl.ts"
import * as Threads from "./postgres/Threads.ts"
import * as WriterId from "./WriterId.ts"

/** How a PostgreSQL ledger is opened. */
export interface Options extends LedgerThreads.Rules {
  /**
   * `postgres://user:password@host:port/database`. The tables are created, in the first schema of the user's search path, where they are
   * missing. Behind a connection pool it must be one that keeps sessions: the ledger's locks are sessions'.
   */
  readonly url: Redacted.Redacted<string>
  /** The beginning of the names of files that keep rows while the database does not take them. Default: `sluice-ledger` in the working directory. */
  readonly spill?: string
}

/** Opens the ledger. Fails where the database cannot be reached, or holds no usable ledger. */
export const layer = (options: Options): Layer.Layer<Ledger, LedgerStartError> => {
  const url = Redacted.value(options.url)
  const spill = resolve(options.spill ?? "sluice-ledger")
  const start = { writer: Threads.startWriter(url, spill, LedgerThreads.plain(options)), reader: Threads.startReader(url) }
  return Layer.effect(Ledger, make({ place: DatabaseUrl.place(url), spill, durability: options.durability ?? "strict", start }))
}

/** Opens the ledger with threads of the caller's making: what tests replace to end one, to make it impatient, or to do without. */
export const make = Effect.fn("PostgresLedger.make")(function*(
  parts: Omit<LedgerThreads.Parts, "id">
): Effect.fn.Return<Ledger["Service"], LedgerStartError, Scope.Scope> {
  return yield* LedgerThreads.open({ ...parts, id: WriterId.generate() })
})
