/**
 * Indexes for what exchanges are looked for by. The status and the label of nearly all are left out: nobody finds anything by them,
 * and each exchange is spared an entry when it ends.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Adds indexes on outcome, tenant, team and provider, and takes what has completed out of the one on status. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP INDEX exchanges_status`
  yield* sql`CREATE INDEX exchanges_status ON exchanges (status, started_at) WHERE status <> 'completed'`
  yield* sql`CREATE INDEX exchanges_outcome ON exchanges (outcome, started_at) WHERE outcome <> 'Completed'`
  yield* sql`CREATE INDEX exchanges_tenant ON exchanges (tenant, started_at) WHERE tenant IS NOT NULL`
  yield* sql`CREATE INDEX exchanges_team ON exchanges (team, started_at) WHERE team IS NOT NULL`
  yield* sql`CREATE INDEX exchanges_provider ON exchanges (provider, started_at) WHERE provider IS NOT NULL`
})
