/** What charts are made of: exchanges added up by hour, and how far each writer's were. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates `rollups` and `rollup_positions`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE rollups (
    hour INTEGER NOT NULL,
    tenant TEXT NOT NULL,
    team TEXT NOT NULL,
    principal TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    status TEXT NOT NULL,
    requests INTEGER NOT NULL,
    tokens_input INTEGER NOT NULL,
    tokens_cache_read INTEGER NOT NULL,
    tokens_cache_write_5m INTEGER NOT NULL,
    tokens_cache_write_1h INTEGER NOT NULL,
    tokens_output INTEGER NOT NULL,
    tokens_reasoning INTEGER NOT NULL,
    tokens_audio_in INTEGER NOT NULL,
    tokens_audio_out INTEGER NOT NULL,
    tokens_tool_prompt INTEGER NOT NULL,
    cost_nanos INTEGER NOT NULL,
    PRIMARY KEY (hour, tenant, team, principal, model, provider, status)
  ) STRICT, WITHOUT ROWID`
  yield* sql`CREATE TABLE rollup_positions (writer TEXT NOT NULL PRIMARY KEY, sequence INTEGER NOT NULL) STRICT, WITHOUT ROWID`
})
