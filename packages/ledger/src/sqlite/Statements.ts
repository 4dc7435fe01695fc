/**
 * The prepared writes of the ledger. Each is an upsert by exchange id that commutes with the others: an opening never touches a
 * row that is there, a checkpoint and a settlement touch only an open one.
 */
import type { DatabaseSync } from "node:sqlite"
import * as Rows from "../Rows.ts"

/** Applies one row in the current transaction; throws what SQLite throws. */
export type Apply = (row: Rows.Row) => void

const settleColumns = [...Rows.openingColumns, ...Rows.usageColumns, ...Rows.settlementColumns]

// What an opening has said stays: restating it would rewrite three indexes
const settledColumns = [...Rows.usageColumns, ...Rows.settlementColumns]

const marks = (columns: ReadonlyArray<string>): string => columns.map(() => "?").join(", ")

const openSql = `INSERT INTO exchanges (${Rows.openingColumns.join(", ")}, status) VALUES (${marks(Rows.openingColumns)}, 'open') ON CONFLICT (id) DO NOTHING`

const checkpointSql = `UPDATE exchanges SET ${Rows.usageColumns.map((column) => `${column} = ?`).join(", ")} WHERE id = ? AND status = 'open'`

const settleSql = `INSERT INTO exchanges (${settleColumns.join(", ")}) VALUES (${marks(settleColumns)})
ON CONFLICT (id) DO UPDATE SET ${settledColumns.map((column) => `${column} = excluded.${column}`).join(", ")} WHERE exchanges.status = 'open'`

const attemptSql = `INSERT INTO attempts (exchange_id, number, ${Rows.attemptColumns.join(", ")}) VALUES (?, ?, ${marks(Rows.attemptColumns)})
ON CONFLICT (exchange_id, number) DO NOTHING`

/** Prepares the writes on a connection. */
export const prepare = (db: DatabaseSync): Apply => {
  const open = db.prepare(openSql)
  const checkpoint = db.prepare(checkpointSql)
  const settle = db.prepare(settleSql)
  const attempt = db.prepare(attemptSql)
  const width = Rows.attemptColumns.length
  return (row) => {
    const [kind, ...values] = row
    if (kind === 0) open.run(...values)
    else if (kind === 1) checkpoint.run(...values)
    else {
      const { changes } = settle.run(...values.slice(0, Rows.settleLength - 1))
      // A second settle changes nothing, its attempts included
      if (changes === 0) return
      const id = values[0] ?? null
      for (let at = Rows.settleLength - 1, number = 1; at + width <= values.length; at += width, number++) {
        attempt.run(id, number, ...values.slice(at, at + width))
      }
    }
  }
}
