/**
 * A connection to PostgreSQL for the one who writes, on the driver itself because every row goes through it: statements in,
 * answers or reasons out. What is sent while an answer is awaited goes out at once, so that a transaction is one round trip.
 */
import * as Effect from "effect/Effect"
import pg from "pg"
import * as DatabaseUrl from "./DatabaseUrl.ts"
import * as Text from "./Text.ts"

/** Why a statement failed, as far as the writer acts on it. */
export interface StoreError {
  /**
   * `row`: this row can never be stored. `again`: another transaction was in the way, which is over. `wait`: the server does not take
   * it now. `broken`: the connection is not to be trusted.
   */
  readonly kind: "row" | "again" | "wait" | "broken"
  readonly reason: string
}

/** A statement with its values. */
export interface Statement {
  /** The server keeps the plan of a statement with a name. */
  readonly name?: string
  readonly text: string
  readonly values?: ReadonlyArray<string | number | null>
}

/** What a statement came to. */
export interface Answer {
  /** Each with its columns in the order of the statement. */
  readonly rows: ReadonlyArray<ReadonlyArray<unknown>>
  readonly changes: number
  /** What the server says it did: the answer to COMMIT may be ROLLBACK. */
  readonly command: string
}

/** An open connection. */
export interface Connection {
  /** Sends a statement when it is called; the effect waits for the answer. */
  readonly send: (statement: Statement) => Effect.Effect<Answer, StoreError>
  readonly isOpen: () => boolean
  readonly close: () => void
}

/** How patient a connection is, in milliseconds. */
export interface Patience {
  /** Until a server has accepted it. */
  readonly connect: number
  /** The server's own, with a statement or a lock. */
  readonly statement: number
  /** Ours, with a server that says nothing. Longer than the server's. */
  readonly answer: number
}

/** How the driver reaches the database of a URL. */
export const configOf = (url: string): pg.ClientConfig => ({
  connectionString: DatabaseUrl.withUser(url),
  application_name: "sluice",
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  types: { getTypeParser }
})

// Types by PostgreSQL's numbers
const int8 = 20
const textType = 25

const getTypeParser: pg.CustomTypesConfig["getTypeParser"] = (type: number) =>
  type === int8 ? toWhole : type === textType ? Text.fromStored : pg.types.getTypeParser(type)

// The ledger stores safe ones only; what somebody else has put there comes back as something no row has
const toWhole = (text: string): number | string => Number.isSafeInteger(Number(text)) ? Number(text) : `${text}n`

/** Connects. */
export const open = (url: string, patience: Patience): Effect.Effect<Connection, StoreError> =>
  Effect.flatMap(clientOf(url, patience), (client) => {
    let isOpen = true
    const lose = () => void (isOpen = false)
    const connection: Connection = {
      send: (statement) => send(client, statement),
      isOpen: () => isOpen,
      close: () => {
        isOpen = false
        // Tears the socket where an answer is outstanding
        void client.end().catch(() => {})
      }
    }
    client.on("error", lose)
    client.on("end", lose)
    return Effect.tryPromise({ try: () => client.connect(), catch: toError }).pipe(
      Effect.andThen(Effect.suspend(() => Effect.all(settings(patience).map((text) => connection.send({ text }))))),
      Effect.tapError(() => Effect.sync(connection.close)),
      Effect.as(connection)
    )
  })

const clientOf = (url: string, patience: Patience) =>
  Effect.try({
    try: () => new pg.Client({ ...configOf(url), connectionTimeoutMillis: patience.connect, query_timeout: patience.answer, pipeline: true }),
    catch: toError
  })

// A commit is on disk when it is confirmed, whatever the server's default; what asks for more than that stays
const settings = (patience: Patience): ReadonlyArray<string> => [
  `SET statement_timeout = ${patience.statement}`,
  `SET lock_timeout = ${patience.statement}`,
  // What a machine that is suddenly gone had locked is free again soon
  `SET idle_in_transaction_session_timeout = ${patience.answer}`,
  "SET tcp_keepalives_idle = 10",
  "SET tcp_keepalives_interval = 5",
  "SET tcp_keepalives_count = 3",
  "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')"
]

const send = (client: pg.Client, { name, text, values }: Statement): Effect.Effect<Answer, StoreError> => {
  const asked = client.query({
    text,
    rowMode: "array",
    ...(name === undefined ? {} : { name }),
    ...(values === undefined ? {} : { values: values.map(toParameter) })
  })
  // It may fail before anybody waits for it
  asked.catch(() => {})
  return Effect.map(
    Effect.tryPromise({ try: () => asked, catch: toError }),
    ({ command, rowCount, rows }): Answer => ({ rows, changes: rowCount ?? 0, command })
  )
}

/** A value as the driver sends it. */
export const toParameter = (value: unknown): unknown => typeof value === "string" ? Text.toStored(value) : value

/** What an error of the driver or the server means (postgresql.org/docs/current/errcodes-appendix.html). */
const toError = (cause: unknown): StoreError => {
  const message = cause instanceof AggregateError ? cause.errors.map(String).join(", ") : cause instanceof Error ? cause.message : String(cause)
  if (!(cause instanceof pg.DatabaseError) || cause.code === undefined) return { kind: "broken", reason: message }
  const { code } = cause
  const kind = /^(?:22|23|54)/.test(code) ? "row" : code === "40001" || code === "40P01" ? "again" : /^(?:4|53|55P03|57014)/.test(code) ? "wait" : "broken"
  return { kind, reason: `${message} (PostgreSQL ${code})` }
}
