/**
 * Removes rows that are old enough: whole segments of a chain, from its beginning up to a head that is old enough, so that what is left
 * can still be verified. A few rows at a time, and none that the rollups have not counted. Heads stay.
 */
import * as Effect from "effect/Effect"
import * as HashChain from "../HashChain.ts"
import type { Connection, StoreError } from "./Connection.ts"
import * as Rollups from "./Rollups.ts"
import type { Session, Store } from "./Store.ts"

/** Exchanges in one step: with their links and attempts some 500 rows. */
const stepExchanges = 100

/** Tables that hold something of an exchange under its id. */
const dependents = ["attempts"]

/** What is removed, and by whom. */
export interface Rule {
  /** Milliseconds since the epoch: what was stored before goes. */
  readonly before: number
  readonly signingKey: string | undefined
}

const headSql = `SELECT sequence, at FROM heads
WHERE writer = $1 AND sequence > coalesce((SELECT sequence FROM cuts WHERE writer = $1), 0) ORDER BY sequence LIMIT 1`

const linksSql = `SELECT sequence, exchange_id, hash FROM links
WHERE writer = $1 AND sequence <= $2::bigint ORDER BY sequence LIMIT ${stepExchanges}`

const saveCutSql = `INSERT INTO cuts (writer, sequence, hash, at, signature) VALUES ($1, $2::bigint, $3, $4::bigint, $5)
ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash, at = excluded.at, signature = excluded.signature`

/** The end of the next segment of a writer, where all of it is old enough. */
const oldSegment = ({ send }: Connection, writer: string, { before }: Rule) =>
  Effect.map(send({ text: headSql, values: [writer] }), ({ rows: [head] }) => head !== undefined && Number(head[1]) < before ? Number(head[0]) : undefined)

/** Removes the next rows of a writer; gives their number. */
const step = ({ connection }: Session, writer: string, rule: Rule): Effect.Effect<number, StoreError> =>
  Effect.gen(function*() {
    const { send } = connection
    const end = yield* oldSegment(connection, writer, rule)
    if (end === undefined || end > (yield* Rollups.position(connection, writer))) return 0
    const { rows: links } = yield* send({ text: linksSql, values: [writer, end] })
    const last = links.at(-1)
    if (last === undefined) return 0
    const ids = JSON.stringify(links.map(([, id]) => id))
    const among = "IN (SELECT jsonb_array_elements_text($1::jsonb))"
    for (const table of dependents) yield* send({ text: `DELETE FROM ${table} WHERE exchange_id ${among}`, values: [ids] })
    yield* send({ text: `DELETE FROM exchanges WHERE id ${among}`, values: [ids] })
    const through = { writer, sequence: Number(last[0]), hash: String(last[2]) }
    yield* send({ text: "DELETE FROM links WHERE writer = $1 AND sequence <= $2::bigint", values: [writer, through.sequence] })
    const cut = HashChain.cut(through, Date.now(), rule.signingKey)
    yield* send({ text: saveCutSql, values: [cut.writer, cut.sequence, cut.hash, cut.at, cut.signature] })
    return links.length
  })

/** Removes everything that is old enough, in steps between which rows are stored; gives the number of exchanges. */
export const all = (store: Store, rule: Rule): Effect.Effect<number, StoreError> =>
  Effect.gen(function*() {
    const { rows: writers } = yield* store.use(({ connection }) => connection.send({ text: "SELECT id FROM writers" }))
    let removed = 0
    for (const [writer] of writers) {
      for (;;) {
        const count = yield* store.transact((session) => step(session, String(writer), rule))
        if (count === 0) break
        removed += count
      }
    }
    return removed
  })
