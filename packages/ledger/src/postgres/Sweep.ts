/** Finds what a dead writer left open. What becomes of it is `Abandon`'s; it is stored like any settlement. */
import * as Effect from "effect/Effect"
import { abandon } from "../Abandon.ts"
import type { Row } from "../Rows.ts"
import * as TerminalRow from "../TerminalRow.ts"
import type { Connection, StoreError } from "./Connection.ts"
import { terminalRow } from "./Statements.ts"

/** Exchanges in one step: what may hold back the rows that arrive meanwhile. */
export const stepRows = 500

// One that is being settled is passed over: it is not left open
const sql = `SELECT ${TerminalRow.columns.join(", ")} FROM exchanges WHERE status = 'open' AND writer = $1 LIMIT ${stepRows} FOR UPDATE SKIP LOCKED`

/** The rows that abandon the next exchanges which a writer left open. */
export const next = (connection: Connection, writer: string): Effect.Effect<ReadonlyArray<Row>, StoreError> =>
  Effect.map(connection.send({ name: "sweep", text: sql, values: [writer] }), ({ rows }) => rows.map((row) => abandon(terminalRow(row))))
