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

/** How rows are stored durably. */
export interface Transactions {
  /** Stores the rows in one transaction, or none of them. What they open belongs to `owner`, where it is not the store's own writer. */
  readonly commit: (rows: ReadonlyArray<Row>, owner?: string) => Result.Result<void, StoreError>
  /** Runs something else in one transaction, as {@link Store.commit} does: once more on a fresh, checked connection where the old one broke. */
  readonly transact: <A>(run: (session: Session) => A) => Result.Result<A, StoreError>
}

/** Stores rows durably. */
export interface Store extends Transactions {
  /** The same without patience: for what may be put off while another process holds the file, so that no row waits behind it. */
  readonly briefly: Transactions
  readonly close: () => void
}

/** A connection with its prepared writes. */
export interface Session {
  readonly db: DatabaseSync
  /** Whose session it is. */
  readonly writer: string
  /** Applies rows in the transaction under way; throws what SQLite throws. */
  readonly write: (rows: ReadonlyArray<Row>, owner?: string) => void
}

/** Milliseconds in which others end a commit of theirs, unless something is wrong. */
const briefPatience = 250

/** Connects a writer to a ledger file, which must exist and be migrated; waits this many milliseconds for other processes. */
export const connect = (filename: string, busyTimeout: number, writer: string): Result.Result<Session, StoreError> =>
  Result.flatMap(Connection.open(filename, busyTimeout), (db) => {
    const prepared = Connection.attempt(() => Statements.prepare(db, writer))
    if (Result.isFailure(prepared)) Connection.attempt(() => db.close())
    return Result.map(prepared, (writes) => ({ db, writer, write: (rows, owner) => writeAll(writes, rows, owner ?? writer) }))
  })

const writeAll = (writes: Statements.Writes, rows: ReadonlyArray<Row>, owner: string): void => {
  writes.begin(owner)
  for (const row of rows) writes.apply(row)
  writes.finish()
}

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

  const briefly = <A>(run: (session: Session) => A): Result.Result<A, StoreError> => {
    const current: Result.Result<Session, StoreError> = session === undefined ? reconnect() : Result.succeed(session)
    return Result.flatMap(current, (current) => {
      const { db } = current
      const patience = Number(db.prepare("PRAGMA busy_timeout").get()?.["timeout"])
      db.exec(`PRAGMA busy_timeout = ${Math.min(briefPatience, patience)}`)
      const result = inTransaction(current, () => run(current))
      if (Result.isFailure(result) && result.failure.kind === "broken") drop()
      if (db.isOpen) db.exec(`PRAGMA busy_timeout = ${patience}`)
      return result
    })
  }

  const transactions = (transact: Transactions["transact"]): Transactions => ({
    commit: (rows, owner) => transact(({ write }) => write(rows, owner)),
    transact
  })

  return {
    ...transactions(durably),
    briefly: transactions(briefly),
    close: drop
  }
}
