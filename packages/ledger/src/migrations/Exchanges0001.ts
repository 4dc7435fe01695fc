/**
 * The first schema: one narrow row for each exchange, one for each attempt. Keyed by exchange id, which sorts by time, so that
 * new rows are appended; every index ends in the start time and the id, which is the order of pages.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the tables `exchanges` and `attempts`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE exchanges (
    id TEXT NOT NULL PRIMARY KEY,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    operation TEXT NOT NULL,
    status TEXT NOT NULL,
    outcome TEXT,
    detail TEXT,
    principal TEXT NOT NULL,
    inbound TEXT NOT NULL,
    upstream TEXT,
    stream INTEGER NOT NULL,
    lane TEXT,
    model TEXT,
    provider TEXT,
    upstream_model TEXT,
    served_model TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    estimated_input INTEGER NOT NULL,
    tokens_input INTEGER,
    tokens_cache_read INTEGER,
    tokens_cache_write_5m INTEGER,
    tokens_cache_write_1h INTEGER,
    tokens_output INTEGER,
    tokens_reasoning INTEGER,
    tokens_audio_in INTEGER,
    tokens_audio_out INTEGER,
    tokens_tool_prompt INTEGER,
    provenance TEXT NOT NULL DEFAULT '---------',
    cost_usd TEXT,
    losses TEXT,
    response_losses TEXT,
    bytes_out INTEGER NOT NULL DEFAULT 0,
    ttft_ms INTEGER,
    finish TEXT,
    error_class TEXT,
    error_message TEXT
  ) STRICT, WITHOUT ROWID`
  yield* sql`CREATE INDEX exchanges_time ON exchanges (started_at)`
  yield* sql`CREATE INDEX exchanges_status ON exchanges (status, started_at)`
  yield* sql`CREATE INDEX exchanges_principal ON exchanges (principal, started_at)`
  yield* sql`CREATE INDEX exchanges_model ON exchanges (model, started_at)`
  yield* sql`CREATE TABLE attempts (
    exchange_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    error_class TEXT,
    error_message TEXT,
    error_status INTEGER,
    PRIMARY KEY (exchange_id, number)
  ) STRICT, WITHOUT ROWID`
})
