/**
 * Reads a SQLite ledger from outside the server that writes it, running or not: for reports and the command line. Takes no lock,
 * recovers nothing and changes nothing: what a killed server left open is shown as open. Blocks its thread while a page is read.
 */
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import type { Entry, Query } from "@sluice/gateway/Ledger"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { stat } from "node:fs"
import { resolve } from "node:path"
import * as Queries from "./sqlite/Queries.ts"

/** Why a ledger cannot be read: there is none, or the file is no ledger of this version. */
export class LedgerUnreadable extends Schema.TaggedError<LedgerUnreadable>()("LedgerUnreadable", { filename: Schema.String, reason: Schema.String }) {
  override get message(): string {
    return `the ledger ${this.filename} cannot be read: ${this.reason}`
  }
}

/** One page of a ledger file, newest first. */
export const query = Effect.fn("LedgerReader.query")(function*(filename: string, query: Query): Effect.fn.Return<ReadonlyArray<Entry>, LedgerUnreadable> {
  const file = resolve(filename)
  const unreadable = (reason: string) => new LedgerUnreadable({ filename: file, reason })
  if (!(yield* exists(file))) return yield* unreadable("there is no such file; the first start of a server makes it")
  return yield* Queries.entries(query).pipe(
    Effect.provide(SqliteClient.layer({ filename: file, readonly: true, disableWAL: true, busyTimeout: "5 seconds" })),
    // The client opens the file with an exception where it cannot
    Effect.catchCause((cause) => unreadable(innermost(Cause.squash(cause))))
  )
})

const exists = (file: string): Effect.Effect<boolean> => Effect.callback((resume) => stat(file, (error) => resume(Effect.succeed(error === null))))

/** What SQLite itself said, below the words of those who passed it on. */
const innermost = (error: unknown): string => error instanceof Error ? error.cause instanceof Error ? innermost(error.cause) : error.message : String(error)
