/**
 * PostgreSQL as Effect's `SqlClient`, for migrations and queries. Rows are written over a `Connection` instead, which builds no
 * statement for each.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlConnection from "effect/sql/SqlConnection"
import * as SqlError from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import pg from "pg"
import * as Connection from "./Connection.ts"

/** Which database, and what for. */
export interface Options {
  readonly url: string
  /** Whether the server is to refuse every change. */
  readonly readonly: boolean
  /** Connections at most; each is made when it is needed, and closed when it has been idle. */
  readonly connections: number
}

/** The client. A database that cannot be reached fails its first statement. */
export const layer = (options: Options): Layer.Layer<SqlClient.SqlClient, SqlError.SqlError> =>
  Layer.effect(SqlClient.SqlClient, make(options)).pipe(Layer.provide(Reactivity.layer))

const idle = Duration.seconds(30)

const make = (options: Options): Effect.Effect<SqlClient.SqlClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> =>
  Effect.gen(function*() {
    const pool = yield* Effect.acquireRelease(poolOf(options), (pool) => Effect.promise(() => pool.end()))
    const pooled = connection(pool)
    const reserved = Effect.acquireRelease(
      Effect.tryPromise({ try: () => pool.connect(), catch: failure("connect") }),
      // One whose transaction failed is not used again
      (client, exit) => Effect.sync(() => client.release(exit._tag === "Failure"))
    )
    return yield* SqlClient.make({
      driver: "pg",
      compiler,
      acquirer: Effect.succeed(pooled),
      borrower: (use) => use(pooled),
      transactionAcquirer: Effect.map(reserved, connection),
      releaseSavepoint: (name) => `RELEASE SAVEPOINT ${name}`,
      spanAttributes: [["db.system.name", "postgresql"]]
    })
  })

const poolOf = ({ connections, readonly, url }: Options) =>
  Effect.try({
    try: () => {
      const pool = new pg.Pool({
        ...Connection.configOf(url),
        max: connections,
        idleTimeoutMillis: Duration.toMillis(idle),
        connectionTimeoutMillis: 5000,
        ...(readonly ? { onConnect: (client) => void client.query("SET default_transaction_read_only = on").catch(() => {}) } : {})
      })
      // What an idle connection suffers shows when the next statement is sent
      pool.on("error", () => {})
      return pool
    },
    catch: failure("connect")
  })

type Sender = Pick<pg.Pool, "query">

const connection = (sender: Sender): SqlConnection.Connection => {
  const query = (text: string, values: ReadonlyArray<unknown>) =>
    Effect.tryPromise({ try: () => sender.query(text, values.map(Connection.toParameter)), catch: failure("execute") })
  const queryValues = (text: string, values: ReadonlyArray<unknown>) =>
    Effect.map(
      Effect.tryPromise({ try: () => sender.query({ text, values: values.map(Connection.toParameter), rowMode: "array" }), catch: failure("execute") }),
      ({ rows }): ReadonlyArray<ReadonlyArray<unknown>> => rows
    )
  const execute: SqlConnection.Connection["execute"] = (text, values, transform) =>
    Effect.map(query(text, values), ({ rows }) => transform === undefined ? rows : transform(rows))
  return {
    execute,
    executeUnprepared: execute,
    executeRaw: query,
    executeValues: queryValues,
    executeValuesUnprepared: queryValues,
    executeStream: (text, values, transform) => Stream.fromIterableEffect(execute(text, values, transform))
  }
}

const failure = (operation: string) => (cause: unknown): SqlError.SqlError =>
  new SqlError.SqlError({ reason: reasonOf(cause, { cause, operation, message: cause instanceof Error ? cause.message : String(cause) }) })

const reasonOf = (cause: unknown, fields: { readonly cause: unknown; readonly operation: string; readonly message: string }): SqlError.SqlErrorReason => {
  const code = cause instanceof pg.DatabaseError ? cause.code : undefined
  if (code === undefined || code.startsWith("08") || code.startsWith("57P")) return new SqlError.ConnectionError(fields)
  if (code === "23505") {
    return new SqlError.UniqueViolation({ ...fields, constraint: cause instanceof pg.DatabaseError ? cause.constraint ?? "unknown" : "unknown" })
  }
  if (code.startsWith("23")) return new SqlError.ConstraintError(fields)
  if (code.startsWith("28")) return new SqlError.AuthenticationError(fields)
  if (code === "42501") return new SqlError.AuthorizationError(fields)
  if (code.startsWith("42")) return new SqlError.SqlSyntaxError(fields)
  return new SqlError.UnknownError(fields)
}

const escape = Statement.defaultEscape("\"")

const compiler = Statement.makeCompiler({
  dialect: "pg",
  placeholder: (index) => `$${index}`,
  onIdentifier: (name) => escape(name),
  onCustom: () => ["", []],
  // Written for completeness: no statement of the ledger updates from values
  onRecordUpdate: (placeholders, alias, columns, values, returning) => [
    `(VALUES ${placeholders}) AS ${alias}${columns}${returning === undefined ? "" : ` RETURNING ${returning[0]}`}`,
    returning === undefined ? values.flat() : [...values.flat(), ...returning[1]]
  ]
})
