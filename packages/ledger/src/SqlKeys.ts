/**
 * The store of keys in the ledger's database, whichever it is: one table that is read by digest. Needs a migrated database behind
 * Effect's `SqlClient`.
 */
import { KeyStore, KeyStoreUnavailable, RulesText, type StoredKey } from "@sluice/gateway/KeyStore"
import { present } from "@sluice/protocol/Json"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { describeCause } from "./internal/describeCause.ts"

// PostgreSQL gives its long numbers as text
const Time = Schema.Union([Schema.Int, Schema.NumberFromString])
const Text = Schema.NullOr(Schema.String)

const Row = Schema.Struct({
  id: Schema.String,
  name: Schema.String,
  digest: Schema.String,
  created_at: Time,
  expires_at: Schema.NullOr(Time),
  revoked_at: Schema.NullOr(Time),
  tenant: Text,
  team: Text,
  priority: Schema.NullOr(Schema.Literals(["interactive", "agent", "batch"])),
  models: Schema.NullOr(Schema.fromJsonString(Schema.Array(Schema.String))),
  rules: RulesText
})

const decode = Schema.decodeUnknownEffect(Schema.Array(Row))
const encodeRules = Schema.encodeEffect(RulesText)

const toKey = (row: typeof Row.Type): StoredKey =>
  present({
    id: row.id,
    name: row.name,
    digest: row.digest,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
    revokedAt: row.revoked_at ?? undefined,
    tenant: row.tenant ?? undefined,
    team: row.team ?? undefined,
    priority: row.priority ?? undefined,
    models: row.models ?? undefined,
    limits: row.rules
  })

const unavailable = <A>(effect: Effect.Effect<A, SqlError | Schema.SchemaError>): Effect.Effect<A, KeyStoreUnavailable> =>
  Effect.catchCause(effect, (cause) => new KeyStoreUnavailable({ reason: describeCause(cause) }))

/** The store over a database. */
export const layer: Layer.Layer<KeyStore, never, SqlClient.SqlClient> = Layer.effect(
  KeyStore,
  Effect.map(SqlClient.SqlClient, (sql) =>
    KeyStore.of({
      create: (key) =>
        unavailable(Effect.gen(function*() {
          const rules = yield* encodeRules(key.limits)
          const models = key.models === undefined ? null : JSON.stringify(key.models)
          yield* sql`INSERT INTO api_keys (id, name, digest, created_at, expires_at, revoked_at, tenant, team, priority, models, rules) VALUES (
            ${key.id}, ${key.name}, ${key.digest}, ${key.createdAt}, ${key.expiresAt ?? null}, ${key.revokedAt ?? null}, ${key.tenant ?? null}, ${
            key.team ?? null
          },
            ${key.priority ?? null}, ${models}, ${rules})`
        })),
      find: (digest) =>
        unavailable(sql`SELECT * FROM api_keys WHERE digest = ${digest}`.pipe(
          Effect.flatMap(decode),
          Effect.map(([row]) => row === undefined ? undefined : toKey(row))
        )),
      list: unavailable(sql`SELECT * FROM api_keys ORDER BY created_at DESC, id`.pipe(Effect.flatMap(decode), Effect.map((rows) => rows.map(toKey)))),
      revoke: (id, at) =>
        unavailable(Effect.gen(function*() {
          const found = yield* sql`SELECT id FROM api_keys WHERE id = ${id}`
          yield* sql`UPDATE api_keys SET revoked_at = ${at} WHERE id = ${id} AND revoked_at IS NULL`
          return found.length > 0
        }))
    }))
)
