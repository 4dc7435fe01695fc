/** Whose an exchange was beside its key, and what it cost in a unit that can be added up. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Adds tenant, team and money to the table `exchanges`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE exchanges
    ADD COLUMN tenant TEXT COLLATE "C",
    ADD COLUMN team TEXT COLLATE "C",
    ADD COLUMN estimated_usd TEXT COLLATE "C",
    ADD COLUMN price_version TEXT COLLATE "C",
    ADD COLUMN cost_nanos BIGINT`
})
