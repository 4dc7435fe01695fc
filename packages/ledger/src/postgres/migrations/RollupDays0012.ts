/** Rollups by day beside those by hour: a chart of a year by day would read thousands of hours. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates `rollup_days`, and fills it from `rollups`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE rollup_days (
    day BIGINT NOT NULL,
    tenant TEXT COLLATE "C" NOT NULL,
    team TEXT COLLATE "C" NOT NULL,
    principal TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    tokens_input BIGINT NOT NULL,
    tokens_cache_read BIGINT NOT NULL,
    tokens_cache_write_5m BIGINT NOT NULL,
    tokens_cache_write_1h BIGINT NOT NULL,
    tokens_output BIGINT NOT NULL,
    tokens_reasoning BIGINT NOT NULL,
    tokens_audio_in BIGINT NOT NULL,
    tokens_audio_out BIGINT NOT NULL,
    tokens_tool_prompt BIGINT NOT NULL,
    cost_nanos BIGINT NOT NULL,
    PRIMARY KEY (day, tenant, team, principal, model, provider, status)
  ) WITH (fillfactor = 80)`
  yield* sql`INSERT INTO rollup_days (day, tenant, team, principal, model, provider, status, requests, tokens_input, tokens_cache_read, tokens_cache_write_5m, tokens_cache_write_1h, tokens_output, tokens_reasoning, tokens_audio_in, tokens_audio_out, tokens_tool_prompt, cost_nanos)
    SELECT hour / 24, tenant, team, principal, model, provider, status, sum(requests), sum(tokens_input), sum(tokens_cache_read), sum(tokens_cache_write_5m), sum(tokens_cache_write_1h), sum(tokens_output), sum(tokens_reasoning), sum(tokens_audio_in), sum(tokens_audio_out), sum(tokens_tool_prompt), sum(cost_nanos)
    FROM rollups GROUP BY hour / 24, tenant, team, principal, model, provider, status`
})
