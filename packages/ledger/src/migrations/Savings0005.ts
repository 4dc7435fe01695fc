/** What it saved to give a kept answer again instead of asking a provider once more. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Adds the saved amount to the table `exchanges`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE exchanges ADD COLUMN saved_usd TEXT`
})
