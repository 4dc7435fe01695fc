/**
 * The prepared writes of the ledger. Each is an upsert by exchange id that commutes with the others: an opening never touches a
 * row that is there, a checkpoint and a settlement touch only an open one. What a settlement stores is linked to
 * the chain of its writer and charged to the accounts of its owner.
 */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import * as AccountSums from "../AccountSums.ts"
import * as BodyRows from "../BodyRows.ts"
import * as HashChain from "../HashChain.ts"
import * as Rows from "../Rows.ts"
import * as TerminalRow from "../TerminalRow.ts"
import * as Accounts from "./Accounts.ts"
import * as Chain from "./Chain.ts"

/** The writes of one transaction at a time; all throw what SQLite throws. */
export interface Writes {
  /** Forgets what a transaction that was not finished has added up. What is opened belongs to this writer. */
  readonly begin: (writer: string) => void
  /** Applies one row. */
  readonly apply: (row: Rows.Row) => void
  /** Writes what the rows have added up to. */
  readonly finish: () => void
}

// What an opening has said stays: restating it would rewrite three indexes
const settledColumns = [...Rows.usageColumns, ...Rows.costColumns, ...Rows.settlementColumns]

const checkpointColumns = [...Rows.usageColumns, ...Rows.costColumns]

const marks = (columns: ReadonlyArray<string>): string => columns.map(() => "?").join(", ")

const openSql = `INSERT INTO exchanges (${Rows.openingColumns.join(", ")}, writer, status) VALUES (${
  marks(Rows.openingColumns)
}, ?, 'open') ON CONFLICT (id) DO NOTHING`

const checkpointSql = `UPDATE exchanges SET ${checkpointColumns.map((column) => `${column} = ?`).join(", ")} WHERE id = ? AND status = 'open'`

const settleColumns = [...Rows.openingColumns, ...settledColumns]

// Gives back what the opening had said: with what the settlement says it is the row as it is stored
const settleSql = `INSERT INTO exchanges (${settleColumns.join(", ")}, writer, sequence) VALUES (${marks(settleColumns)}, ?, ?)
ON CONFLICT (id) DO UPDATE SET ${
  [...settledColumns, "writer", "sequence"].map((column) => `${column} = excluded.${column}`).join(", ")
} WHERE exchanges.status = 'open'
RETURNING ${Rows.openingColumns.join(", ")}`

// Restated rather than left alone where there is one already: the chain knows these values
const attemptSql = `INSERT INTO attempts (exchange_id, number, ${Rows.attemptColumns.join(", ")}) VALUES (?, ?, ${marks(Rows.attemptColumns)})
ON CONFLICT (exchange_id, number) DO UPDATE SET ${Rows.attemptColumns.map((column) => `${column} = excluded.${column}`).join(", ")}`

// Where the columns of a terminal row stand in the values of a settlement
const terminalColumns = TerminalRow.columns.map((column) => settleColumns.indexOf(column))

/** The row as it is stored: what the settlement says, after what its opening had said. */
const storedRow = (opened: TerminalRow.TerminalRow, settled: ReadonlyArray<Rows.Value>): TerminalRow.TerminalRow =>
  terminalColumns.map((index) => (index < opened.length ? opened[index] : settled[index]) ?? null)

const bodiesSql = `INSERT INTO bodies (exchange_id, ${BodyRows.columns.join(", ")}) VALUES (?, ${marks(BodyRows.columns)}) ON CONFLICT (exchange_id) DO NOTHING`

/** Prepares the writes of a writer on a connection. */
export const prepare = (db: DatabaseSync, writer: string): Writes => {
  const open = db.prepare(openSql)
  const checkpoint = db.prepare(checkpointSql)
  const settle = db.prepare(settleSql)
  settle.setReturnArrays(true)
  const attempt = db.prepare(attemptSql)
  const bodies = db.prepare(bodiesSql)
  const width = Rows.attemptColumns.length
  const sums = AccountSums.make()
  const charge = Accounts.prepare(db)
  const chain = Chain.prepare(db)
  let owner = ""
  let place = HashChain.beginning(writer)

  const settleOne = (values: ReadonlyArray<Rows.Value>) => {
    const opened = terminalRow(settle.get(...values.slice(0, Rows.settleLength - 1), writer, place.sequence + 1))
    // A second settle changes nothing, its attempts included
    if (opened === undefined) return
    const id = String(values[0])
    const stored = storedRow(opened, values)
    const attempts: Array<ReadonlyArray<Rows.Value>> = []
    for (let at = Rows.settleLength - 1, number = 1; at + width <= values.length; at += width, number++) {
      const each = values.slice(at, at + width)
      attempt.run(id, number, ...each)
      attempts.push(each)
    }
    const link = HashChain.next(place, id, stored, attempts)
    chain.add(link)
    place = link
    sums.add(stored)
  }

  return {
    begin: (opener) => {
      owner = opener
      place = chain.last(writer)
      sums.take()
    },
    apply: (row) => {
      const [kind, ...values] = row
      if (kind === 0) open.run(...values, owner)
      else if (kind === 1) checkpoint.run(...values)
      else if (kind === 2) settleOne(values)
      else bodies.run(...values)
    },
    finish: () => charge(sums.take())
  }
}

/** A row of values as node:sqlite gives it; undefined where there is none. */
export const terminalRow = (row: unknown): TerminalRow.TerminalRow | undefined => Array.isArray(row) ? row.map(toValue) : undefined

// The tables are strict and hold text and whole numbers only
const toValue = (value: SQLOutputValue): Rows.Value => typeof value === "string" || typeof value === "number" ? value : null
