/** A ledger in PostgreSQL read for its verification, a page at a time. Changes nothing. */
import * as Effect from "effect/Effect"
import type * as HashChain from "../HashChain.ts"
import * as Rows from "../Rows.ts"
import * as TerminalRow from "../TerminalRow.ts"
import type { Linked, Reading } from "../Verification.ts"
import { headColumns, toHead } from "./Chain.ts"
import type { Connection, StoreError } from "./Connection.ts"
import { terminalRow } from "./Statements.ts"

/** Rows in one page. */
const page = 500

const linksSql = `SELECT l.sequence, l.exchange_id, l.hash, e.writer, e.sequence, ${TerminalRow.columns.map((column) => `e.${column}`).join(", ")}
FROM links l LEFT JOIN exchanges e ON e.id = l.exchange_id
WHERE l.writer = $1 AND l.sequence > $2::bigint ORDER BY l.sequence LIMIT ${page}`

const attemptsSql = `SELECT exchange_id, number, ${Rows.attemptColumns.join(", ")} FROM attempts
WHERE exchange_id IN (SELECT jsonb_array_elements_text($1::jsonb)) ORDER BY exchange_id, number`

const endedSql = `SELECT e.id, l.hash IS NOT NULL
FROM exchanges e LEFT JOIN links l ON l.writer = e.writer AND l.sequence = e.sequence AND l.exchange_id = e.id
WHERE e.status <> 'open' AND e.id > $1 ORDER BY e.id LIMIT ${page}`

const writersSql = "SELECT writer FROM links UNION SELECT writer FROM heads UNION SELECT writer FROM cuts ORDER BY 1"

/** Reads a ledger over this connection, which it does not close. */
export const make = ({ send }: Connection): Reading<StoreError> => {
  const rows = (text: string, ...values: ReadonlyArray<string | number>) => Effect.map(send({ text, values }), ({ rows }) => rows.map(terminalRow))

  const heads = (where: string, ...values: ReadonlyArray<string | number>) =>
    Effect.map(rows(`SELECT ${headColumns} FROM heads WHERE ${where} LIMIT ${page}`, ...values), (found): ReadonlyArray<HashChain.Head> => found.map(toHead))

  const attemptsOf = Effect.fnUntraced(function*(exchanges: ReadonlyArray<Rows.Value>) {
    const found = yield* rows(attemptsSql, JSON.stringify(exchanges))
    const byExchange = Map.groupBy(found, ([exchange]) => exchange)
    // Numbers are given by position: another one is a change, though the order is the same
    return (exchange: Rows.Value) =>
      (byExchange.get(exchange) ?? []).map(([, number, ...attempt], index) => number === index + 1 ? attempt : [...attempt, `number ${String(number)}`])
  })

  /** Rows and their attempts as of one moment. */
  const links = Effect.fnUntraced(function*(writer: string, after: number) {
    yield* send({ text: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" })
    const found = yield* rows(linksSql, writer, after)
    const attempts = yield* attemptsOf(found.map(([, exchange = null]) => exchange))
    yield* send({ text: "COMMIT" })
    return found.map(([sequence, exchange = null, hash, rowWriter, rowSequence, ...row]): Linked => ({
      writer,
      sequence: Number(sequence),
      exchange: String(exchange),
      hash: String(hash),
      row: row[0] === null ? undefined : row,
      claims: { writer: typeof rowWriter === "string" ? rowWriter : null, sequence: typeof rowSequence === "number" ? rowSequence : null },
      attempts: attempts(exchange)
    }))
  })

  return {
    writers: Effect.suspend(() => Effect.map(rows(writersSql), (found) => found.map(([writer]) => String(writer)))),
    // From the very beginning: a head with a number no head has must not hide before the first
    heads: (after) => Effect.suspend(() => after === 0 ? heads("TRUE ORDER BY number") : heads("number > $1::bigint ORDER BY number", after)),
    headsOf: (writer, from) => Effect.suspend(() => heads("writer = $1 AND sequence >= $2::bigint ORDER BY sequence", writer, from)),
    cut: (writer) =>
      Effect.suspend(() =>
        Effect.map(rows("SELECT sequence, hash, at, signature FROM cuts WHERE writer = $1", writer), ([row]) => {
          if (row === undefined) return undefined
          const [sequence, hash, at, signature] = row
          return { writer, sequence: Number(sequence), hash: String(hash), at: Number(at), signature: typeof signature === "string" ? signature : null }
        })
      ),
    links,
    ended: (after) =>
      Effect.suspend(() =>
        Effect.map(send({ text: endedSql, values: [after] }), ({ rows }) => rows.map(([id, linked]) => ({ id: String(id), isLinked: linked === true })))
      )
  }
}
