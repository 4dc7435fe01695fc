/** Finds what a crash left open. What becomes of it is `Abandon`'s; it is stored like any settlement. */
import type { DatabaseSync } from "node:sqlite"
import { abandon } from "../Abandon.ts"
import type { Row } from "../Rows.ts"
import * as TerminalRow from "../TerminalRow.ts"
import { terminalRow } from "./Statements.ts"

/** Exchanges in one step: what may hold back the rows that arrive meanwhile. */
export const stepRows = 500

// The second condition is the one of the index
const sql = `SELECT ${TerminalRow.columns.join(", ")} FROM exchanges WHERE status = 'open' AND status <> 'completed' AND writer = ? LIMIT ${stepRows}`

/** The rows that abandon the next exchanges which a writer left open. */
export const next = (db: DatabaseSync, writer: string): ReadonlyArray<Row> => {
  const statement = db.prepare(sql)
  statement.setReturnArrays(true)
  return statement.all(writer).flatMap((row) => {
    const open = terminalRow(row)
    return open === undefined ? [] : [abandon(open)]
  })
}
