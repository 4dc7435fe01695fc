/** The keys that are made while the gateway runs: digests of their secrets, never the secrets. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `api_keys`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE api_keys (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT COLLATE "C" NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    tenant TEXT COLLATE "C",
    team TEXT COLLATE "C",
    priority TEXT COLLATE "C",
    models TEXT,
    rules TEXT NOT NULL
  )`
})
