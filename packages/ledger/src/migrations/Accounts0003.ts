/** What keys, teams and tenants have spent, by day: what a budget is loaded from. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `accounts`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE accounts (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    day INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    spent_nanos INTEGER NOT NULL,
    PRIMARY KEY (kind, id, day)
  ) STRICT, WITHOUT ROWID`
})
