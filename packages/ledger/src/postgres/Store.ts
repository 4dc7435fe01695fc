/**
 * The database as its writer sees it: groups of rows, each stored in one durable transaction, over a session that is thrown away
 * after any error that makes it doubtful. An error means "unknown", so every group may be stored again.
 */
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import type { Row } from "../Rows.ts"
import type { Connection, StoreError } from "./Connection.ts"
import * as Locks from "./Locks.ts"
import * as Statements from "./Statements.ts"
import * as WriterLock from "./WriterLock.ts"

/** A connection with the locks it holds. */
export interface Session {
  readonly connection: Connection
  readonly locks: Locks.Locks
  /** Applies rows in the transaction under way. What they open belongs to `owner`, where it is not the store's own writer. */
  readonly write: (rows: ReadonlyArray<Row>, owner?: string) => Effect.Effect<void, StoreError>
}

/** Stores rows durably. What it does comes one after the other, in the order of the calls. */
export interface Store {
  /** Stores the rows in one transaction, or none of them. What they open belongs to `owner`, where it is not the store's own writer. */
  readonly commit: (rows: ReadonlyArray<Row>, owner?: string) => Effect.Effect<void, StoreError>
  /** Runs something else in one transaction, as {@link Store.commit} does: once more in a fresh session where the old one broke. */
  readonly transact: <A>(run: (session: Session) => Effect.Effect<A, StoreError>) => Effect.Effect<A, StoreError>
  /** Runs something outside of a transaction, once. */
  readonly use: <A>(run: (session: Session) => Effect.Effect<A, StoreError>) => Effect.Effect<A, StoreError>
  readonly close: () => void
}

/** Opens the store of a writer, which connects again by itself after an error, and shows in every session that the writer is alive. */
export const open = (connect: Effect.Effect<Connection, StoreError>, writer: string): Effect.Effect<Store, StoreError> => {
  const begin = Effect.flatMap(connect, (connection) => {
    const session: Session = {
      connection,
      locks: Locks.make(connection),
      write: (rows, owner) => Statements.apply(connection, rows, { writer, opener: owner ?? writer })
    }
    return WriterLock.hold(session, writer).pipe(Effect.tapError(() => Effect.sync(connection.close)), Effect.as(session))
  })
  return Effect.map(begin, (session) => make(begin, session))
}

/** How often a transaction that met another is tried; each try ends one of those in its way. */
const tries = 5

const make = (begin: Effect.Effect<Session, StoreError>, first: Session): Store => {
  const turn = Semaphore.makeUnsafe(1)
  let current: Session | undefined = first

  const drop = () => {
    current?.connection.close()
    current = undefined
  }

  const session = Effect.suspend(() => {
    if (current?.connection.isOpen() === true) return Effect.succeed(current)
    drop()
    return Effect.tap(begin, (fresh) => Effect.sync(() => void (current = fresh)))
  })

  const once = <A>(run: (session: Session) => Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
    Effect.tapError(Effect.flatMap(session, run), ({ kind }) => kind === "broken" ? Effect.sync(drop) : Effect.void)

  // A statement whose answer nobody waits for would be answered in the next one's place
  const inTurn = <A>(effect: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> => turn.withPermit(Effect.uninterruptible(effect))

  const transact = <A>(run: (session: Session) => Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
    once((session) => transaction(session, run)).pipe(
      Effect.retry({ times: tries - 1, while: ({ kind }) => kind === "again" }),
      Effect.retry({ times: 1, while: ({ kind }) => kind === "broken" }),
      inTurn
    )

  return {
    commit: (rows, owner) => transact(({ write }) => write(rows, owner)),
    transact,
    use: (run) => inTurn(once(run)),
    close: drop
  }
}

/** Runs statements between BEGIN and COMMIT. The first of them are on their way before the answer to BEGIN. */
const transaction = <A>(session: Session, run: (session: Session) => Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
  Effect.suspend(() => {
    const { connection } = session
    const begun = connection.send({ text: "BEGIN" })
    const done = run(session)
    return Effect.gen(function*() {
      yield* begun
      const value = yield* done
      const { command } = yield* connection.send({ text: "COMMIT" })
      // The server answers so, without an error, where a statement of the transaction has failed
      if (command !== "COMMIT") return yield* Effect.fail<StoreError>({ kind: "broken", reason: `the transaction ended with ${command}` })
      return value
    }).pipe(Effect.tapError(({ kind }) => kind === "broken" ? Effect.void : rollback(connection)))
  })

/** A transaction that cannot be ended is ended with its connection. */
const rollback = (connection: Connection): Effect.Effect<void> =>
  Effect.catch(Effect.asVoid(connection.send({ text: "ROLLBACK" })), () => Effect.sync(connection.close))
