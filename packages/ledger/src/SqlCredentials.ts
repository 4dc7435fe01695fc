/**
 * The store of credentials in the ledger's database, whichever it is: one statement for each change, so that of several processes one
 * wins. Leases count by the database's clock, which all of them share. Needs a migrated database behind Effect's `SqlClient`.
 */
import { CredentialStore, CredentialStoreUnavailable, type Lease, type StoredCredential } from "@sluice/gateway/credentials/CredentialStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { describeCause } from "./internal/describeCause.ts"

/** PostgreSQL gives its long numbers as text. */
const Count = Schema.Union([Schema.Int, Schema.NumberFromString])

const Row = Schema.Struct({ provider: Schema.String, id: Schema.String, version: Count, sealed: Schema.String, updated_at: Count })
const LeasedRow = Schema.Struct({ ...Row.fields, left_ms: Count })

const decode = Schema.decodeUnknownEffect(Schema.Array(Row))
const decodeLeased = Schema.decodeUnknownEffect(Schema.Array(LeasedRow))

const toRecord = ({ id, provider, sealed, updated_at, version }: typeof Row.Type): StoredCredential => ({
  provider,
  id,
  version,
  sealed,
  updatedAt: updated_at
})

/** How often, and how long apart, a statement is tried that somebody else is in the way of. The event loop is free meanwhile. */
const patience = { times: 100, schedule: Schedule.spaced("50 millis") }

const isInTheWay = /locked|busy/i

const unavailable = <A>(effect: Effect.Effect<A, SqlError | Schema.SchemaError>): Effect.Effect<A, CredentialStoreUnavailable> =>
  effect.pipe(
    Effect.catchCause((cause) => new CredentialStoreUnavailable({ reason: describeCause(cause) })),
    Effect.retry({ ...patience, while: ({ reason }) => isInTheWay.test(reason) })
  )

/** The store over a database. */
export const layer: Layer.Layer<CredentialStore, never, SqlClient.SqlClient> = Layer.effect(
  CredentialStore,
  Effect.map(SqlClient.SqlClient, (sql) => {
    const now = sql.literal(sql.onDialectOrElse({
      pg: () => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
      orElse: () => "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    }))

    return CredentialStore.of({
      list: unavailable(sql`SELECT provider, id, version, sealed, updated_at FROM credentials ORDER BY provider, id`.pipe(
        Effect.flatMap(decode),
        Effect.map((rows) => rows.map(toRecord))
      )),
      find: ({ id, provider }) =>
        unavailable(sql`SELECT provider, id, version, sealed, updated_at FROM credentials WHERE provider = ${provider} AND id = ${id}`.pipe(
          Effect.flatMap(decode),
          Effect.map(([row]) => row === undefined ? undefined : toRecord(row))
        )),
      write: ({ id, provider, sealed, updatedAt, version }, after) =>
        unavailable(Effect.map(
          after === undefined
            ? sql`INSERT INTO credentials (provider, id, version, sealed, updated_at) VALUES (${provider}, ${id}, ${version}, ${sealed}, ${updatedAt})
                ON CONFLICT (provider, id) DO NOTHING RETURNING id`
            : sql`UPDATE credentials SET version = ${version}, sealed = ${sealed}, updated_at = ${updatedAt}, lease_owner = NULL, lease_until = NULL
                WHERE provider = ${provider} AND id = ${id} AND version = ${after} RETURNING id`,
          (rows) => rows.length > 0
        )),
      remove: ({ id, provider }) =>
        unavailable(Effect.map(sql`DELETE FROM credentials WHERE provider = ${provider} AND id = ${id} RETURNING id`, (rows) => rows.length > 0)),
      lease: ({ forMs, id, owner, provider, version }) =>
        unavailable(Effect.gen(function*() {
          const taken = yield* sql`UPDATE credentials SET lease_owner = ${owner}, lease_until = ${now} + ${sql.literal(String(Math.trunc(forMs)))}
            WHERE provider = ${provider} AND id = ${id} AND version = ${version}
              AND (lease_until IS NULL OR lease_until <= ${now} OR lease_owner = ${owner}) RETURNING id`
          if (taken.length > 0) return { _tag: "Leased" } satisfies Lease
          const [row] = yield* Effect.flatMap(
            sql`SELECT provider, id, version, sealed, updated_at, COALESCE(lease_until, 0) - ${now} AS left_ms
              FROM credentials WHERE provider = ${provider} AND id = ${id}`,
            decodeLeased
          )
          if (row === undefined) return { _tag: "Missing" } satisfies Lease
          return row.version === version
            ? { _tag: "Busy", leftMs: Math.max(0, row.left_ms) } satisfies Lease
            : { _tag: "Newer", record: toRecord(row) } satisfies Lease
        })),
      release: ({ id, owner, provider, version }) =>
        unavailable(Effect.asVoid(
          sql`UPDATE credentials SET lease_owner = NULL, lease_until = NULL
            WHERE provider = ${provider} AND id = ${id} AND version = ${version} AND lease_owner = ${owner}`
        ))
    })
  })
)
