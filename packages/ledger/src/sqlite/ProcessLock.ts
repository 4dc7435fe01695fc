/**
 * Keeps a second server away from a ledger file whose exchanges are open here. The lock is SQLite's own on an empty database
 * beside it, held by an unfinished transaction: the kernel lets go of it however the process ends, so it is never stale.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { DatabaseSync } from "node:sqlite"
import { LedgerStartError } from "../LedgerStartError.ts"
import type { StoreError } from "./Connection.ts"
import * as Connection from "./Connection.ts"

/** The lock file of a ledger. It stays when the lock is gone: removing it could take it away from the next holder. */
export const fileName = (database: string): string => `${database}.lock`

/** Holds the lock for the scope. Fails at once where another process, or another ledger of this one, holds it. */
export const hold = (database: string): Effect.Effect<void, LedgerStartError, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.suspend(() => Effect.fromResult(Result.mapError(acquire(database), (reason) => new LedgerStartError({ filename: database, ...reason })))),
    (db) => Effect.sync(() => db.close())
  ))

interface Refusal {
  readonly kind: "in-use" | "unusable"
  readonly reason: string
}

const acquire = (database: string): Result.Result<DatabaseSync, Refusal> => {
  const opened = Connection.attempt(() => new DatabaseSync(fileName(database), { timeout: 0 }))
  if (Result.isFailure(opened)) return Result.fail({ kind: "unusable", reason: opened.failure.reason })
  const db = opened.success
  const taken = Result.flatMap(Connection.attempt(() => db.exec("PRAGMA synchronous = OFF; BEGIN IMMEDIATE")), () => claim(db))
  if (Result.isSuccess(taken)) return Result.succeed(db)
  const refusal = refuse(db, taken.failure)
  Connection.attempt(() => db.close())
  return Result.fail(refusal)
}

/** Leaves our process id for whoever is refused, and takes the lock again: an unfinished transaction would hide what it wrote. */
const claim = (db: DatabaseSync): Result.Result<void, StoreError> =>
  Connection.attempt(() => {
    db.exec(`PRAGMA busy_timeout = 1000; CREATE TABLE IF NOT EXISTS holder (pid INTEGER NOT NULL); DELETE FROM holder`)
    db.prepare("INSERT INTO holder (pid) VALUES (?)").run(process.pid)
    db.exec("COMMIT; BEGIN IMMEDIATE")
  })

const refuse = (db: DatabaseSync, error: StoreError): Refusal => {
  if (error.kind !== "wait") return { kind: "unusable", reason: error.reason }
  const pid = Result.getSuccess(Connection.attempt(() => db.prepare("SELECT pid FROM holder").get()?.["pid"]))
  const holder = Option.match(pid, { onNone: () => "another process", onSome: (pid) => pid === undefined ? "another process" : `process ${String(pid)}` })
  return { kind: "in-use", reason: `it is in use by ${holder}; one ledger file serves one server at a time` }
}
