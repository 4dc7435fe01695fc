/**
 * Indexes for what exchanges are looked for by, as in the file. Of a model only the beginning is indexed: anybody may name one, and an
 * index entry must be shorter than a third of a page.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Adds indexes on outcome, tenant, team and provider, takes what has completed out of the one on status, and bounds the one on model. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`DROP INDEX exchanges_status`
  yield* sql`DROP INDEX exchanges_model`
  yield* sql`CREATE INDEX exchanges_status ON exchanges (status, started_at, id) WHERE status <> 'completed'`
  yield* sql`CREATE INDEX exchanges_model ON exchanges (left(model, 200), started_at, id)`
  yield* sql`CREATE INDEX exchanges_outcome ON exchanges (outcome, started_at, id) WHERE outcome <> 'Completed'`
  yield* sql`CREATE INDEX exchanges_tenant ON exchanges (tenant, started_at, id) WHERE tenant IS NOT NULL`
  yield* sql`CREATE INDEX exchanges_team ON exchanges (team, started_at, id) WHERE team IS NOT NULL`
  yield* sql`CREATE INDEX exchanges_provider ON exchanges (provider, started_at, id) WHERE provider IS NOT NULL`
})
