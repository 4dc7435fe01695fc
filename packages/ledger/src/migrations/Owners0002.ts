/** Whose an exchange was beside its key, and what it cost in a unit that can be added up. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Adds tenant, team and money to the table `exchanges`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE exchanges ADD COLUMN tenant TEXT`
  yield* sql`ALTER TABLE exchanges ADD COLUMN team TEXT`
  yield* sql`ALTER TABLE exchanges ADD COLUMN estimated_usd TEXT`
  yield* sql`ALTER TABLE exchanges ADD COLUMN price_version TEXT`
  yield* sql`ALTER TABLE exchanges ADD COLUMN cost_nanos INTEGER`
})
