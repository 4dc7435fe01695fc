/**
 * The one write connection of a ledger file, opened directly on node:sqlite because every row goes through it; and what its
 * errors mean for the writer. Blocks its thread: only for the writer's own.
 */
import * as Result from "effect/Result"
import { DatabaseSync } from "node:sqlite"

/** Why a statement failed, as far as the writer acts on it. */
export interface StoreError {
  /** `row`: this row can never be stored. `wait`: another process holds the file, or the disk is full. `broken`: the connection is not to be trusted. */
  readonly kind: "row" | "wait" | "broken"
  readonly reason: string
}

/** Runs something that may throw what SQLite throws. */
export const attempt = <A>(run: () => A): Result.Result<A, StoreError> => Result.try({ try: run, catch: toError })

/** Opens the file for writing: WAL, every commit synced, `busyTimeout` milliseconds of patience with other processes. */
export const open = (filename: string, busyTimeout: number): Result.Result<DatabaseSync, StoreError> =>
  attempt(() => {
    const db = new DatabaseSync(filename, { timeout: busyTimeout })
    db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${64 * 1024 * 1024}`)
    return db
  })

/** Opens the file for reading, beside whoever writes it. */
export const openReadOnly = (filename: string): Result.Result<DatabaseSync, StoreError> =>
  attempt(() => new DatabaseSync(filename, { readOnly: true, timeout: 5000 }))

/** Looks for damage; the first finding is the error. */
export const quickCheck = (db: DatabaseSync): Result.Result<void, StoreError> =>
  Result.flatMap(attempt(() => db.prepare("PRAGMA quick_check(1)").get()), (row) => {
    const finding = row?.["quick_check"]
    return finding === "ok" ? Result.void : Result.fail<StoreError>({ kind: "broken", reason: `the database is damaged: ${String(finding)}` })
  })

/**
 * Writes and syncs everything in the log to the file. After an error this is what makes an earlier commit durable: the log may hold
 * it only in memory, where storing it again finds nothing to do, and syncing the log again would succeed without writing it.
 */
export const settleLog = (db: DatabaseSync): Result.Result<void, StoreError> =>
  Result.flatMap(
    attempt(() => db.prepare("PRAGMA wal_checkpoint(FULL)").get()),
    (row) =>
      row?.["busy"] === 0 && row["log"] === row["checkpointed"]
        ? Result.void
        : Result.fail<StoreError>({ kind: "wait", reason: "the log could not be written to the file" })
  )

// Primary result codes of SQLite (sqlite.org/rescode.html)
const busy = new Set([5, 6, 13])
const aboutTheRow = new Set([18, 19, 20, 25])

const toError = (cause: unknown): StoreError => {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const code: unknown = typeof cause === "object" && cause !== null ? Reflect.get(cause, "errcode") : undefined
  // Without a result code the value was refused before it reached SQLite
  if (typeof code !== "number") return { kind: cause instanceof TypeError || cause instanceof RangeError ? "row" : "broken", reason }
  const primary = code & 0xff
  return { kind: busy.has(primary) ? "wait" : aboutTheRow.has(primary) ? "row" : "broken", reason: `${reason} (SQLite ${code})` }
}
