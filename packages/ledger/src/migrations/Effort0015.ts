/** What decides the price and the length of an answer beside its model: the tier it was served in, and how much thinking was asked for. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Adds both to the table `exchanges`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE exchanges ADD COLUMN tier TEXT`
  yield* sql`ALTER TABLE exchanges ADD COLUMN effort TEXT`
})
