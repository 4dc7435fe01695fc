/**
 * Ledger queries in SQL: pages by key, newest first, each served by one index read backwards. Reads only; for the reader thread.
 */
import type { Entry, Query } from "@sluice/gateway/Ledger"
import * as LedgerEntry from "@sluice/gateway/LedgerEntry"
import * as Effect from "effect/Effect"
import type { SchemaError } from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import * as StoredRow from "../StoredRow.ts"

/** The entries a query asks for. */
export const entries = (query: Query): Effect.Effect<ReadonlyArray<Entry>, SqlError | SchemaError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const rows = yield* statement(sql, query, yield* position(sql, query))
    return (yield* StoredRow.decode(rows)).map(StoredRow.toEntry)
  })

/** The statement of a query, with the start time of the entry its page goes on after, where that entry is there. */
export const statement = (sql: SqlClient.SqlClient, query: Query, after: number | undefined) => {
  const { before, from, model, outcome, principal, status, until } = query
  const clauses: Array<Fragment> = []
  if (from !== undefined) clauses.push(sql`started_at >= ${from}`)
  if (until !== undefined) clauses.push(sql`started_at < ${until}`)
  if (status !== undefined) clauses.push(sql`status = ${status}`)
  if (principal !== undefined) clauses.push(sql`principal = ${principal}`)
  if (model !== undefined) clauses.push(sql`model = ${model}`)
  // ")" is the character after "(": the range is every label that begins with the word and a bracket
  if (outcome !== undefined) clauses.push(sql`(outcome = ${outcome} OR (outcome >= ${`${outcome}(`} AND outcome < ${`${outcome})`}))`)
  if (before !== undefined) clauses.push(after === undefined ? sql`id < ${before}` : sql`(started_at, id) < (${after}, ${before})`)
  const where = clauses.length === 0 ? sql`` : sql`WHERE ${sql.and(clauses)}`
  return sql`SELECT ${sql.literal(StoredRow.columns.join(", "))} FROM exchanges ${where} ORDER BY started_at DESC, id DESC LIMIT ${LedgerEntry.pageSize(query)}`
}

const position = (sql: SqlClient.SqlClient, { before }: Query) =>
  before === undefined
    ? Effect.undefined
    : Effect.map(sql<{ readonly started_at: number }>`SELECT started_at FROM exchanges WHERE id = ${before}`, (rows) => rows[0]?.started_at)
