/**
 * The ledger file as its writer sees it: groups of rows, each stored in one durable transaction, over a connection that is thrown
 * away after any error that makes it doubtful. An error means "unknown", so every group may be stored again.
 */
import * as Result from "effect/Result"
import type { DatabaseSync } from "node:sqlite"
import type { Row } from "../Rows.ts"
import type { StoreError } from "./Connection.ts"
import * as Connection from "./Connection.ts"
import * as Statements from "./Statements.ts"
import * as Sweep from "./Sweep.ts"

/** Stores rows durably. */
export interface Store {
  /** Stores the rows in one transaction, or none of them. Tries once more on a fresh, checked connection where the old one broke. */
  readonly commit: (rows: ReadonlyArray<Row>) => Result.Result<void, StoreError>
  /** Files every exchange that is still open as abandoned; gives their number. */
  readonly sweep: () => Result.Result<number, StoreError>
  readonly close: () => void
}

/** A connection with its prepared writes. */
export interface Session {
  readonly db: DatabaseSync
  readonly apply: Statements.Apply
}

/** Connects to a ledger file, which must exist and be migrated; waits this many milliseconds for other processes. */
export const connect = (filename: string, busyTimeout: number): Result.Result<Session, StoreError> =>
  Result.flatMap(Connection.open(filename, busyTimeout), (db) => {
    const prepared = Connection.attempt(() => Statements.prepare(db))
    if (Result.isFailure(prepared)) Connection.attempt(() => db.close())
    return Result.map(prepared, (apply) => ({ db, apply }))
  })

/** Opens a store, which connects again by itself after an error. */
export const open = (connect: () => Result.Result<Session, StoreError>): Result.Result<Store, StoreError> =>
  Result.map(connect(), (session) => make(connect, session))

const make = (connect: () => Result.Result<Session, StoreError>, first: Session): Store => {
  let session: Session | undefined = first

  const drop = () => {
    const { db } = session ?? {}
    session = undefined
    if (db !== undefined) Connection.attempt(() => db.close())
  }

  /** A connection that is opened after an error proves the file sound, and what is in it durable, before it is written to. */
  const reconnect = (): Result.Result<Session, StoreError> => {
    drop()
    return Result.flatMap(connect(), (fresh) => {
      const checked = Result.flatMap(Connection.quickCheck(fresh.db), () => Connection.settleLog(fresh.db))
      if (Result.isSuccess(checked)) session = fresh
      else Connection.attempt(() => fresh.db.close())
      return Result.map(checked, () => fresh)
    })
  }

  const inTransaction = <A>({ db }: Session, run: () => A): Result.Result<A, StoreError> => {
    const result = Connection.attempt(() => {
      db.exec("BEGIN IMMEDIATE")
      const value = run()
      db.exec("COMMIT")
      return value
    })
    if (Result.isFailure(result) && db.isTransaction && Result.isFailure(Connection.attempt(() => db.exec("ROLLBACK")))) drop()
    return result
  }

  const durably = <A>(run: (session: Session) => A): Result.Result<A, StoreError> => {
    const current: Result.Result<Session, StoreError> = session === undefined ? reconnect() : Result.succeed(session)
    const once = Result.flatMap(current, (current) => inTransaction(current, () => run(current)))
    if (Result.isSuccess(once) || once.failure.kind !== "broken") return once
    return Result.flatMap(reconnect(), (fresh) => inTransaction(fresh, () => run(fresh)))
  }

  return {
    commit: (rows) =>
      durably(({ apply }) => {
        for (const row of rows) apply(row)
      }),
    sweep: () => durably(({ db }) => Number(db.prepare(Sweep.sql).run().changes)),
    close: drop
  }
}
