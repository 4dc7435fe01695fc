/** How far each sink of usage has got, and who delivers to it until when. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `usage_sinks`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE usage_sinks (
    sink TEXT NOT NULL PRIMARY KEY,
    holder TEXT,
    held_until INTEGER NOT NULL,
    places TEXT
  ) STRICT, WITHOUT ROWID`
})
