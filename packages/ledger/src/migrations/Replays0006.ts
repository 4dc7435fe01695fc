/**
 * Claims to idempotency keys and the sealed answers to them, who of the processes that hold claims is alive, and how much there is of
 * all this by tenant.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the tables `replays`, `replay_owners` and `replay_shares`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE replays (
    scope TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL,
    claim TEXT NOT NULL,
    owner TEXT NOT NULL,
    print TEXT NOT NULL,
    state TEXT NOT NULL,
    why TEXT,
    sealed TEXT,
    size INTEGER NOT NULL,
    expires_at BIGINT NOT NULL
  )`
  yield* sql`CREATE INDEX replays_expiry ON replays (expires_at)`
  yield* sql`CREATE INDEX replays_kept ON replays (state, tenant, expires_at)`
  yield* sql`CREATE INDEX replays_owner ON replays (owner)`
  yield* sql`CREATE TABLE replay_owners (owner TEXT NOT NULL PRIMARY KEY, alive_until BIGINT NOT NULL)`
  yield* sql`CREATE TABLE replay_shares (tenant TEXT NOT NULL PRIMARY KEY, entries BIGINT NOT NULL, bytes BIGINT NOT NULL)`
})
