/**
 * The first schema, as in the file: one narrow row for each exchange, one for each attempt. Text is compared byte by byte, whatever
 * the database's language, so that ids sort by time. Room is left in every page, because each row is written twice.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the tables `exchanges` and `attempts`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE exchanges (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    started_at BIGINT NOT NULL,
    ended_at BIGINT,
    operation TEXT COLLATE "C" NOT NULL,
    status TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C",
    detail TEXT COLLATE "C",
    principal TEXT COLLATE "C" NOT NULL,
    inbound TEXT COLLATE "C" NOT NULL,
    upstream TEXT COLLATE "C",
    stream BIGINT NOT NULL,
    lane TEXT COLLATE "C",
    model TEXT COLLATE "C",
    provider TEXT COLLATE "C",
    upstream_model TEXT COLLATE "C",
    served_model TEXT COLLATE "C",
    attempts BIGINT NOT NULL DEFAULT 0,
    estimated_input BIGINT NOT NULL,
    tokens_input BIGINT,
    tokens_cache_read BIGINT,
    tokens_cache_write_5m BIGINT,
    tokens_cache_write_1h BIGINT,
    tokens_output BIGINT,
    tokens_reasoning BIGINT,
    tokens_audio_in BIGINT,
    tokens_audio_out BIGINT,
    tokens_tool_prompt BIGINT,
    provenance TEXT COLLATE "C" NOT NULL DEFAULT '---------',
    cost_usd TEXT COLLATE "C",
    losses TEXT COLLATE "C",
    response_losses TEXT COLLATE "C",
    bytes_out BIGINT NOT NULL DEFAULT 0,
    ttft_ms BIGINT,
    finish TEXT COLLATE "C",
    error_class TEXT COLLATE "C",
    error_message TEXT COLLATE "C"
  ) WITH (fillfactor = 70)`
  yield* sql`CREATE INDEX exchanges_time ON exchanges (started_at, id)`
  yield* sql`CREATE INDEX exchanges_status ON exchanges (status, started_at, id)`
  yield* sql`CREATE INDEX exchanges_principal ON exchanges (principal, started_at, id)`
  yield* sql`CREATE INDEX exchanges_model ON exchanges (model, started_at, id)`
  yield* sql`CREATE TABLE attempts (
    exchange_id TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    upstream_model TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    error_class TEXT COLLATE "C",
    error_message TEXT COLLATE "C",
    error_status BIGINT,
    PRIMARY KEY (exchange_id, number)
  )`
})
