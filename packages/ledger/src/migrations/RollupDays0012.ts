/** Rollups by day beside those by hour: a chart of a year by day would read thousands of hours. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates `rollup_days`, and fills it from `rollups`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE rollup_days (
    day INTEGER NOT NULL,
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
    PRIMARY KEY (day, tenant, team, principal, model, provider, status)
  ) STRICT, WITHOUT ROWID`
  yield* sql`INSERT INTO rollup_days (day, tenant, team, principal, model, provider, status, requests, tokens_input, tokens_cache_read, tokens_cache_write_5m, tokens_cache_write_1h, tokens_output, tokens_reasoning, tokens_audio_in, tokens_audio_out, tokens_tool_prompt, cost_nanos)
    SELECT hour / 24, tenant, team, principal, model, provider, status, sum(requests), sum(tokens_input), sum(tokens_cache_read), sum(tokens_cache_write_5m), sum(tokens_cache_write_1h), sum(tokens_output), sum(tokens_reasoning), sum(tokens_audio_in), sum(tokens_audio_out), sum(tokens_tool_prompt), sum(cost_nanos)
    FROM rollups GROUP BY hour / 24, tenant, team, principal, model, provider, status`
})
