/** The table `writers`: every process that ever wrote a ledger file, until what it left is put in order. */
import type { DatabaseSync } from "node:sqlite"

const beginSql = `INSERT INTO writers (id, process, started_at) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING`

const endSql = `UPDATE writers SET ended_at = ? WHERE id = ? AND ended_at IS NULL`

/** Enters a writer; before its first row, so that nothing it leaves is overlooked. */
export const begin = (db: DatabaseSync, id: string): void => void db.prepare(beginSql).run(id, process.pid, Date.now())

/** The writers that have not ended in good order. */
export const notEnded = (db: DatabaseSync): ReadonlyArray<string> =>
  db.prepare("SELECT id FROM writers WHERE ended_at IS NULL").all().flatMap(({ id }) => typeof id === "string" ? [id] : [])

/** Nothing is left of a writer that nobody put in order. */
export const end = (db: DatabaseSync, id: string): void => void db.prepare(endSql).run(Date.now(), id)
