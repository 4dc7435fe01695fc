/** What extensions keep: values and counters by namespace and name, each with the time it expires. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the tables `extension_values` and `extension_counts`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE extension_values (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    content TEXT NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID`
  yield* sql`CREATE TABLE extension_counts (
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    content INTEGER NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (namespace, name)
  ) STRICT, WITHOUT ROWID`
  yield* sql`CREATE INDEX extension_values_expiry ON extension_values (expires_at) WHERE expires_at IS NOT NULL`
  yield* sql`CREATE INDEX extension_counts_expiry ON extension_counts (expires_at) WHERE expires_at IS NOT NULL`
})
