/**
 * Ledger queries in SQL: pages by key, newest first, each served by one index read backwards. Reads only; for the reader thread.
 */
import type { Entry, Query } from "@sluice/gateway/Ledger"
import * as LedgerEntry from "@sluice/gateway/LedgerEntry"
import * as Effect from "effect/Effect"
import type { SchemaError } from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment, Statement } from "effect/sql/Statement"
import * as StoredRow from "../StoredRow.ts"
import * as Filters from "./Filters.ts"

/** The entries a query asks for. */
export const entries = (query: Query): Effect.Effect<ReadonlyArray<Entry>, SqlError | SchemaError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* yield* statement(sql, query, yield* position(sql, query))
    return (yield* StoredRow.decode(rows)).map(StoredRow.toEntry)
  })

/** The statement of a query, with the start time of the entry its page goes on after, where that entry is there. */
export const statement = (sql: SqlClient.SqlClient, query: Query, after: number | undefined): Effect.Effect<Statement<unknown>, SqlError> =>
  Effect.gen(function*() {
    const { before, from, until } = query
    const window: Array<Fragment> = []
    if (from !== undefined) window.push(sql`started_at >= ${from}`)
    if (until !== undefined) window.push(sql`started_at < ${until}`)
    if (before !== undefined) window.push(after === undefined ? sql`id < ${before}` : sql`(started_at, id) < (${after}, ${before})`)
    const filters = Filters.filtersOf(sql, query)
    const finds = yield* sql.onDialectOrElse({
      sqlite: () => Effect.map(Filters.choose(sql, filters, window), (chosen) => (filter: Filters.Filter) => filter === chosen),
      orElse: () => Effect.succeed(() => true)
    })
    const clauses = [...filters.map((filter) => finds(filter) ? filter.finding ?? filter.checking : filter.checking), ...window]
    const where = clauses.length === 0 ? sql`` : sql`WHERE ${sql.and(clauses)}`
    return sql`SELECT ${sql.literal(StoredRow.columns.join(", "))} FROM exchanges ${where} ORDER BY started_at DESC, id DESC LIMIT ${
      LedgerEntry.pageSize(query)
    }`
  })

const position = (sql: SqlClient.SqlClient, { before }: Query) =>
  before === undefined
    ? Effect.undefined
    : Effect.map(sql<{ readonly started_at: number }>`SELECT started_at FROM exchanges WHERE id = ${before}`, (rows) => rows[0]?.started_at)
