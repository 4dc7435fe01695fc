/** Which of its credentials a provider was asked with. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Adds the credential's name to the table `attempts`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`ALTER TABLE attempts ADD COLUMN credential TEXT`
})
