/** The table `accounts` on SQLite: written by the writer thread in the transaction of the settlements. */
import type { DatabaseSync } from "node:sqlite"
import type { AccountDay } from "../AccountSums.ts"

// No sum may leave the range of whole numbers: it would refuse the rows it comes with
const largest = Number.MAX_SAFE_INTEGER

const upsertSql = `INSERT INTO accounts (kind, id, day, requests, tokens, spent_nanos) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (kind, id, day) DO UPDATE SET
  requests = requests + excluded.requests,
  tokens = min(max(tokens + excluded.tokens, -${largest}), ${largest}),
  spent_nanos = min(max(spent_nanos + excluded.spent_nanos, -${largest}), ${largest})`

/** Prepares the write on a connection. */
export const prepare = (db: DatabaseSync): (days: ReadonlyArray<AccountDay>) => void => {
  const upsert = db.prepare(upsertSql)
  return (days) => {
    for (const { day, id, kind, nanos, requests, tokens } of days) upsert.run(kind, id, day, requests, tokens, nanos)
  }
}
