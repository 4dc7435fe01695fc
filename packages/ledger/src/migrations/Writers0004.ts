/** Whose an open exchange is, so that several processes may write one ledger and what one of them leaves open is told from what others are at. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import { beforeIds } from "../WriterId.ts"

/** Adds the writer to `exchanges`, and creates the table `writers`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE writers (
    id TEXT NOT NULL PRIMARY KEY,
    process INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER
  ) STRICT, WITHOUT ROWID`
  yield* sql`ALTER TABLE exchanges ADD COLUMN writer TEXT`
  yield* sql`UPDATE exchanges SET writer = ${beforeIds} WHERE status = 'open'`
  yield* sql`INSERT INTO writers (id, process, started_at) VALUES (${beforeIds}, 0, 0)`
})
