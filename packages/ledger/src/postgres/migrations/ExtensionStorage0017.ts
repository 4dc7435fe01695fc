/** What extensions keep: values and counters by namespace and name, each with the time it expires. */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"

/** Creates the tables `extension_values` and `extension_counts`. */
export const migration = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE extension_values (
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    content TEXT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (namespace, name)
  )`
  yield* sql`CREATE TABLE extension_counts (
    namespace TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    content BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (namespace, name)
  )`
  yield* sql`CREATE INDEX extension_values_expiry ON extension_values (expires_at) WHERE expires_at IS NOT NULL`
  yield* sql`CREATE INDEX extension_counts_expiry ON extension_counts (expires_at) WHERE expires_at IS NOT NULL`
})
