/**
 * A ledger file read for its verification, a page at a time. Directly on node:sqlite, with whole numbers of any size: the file may
 * hold what no ledger stored.
 */
import * as Effect from "effect/Effect"
import type { DatabaseSync } from "node:sqlite"
import type * as HashChain from "../HashChain.ts"
import * as Rows from "../Rows.ts"
import * as TerminalRow from "../TerminalRow.ts"
import type { Linked, Reading } from "../Verification.ts"
import { toHead } from "./Chain.ts"
import type { StoreError } from "./Connection.ts"
import * as Connection from "./Connection.ts"

/** Rows in one page. */
export const page = 500

const linksSql = `SELECT l.sequence, l.exchange_id, l.hash, e.writer, e.sequence, ${TerminalRow.columns.map((column) => `e.${column}`).join(", ")}
FROM links l LEFT JOIN exchanges e ON e.id = l.exchange_id
WHERE l.writer = ? AND l.sequence > ? ORDER BY l.sequence LIMIT ${page}`

const attemptsSql = `SELECT number, ${Rows.attemptColumns.join(", ")} FROM attempts WHERE exchange_id = ? ORDER BY number`

const endedSql = `SELECT e.id, l.hash IS NOT NULL AS linked
FROM exchanges e LEFT JOIN links l ON l.writer = e.writer AND l.sequence = e.sequence AND l.exchange_id = e.id
WHERE e.status <> 'open' AND e.id > ? ORDER BY e.id LIMIT ${page}`

const writersSql = `SELECT writer FROM links GROUP BY writer UNION SELECT writer FROM heads UNION SELECT writer FROM cuts ORDER BY 1`

const headColumns = "number, writer, sequence, hash, at, digest, signature"

/** A value as the chain knows it. What could not have been stored comes back as something no row has. */
const toValue = (value: unknown): Rows.Value => {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : `${value}n`
  return typeof value === "string" || typeof value === "number" ? value : value === null ? null : String(value)
}

/** Reads a ledger over this connection, which it does not close. */
export const make = (db: DatabaseSync): Reading<StoreError> => {
  const attempt = <A>(run: () => A): Effect.Effect<A, StoreError> => Effect.suspend(() => Effect.fromResult(Connection.attempt(run)))

  const prepared = (sql: string, asArrays: boolean) => {
    const statement = db.prepare(sql)
    statement.setReadBigInts(true)
    statement.setReturnArrays(asArrays)
    return statement
  }

  const arrays = (sql: string, ...values: ReadonlyArray<string | number>): ReadonlyArray<ReadonlyArray<Rows.Value>> =>
    prepared(sql, true).all(...values).flatMap((row: unknown) => Array.isArray(row) ? [row.map(toValue)] : [])

  const heads = (where: string, ...values: ReadonlyArray<string | number>): ReadonlyArray<HashChain.Head> =>
    prepared(`SELECT ${headColumns} FROM heads WHERE ${where} LIMIT ${page}`, false).all(...values).map(toHead)

  /** Rows and their attempts as of one moment. */
  const links = (writer: string, after: number): ReadonlyArray<Linked> => {
    const isOuter = !db.isTransaction
    if (isOuter) db.exec("BEGIN")
    const found = arrays(linksSql, writer, after).map(([sequence, exchange, hash, rowWriter, rowSequence, ...row]): Linked => ({
      writer,
      sequence: Number(sequence),
      exchange: String(exchange),
      hash: String(hash),
      row: row[0] === null ? undefined : row,
      claims: { writer: typeof rowWriter === "string" ? rowWriter : null, sequence: typeof rowSequence === "number" ? rowSequence : null },
      // Numbers are given by position: another one is a change, though the order is the same
      attempts: arrays(attemptsSql, String(exchange)).map(([number, ...attempt], index) =>
        number === index + 1 ? attempt : [...attempt, `number ${String(number)}`]
      )
    }))
    if (isOuter) db.exec("COMMIT")
    return found
  }

  return {
    writers: attempt(() => arrays(writersSql).map(([writer]) => String(writer))),
    // From the very beginning: a head with a number no head has must not hide before the first
    heads: (after) => attempt(() => after === 0 ? heads("TRUE ORDER BY number") : heads("number > ? ORDER BY number", after)),
    headsOf: (writer, from) => attempt(() => heads("writer = ? AND sequence >= ? ORDER BY sequence", writer, from)),
    cut: (writer) =>
      attempt(() => {
        const [row] = arrays("SELECT sequence, hash, at, signature FROM cuts WHERE writer = ?", writer)
        if (row === undefined) return undefined
        const [sequence, hash, at, signature] = row
        return { writer, sequence: Number(sequence), hash: String(hash), at: Number(at), signature: typeof signature === "string" ? signature : null }
      }),
    links: (writer, after) => attempt(() => links(writer, after)),
    ended: (after) => attempt(() => arrays(endedSql, after).map(([id, linked]) => ({ id: String(id), isLinked: linked === 1 })))
  }
}
