/**
 * The hash chain: a link for each exchange that has ended, heads, and what was cut off because it was old. No ledger in PostgreSQL is
 * from before it: there is nothing to link.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates `links`, `heads` and `cuts`, and gives exchanges their place. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE exchanges ADD COLUMN sequence BIGINT`
  yield* sql`CREATE TABLE links (
    writer TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    exchange_id TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (writer, sequence)
  )`
  yield* sql`CREATE TABLE heads (
    number BIGINT NOT NULL PRIMARY KEY,
    writer TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    signature TEXT COLLATE "C"
  )`
  yield* sql`CREATE INDEX heads_writer ON heads (writer, sequence)`
  yield* sql`CREATE TABLE cuts (
    writer TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    signature TEXT COLLATE "C"
  )`
})
