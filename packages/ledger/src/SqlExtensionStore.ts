/**
 * The storage of extensions in the ledger's database, whichever it is: one table of values and one of counters. Time is the database's,
 * which several processes share. Needs a migrated database behind Effect's `SqlClient`.
 */
import { type Address, ExtensionStore, ExtensionStoreUnavailable, type Prefixed } from "@sluice/gateway/ExtensionStore"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { describeCause } from "./internal/describeCause.ts"

// PostgreSQL gives its long numbers as text
const Count = Schema.Union([Schema.Int, Schema.NumberFromString])

const rowsOf = {
  texts: Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ name: Schema.String, content: Schema.String }))),
  counts: Schema.decodeUnknownEffect(Schema.Array(Schema.Struct({ name: Schema.String, content: Count })))
}

/** Rows that have expired and are cleared away at most, and the writes between two times this is done. */
const step = 100
const sweepEvery = 64

const unavailable = <A>(effect: Effect.Effect<A, SqlError | Schema.SchemaError>): Effect.Effect<A, ExtensionStoreUnavailable> =>
  Effect.catchCause(
    effect,
    (cause) => Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.fail(new ExtensionStoreUnavailable({ reason: describeCause(cause) }))
  )

/** Neither database keeps every text JavaScript has. */
const plain = (text: string): string => text.toWellFormed().replaceAll("\0", "\u2400")

const make = (sql: SqlClient.SqlClient): ExtensionStore["Service"] => {
  const now = sql.literal(sql.onDialectOrElse({
    pg: () => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
    orElse: () => "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
  }))
  const tables = { texts: sql("extension_values"), counts: sql("extension_counts") }
  const until = (ttlMs: number | undefined) => ttlMs === undefined ? sql.literal("NULL") : sql`${now} + ${sql.literal(String(Math.max(0, Math.trunc(ttlMs))))}`
  const isThere = sql`(expires_at IS NULL OR expires_at > ${now})`
  let writes = 0

  const sweep = Effect.suspend(() => {
    writes += 1
    if (writes % sweepEvery !== 0) return Effect.void
    return Effect.forEach(
      [tables.texts, tables.counts],
      (table) =>
        sql`DELETE FROM ${table} WHERE (namespace, name) IN (SELECT namespace, name FROM ${table} WHERE expires_at <= ${now} ORDER BY expires_at LIMIT ${step})`,
      {
        discard: true
      }
    )
  })

  const get = (table: keyof typeof tables, { key, namespace }: Address) =>
    sql`SELECT name, content FROM ${tables[table]} WHERE namespace = ${plain(namespace)} AND name = ${plain(key)} AND ${isThere}`

  const list = (table: keyof typeof tables, { limit, namespace, prefix }: Prefixed) => {
    const start = plain(prefix)
    return sql`SELECT name, content FROM ${tables[table]}
      WHERE namespace = ${plain(namespace)} AND name >= ${start} AND substr(name, 1, ${sql.literal(String([...start].length))}) = ${start} AND ${isThere}
      ORDER BY name LIMIT ${sql.literal(String(Math.max(0, Math.trunc(limit))))}`
  }

  const remove = (table: keyof typeof tables, { key, namespace }: Address) =>
    unavailable(Effect.asVoid(sql`DELETE FROM ${tables[table]} WHERE namespace = ${plain(namespace)} AND name = ${plain(key)}`))

  return {
    get: (address) => unavailable(Effect.map(Effect.flatMap(get("texts", address), rowsOf.texts), ([row]) => row?.content)),
    set: ({ key, namespace }, text, ttlMs) =>
      unavailable(Effect.andThen(
        sweep,
        Effect.asVoid(sql`INSERT INTO extension_values (namespace, name, content, expires_at)
          VALUES (${plain(namespace)}, ${plain(key)}, ${plain(text)}, ${until(ttlMs)})
          ON CONFLICT (namespace, name) DO UPDATE SET content = excluded.content, expires_at = excluded.expires_at`)
      )),
    remove: (address) => remove("texts", address),
    list: (prefixed) =>
      unavailable(Effect.map(Effect.flatMap(list("texts", prefixed), rowsOf.texts), (rows) => rows.map(({ content, name }) => [name, content] as const))),
    count: (address) => unavailable(Effect.map(Effect.flatMap(get("counts", address), rowsOf.counts), ([row]) => row?.content ?? 0)),
    increment: ({ key, namespace }, by, ttlMs) =>
      unavailable(Effect.andThen(
        sweep,
        // One that has expired begins anew
        sql`INSERT INTO extension_counts (namespace, name, content, expires_at)
          VALUES (${plain(namespace)}, ${plain(key)}, ${sql.literal(String(Math.trunc(by)))}, ${until(ttlMs)})
          ON CONFLICT (namespace, name) DO UPDATE SET
            content = CASE WHEN extension_counts.expires_at <= ${now} THEN excluded.content ELSE extension_counts.content + excluded.content END,
            expires_at = CASE WHEN extension_counts.expires_at <= ${now} THEN excluded.expires_at ELSE extension_counts.expires_at END
          RETURNING name, content`.pipe(Effect.flatMap(rowsOf.counts), Effect.map(([row]) => row?.content ?? 0))
      )),
    removeCount: (address) => remove("counts", address),
    listCounts: (prefixed) =>
      unavailable(Effect.map(Effect.flatMap(list("counts", prefixed), rowsOf.counts), (rows) => rows.map(({ content, name }) => [name, content] as const)))
  }
}

/** The store over a database. */
export const layer: Layer.Layer<ExtensionStore, never, SqlClient.SqlClient> = Layer.effect(ExtensionStore, Effect.map(SqlClient.SqlClient, make))
