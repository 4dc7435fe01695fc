/** The keys that are made while the gateway runs: digests of their secrets, never the secrets. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `api_keys`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    tenant TEXT,
    team TEXT,
    priority TEXT,
    models TEXT,
    rules TEXT NOT NULL
  ) STRICT, WITHOUT ROWID`
})
