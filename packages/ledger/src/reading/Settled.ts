/**
 * Exchanges in the order in which they ended, for whoever hands them on: the links of the hash chain are that order, numbered for each
 * writer. Reads only, a page at a time, each writer's links by their key.
 */
import type { Places, SettledPage } from "@sluice/gateway/UsageOutbox"
import type { UsageAttempt, UsageRecord } from "@sluice/gateway/UsageSink"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Rows from "../Rows.ts"
import * as StoredRow from "../StoredRow.ts"
import * as Details from "./Details.ts"

// PostgreSQL gives its long numbers as text
const Whole = Schema.Union([Schema.Int, Schema.NumberFromString])
const Writer = Schema.Struct({ id: Schema.String, last: Schema.NullOr(Whole) })
const Link = Schema.Struct({ sequence: Whole, exchange_id: Schema.String })
const Owned = Schema.Struct({ exchange_id: Schema.String })

const decodeWriters = Schema.decodeUnknownEffect(Schema.Array(Writer))
const decodeLinks = Schema.decodeUnknownEffect(Schema.Array(Link))
const decodeOwners = Schema.decodeUnknownEffect(Schema.Array(Owned))

type Read<A> = Effect.Effect<A, SqlError | Schema.SchemaError>

/** Where every writer is. What retention took away it has been at. */
const ends = (sql: SqlClient.SqlClient): Read<ReadonlyArray<readonly [writer: string, last: number]>> =>
  sql`SELECT w.id, coalesce((SELECT max(l.sequence) FROM links l WHERE l.writer = w.id), (SELECT c.sequence FROM cuts c WHERE c.writer = w.id)) AS last
    FROM writers w ORDER BY w.started_at, w.id`.pipe(
    Effect.flatMap(decodeWriters),
    Effect.map((writers) => writers.flatMap(({ id, last }) => last === null ? [] : [[id, last] as const]))
  )

const triesOf = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) {
  const tries = new Map<string, Array<UsageAttempt>>()
  const rows = yield* sql`SELECT exchange_id, ${sql.literal(Rows.attemptColumns.join(", "))} FROM attempts
    WHERE ${sql.in("exchange_id", ids)} ORDER BY exchange_id, number`
  const [owners, attempts] = [yield* decodeOwners(rows), yield* Details.decodeAttempts(rows)]
  for (const [index, { exchange_id: id }] of owners.entries()) {
    const attempt = attempts[index]
    if (attempt === undefined) continue
    const known = tries.get(id)
    if (known === undefined) tries.set(id, [Details.toAttempt(attempt)])
    else known.push(Details.toAttempt(attempt))
  }
  return tries
})

/** The records of these exchanges, in this order; those that are gone are left out. */
const recordsOf = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, ids: ReadonlyArray<string>) {
  if (ids.length === 0) return []
  const rows = yield* StoredRow.decode(yield* sql`SELECT ${sql.literal(StoredRow.columns.join(", "))} FROM exchanges WHERE ${sql.in("id", ids)}`)
  const byId = new Map(rows.map((row) => [String(row.id), row]))
  const tries = yield* triesOf(sql, ids)
  return ids.flatMap((id): ReadonlyArray<UsageRecord> => {
    const row = byId.get(id)
    return row === undefined ? [] : [{ ...StoredRow.toEntry(row), tries: tries.get(id) ?? [] }]
  })
})

/** The page behind these places; without places an empty one, and where the ledger is. */
export const page = (after: Places | undefined, limit: number): Effect.Effect<SettledPage, SqlError | Schema.SchemaError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const writers = yield* ends(sql)
    if (after === undefined) return { records: [], places: Object.fromEntries(writers), missed: 0 }
    const places: { [writer: string]: number } = { ...after }
    const ids: Array<string> = []
    let passed = 0
    for (const [writer, last] of writers) {
      const from = places[writer] ?? 0
      if (last <= from) continue
      if (ids.length >= limit) break
      const links = yield* decodeLinks(
        yield* sql`SELECT sequence, exchange_id FROM links WHERE writer = ${writer} AND sequence > ${from} ORDER BY sequence LIMIT ${limit - ids.length}`
      )
      for (const { exchange_id: id } of links) ids.push(id)
      // Where none is left, retention took all there were
      const end = links.at(-1)?.sequence ?? last
      passed += end - from
      places[writer] = end
    }
    const records = yield* recordsOf(sql, ids)
    return { records, places, missed: passed - records.length }
  })
