/** The logins at providers, sealed; and who is refreshing which of them. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `credentials`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE credentials (
    provider TEXT NOT NULL,
    id TEXT NOT NULL,
    version INTEGER NOT NULL,
    sealed TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER,
    PRIMARY KEY (provider, id)
  ) STRICT, WITHOUT ROWID`
})
