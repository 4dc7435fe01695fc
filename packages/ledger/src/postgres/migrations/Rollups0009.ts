/** What charts are made of: exchanges added up by hour, and how far each writer's were. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates `rollups` and `rollup_positions`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE rollups (
    hour BIGINT NOT NULL,
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
    PRIMARY KEY (hour, tenant, team, principal, model, provider, status)
  ) WITH (fillfactor = 80)`
  yield* sql`CREATE TABLE rollup_positions (writer TEXT COLLATE "C" NOT NULL PRIMARY KEY, sequence BIGINT NOT NULL)`
})
