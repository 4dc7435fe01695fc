/** What is kept of requests and answers beside their rows; it goes when the row goes, whoever removes it. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `bodies`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE bodies (
    exchange_id TEXT NOT NULL PRIMARY KEY,
    policy TEXT NOT NULL,
    request_bytes INTEGER NOT NULL,
    request_sha256 TEXT NOT NULL,
    request_text TEXT,
    request_tail TEXT,
    response_bytes INTEGER NOT NULL,
    response_sha256 TEXT NOT NULL,
    response_text TEXT,
    response_tail TEXT
  ) STRICT`
  yield* sql`CREATE TRIGGER bodies_go_with_their_exchange AFTER DELETE ON exchanges BEGIN DELETE FROM bodies WHERE exchange_id = OLD.id; END`
})
