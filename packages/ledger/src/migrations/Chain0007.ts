/**
 * The hash chain: a link for each exchange that has ended, heads, and what was cut off because it was old. What had ended before is
 * linked as it stands.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as HashChain from "../HashChain.ts"
import * as Rows from "../Rows.ts"
import * as TerminalRow from "../TerminalRow.ts"
import { beforeIds } from "../WriterId.ts"

const columns = TerminalRow.columns.slice(0, TerminalRow.firstColumns)
const attemptColumns = Rows.attemptColumns.slice(0, Rows.firstAttemptColumns)
const page = 500

/** Creates `links`, `heads` and `cuts`, and gives exchanges their place. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE exchanges ADD COLUMN sequence INTEGER`
  yield* sql`CREATE TABLE links (
    writer TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    exchange_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (writer, sequence)
  ) STRICT, WITHOUT ROWID`
  yield* sql`CREATE TABLE heads (
    number INTEGER NOT NULL PRIMARY KEY,
    writer TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    digest TEXT NOT NULL,
    signature TEXT
  ) STRICT`
  yield* sql`CREATE INDEX heads_writer ON heads (writer, sequence)`
  yield* sql`CREATE TABLE cuts (
    writer TEXT NOT NULL PRIMARY KEY,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    signature TEXT
  ) STRICT, WITHOUT ROWID`
  let place = HashChain.beginning(beforeIds)
  let last = ""
  for (;;) {
    const rows = yield* sql<{ readonly [column: string]: Rows.Value }>`SELECT ${sql.literal(columns.join(", "))} FROM exchanges
      WHERE status <> 'open' AND id > ${last} ORDER BY id LIMIT ${page}`
    for (const row of rows) {
      last = String(row["id"])
      const attempts = yield* sql<{ readonly [column: string]: Rows.Value }>`SELECT ${sql.literal(attemptColumns.join(", "))} FROM attempts
        WHERE exchange_id = ${last} ORDER BY number`
      const link = HashChain.next(
        place,
        last,
        columns.map((column) => row[column] ?? null),
        attempts.map((attempt) => attemptColumns.map((column) => attempt[column] ?? null))
      )
      yield* sql`INSERT INTO links (writer, sequence, exchange_id, hash) VALUES (${link.writer}, ${link.sequence}, ${last}, ${link.hash})`
      yield* sql`UPDATE exchanges SET writer = ${link.writer}, sequence = ${link.sequence} WHERE id = ${last}`
      place = link
    }
    if (rows.length < page) return
  }
})
