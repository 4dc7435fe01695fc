/**
 * The rollups on SQLite. The leader goes through the links of every writer, a step at a time, and notes in the same transaction
 * how far it came: so each exchange is counted once, whoever leads.
 */
import * as Result from "effect/Result"
import type { DatabaseSync } from "node:sqlite"
import type { RollupTable } from "../RollupSums.ts"
import { keyColumns, rollUp, sumColumns, tables } from "../RollupSums.ts"
import * as TerminalRow from "../TerminalRow.ts"
import type { StoreError } from "./Connection.ts"
import { terminalRow } from "./Statements.ts"
import type { Session, Transactions } from "./Store.ts"

/** Exchanges in one step. */
export const stepRows = 500

const behindSql = `SELECT w.id, coalesce(p.sequence, 0) AS sequence FROM writers w LEFT JOIN rollup_positions p ON p.writer = w.id
WHERE EXISTS (SELECT 1 FROM links l WHERE l.writer = w.id AND l.sequence > coalesce(p.sequence, 0)) LIMIT 1`

const linkedSql = `SELECT l.sequence, e.id IS NOT NULL, ${TerminalRow.columns.map((column) => `e.${column}`).join(", ")}
FROM links l LEFT JOIN exchanges e ON e.id = l.exchange_id
WHERE l.writer = ? AND l.sequence > ? ORDER BY l.sequence LIMIT ${stepRows}`

// As in the accounts, no sum may leave the range of whole numbers
const largest = Number.MAX_SAFE_INTEGER

const upsertSql = ({ name, step }: RollupTable): string => {
  const columns = [step, ...keyColumns, "requests", ...sumColumns]
  return `INSERT INTO ${name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})
ON CONFLICT (${step}, ${keyColumns.join(", ")}) DO UPDATE SET requests = requests + excluded.requests,
  ${sumColumns.map((column) => `${column} = min(max(${column} + excluded.${column}, -${largest}), ${largest})`).join(", ")}`
}

const positionSql = "INSERT INTO rollup_positions (writer, sequence) VALUES (?, ?) ON CONFLICT (writer) DO UPDATE SET sequence = excluded.sequence"

/** Counts the next exchanges that were not counted; gives their number. */
const step = ({ db }: Session): number => {
  const behind = db.prepare(behindSql).get()
  const writer = behind?.["id"]
  if (typeof writer !== "string") return 0
  const linked = db.prepare(linkedSql)
  linked.setReturnArrays(true)
  const found = linked.all(writer, Number(behind?.["sequence"])).flatMap((row) => {
    const values = terminalRow(row)
    return values === undefined ? [] : [values]
  })
  const rows = found.flatMap(([, isThere, ...row]) => isThere === 1 ? [row] : [])
  for (const table of Object.values(tables)) {
    const upsert = db.prepare(upsertSql(table))
    for (const { key, requests, sums, time } of rollUp(rows, table)) upsert.run(time, ...key, requests, ...sums)
  }
  db.prepare(positionSql).run(writer, Number(found.at(-1)?.[0] ?? 0))
  return found.length
}

/** Counts everything that was not counted; yields after each step. */
export function* start(store: Transactions): Generator<void, Result.Result<void, StoreError>> {
  for (;;) {
    const done = store.transact(step)
    if (Result.isFailure(done)) return Result.fail(done.failure)
    if (done.success === 0) return Result.void
    yield
  }
}

/** How far the exchanges of a writer were counted. */
export const position = (db: DatabaseSync, writer: string): number =>
  Number(db.prepare("SELECT sequence FROM rollup_positions WHERE writer = ?").get(writer)?.["sequence"] ?? 0)
