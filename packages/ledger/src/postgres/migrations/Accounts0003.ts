/** What keys, teams and tenants have spent, by day: what a budget is loaded from. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the table `accounts`. Its few rows are written with every group: the room in its pages keeps them where they are. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE accounts (
    kind TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    tokens BIGINT NOT NULL,
    spent_nanos BIGINT NOT NULL,
    PRIMARY KEY (kind, id, day)
  ) WITH (fillfactor = 50)`
})
