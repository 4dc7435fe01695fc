/** What is kept of requests and answers beside their rows; it goes when the row goes, whoever removes it. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `bodies`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE bodies (
    exchange_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    policy TEXT COLLATE "C" NOT NULL,
    request_bytes BIGINT NOT NULL,
    request_sha256 TEXT COLLATE "C" NOT NULL,
    request_text TEXT COLLATE "C",
    request_tail TEXT COLLATE "C",
    response_bytes BIGINT NOT NULL,
    response_sha256 TEXT COLLATE "C" NOT NULL,
    response_text TEXT COLLATE "C",
    response_tail TEXT COLLATE "C"
  )`
  yield* sql`CREATE FUNCTION remove_bodies() RETURNS trigger LANGUAGE plpgsql AS
    'BEGIN DELETE FROM bodies WHERE exchange_id = OLD.id; RETURN OLD; END'`
  yield* sql`CREATE TRIGGER bodies_go_with_their_exchange AFTER DELETE ON exchanges FOR EACH ROW EXECUTE FUNCTION remove_bodies()`
})
