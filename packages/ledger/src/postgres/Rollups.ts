/**
 * The rollups in PostgreSQL. The leader goes through the links of every writer, a step at a time, and notes in the same
 * transaction how far it came: so each exchange is counted once, whoever leads.
 */
import * as Effect from "effect/Effect"
import type { RollupTable } from "../RollupSums.ts"
import { keyColumns, rollUp, sumColumns, tables } from "../RollupSums.ts"
import * as TerminalRow from "../TerminalRow.ts"
import type { Connection, StoreError } from "./Connection.ts"
import { terminalRow } from "./Statements.ts"
import type { Session, Store } from "./Store.ts"
import * as Text from "./Text.ts"

/** Exchanges in one step. */
const stepRows = 500

// The position is locked: one that leads no more, and does not know it yet, comes after
const behindSql = `SELECT p.writer, p.sequence FROM rollup_positions p
WHERE EXISTS (SELECT FROM links l WHERE l.writer = p.writer AND l.sequence > p.sequence) LIMIT 1 FOR UPDATE`

const beginSql = "INSERT INTO rollup_positions (writer, sequence) SELECT id, 0 FROM writers ON CONFLICT (writer) DO NOTHING"

const linkedSql = `SELECT l.sequence, e.id IS NOT NULL, ${TerminalRow.columns.map((column) => `e.${column}`).join(", ")}
FROM links l LEFT JOIN exchanges e ON e.id = l.exchange_id
WHERE l.writer = $1 AND l.sequence > $2::bigint ORDER BY l.sequence LIMIT ${stepRows}`

// As in the accounts, no sum may leave the range of whole numbers
const largest = Number.MAX_SAFE_INTEGER

const isText = new Set<string>(keyColumns)

const upsertSql = ({ name, step }: RollupTable): string => {
  const columns = [step, ...keyColumns, "requests", ...sumColumns]
  const added = (column: string) => `least(greatest(${name}.${column} + excluded.${column}, -${largest}), ${largest})`
  return `INSERT INTO ${name} (${columns.join(", ")})
SELECT ${columns.map((column, index) => isText.has(column) ? `r->>${index}` : `(r->>${index})::bigint`).join(", ")} FROM jsonb_array_elements($1::jsonb) AS r
ON CONFLICT (${step}, ${keyColumns.join(", ")}) DO UPDATE SET requests = ${name}.requests + excluded.requests,
  ${sumColumns.map((column) => `${column} = ${added(column)}`).join(", ")}`
}

const positionSql = "UPDATE rollup_positions SET sequence = $2::bigint WHERE writer = $1"

/** Counts the next exchanges that were not counted; gives their number. */
const step = ({ connection: { send } }: Session): Effect.Effect<number, StoreError> =>
  Effect.gen(function*() {
    const { rows: [behind] } = yield* send({ text: behindSql })
    if (behind === undefined) return 0
    const [writer, sequence] = [String(behind[0]), Number(behind[1])]
    const { rows: found } = yield* send({ name: "linked", text: linkedSql, values: [writer, sequence] })
    const rows = found.flatMap(([, isThere, ...row]) => isThere === true ? [terminalRow(row)] : [])
    for (const table of rows.length === 0 ? [] : Object.values(tables)) {
      const rollups = rollUp(rows, table).map(({ key, requests, sums, time }) => [time, ...key, requests, ...sums])
      yield* send({ name: table.name, text: upsertSql(table), values: [Text.toJson(rollups)] })
    }
    yield* send({ text: positionSql, values: [writer, Number(found.at(-1)?.[0] ?? sequence)] })
    return found.length
  })

/** Counts everything that was not counted, in steps between which rows are stored. */
export const all = (store: Store): Effect.Effect<void, StoreError> =>
  Effect.gen(function*() {
    yield* store.transact(({ connection }) => connection.send({ text: beginSql }))
    while ((yield* store.transact(step)) > 0);
  })

/** How far the exchanges of a writer were counted. */
export const position = ({ send }: Connection, writer: string): Effect.Effect<number, StoreError> =>
  Effect.map(send({ text: "SELECT sequence FROM rollup_positions WHERE writer = $1", values: [writer] }), ({ rows }) => Number(rows[0]?.[0] ?? 0))
