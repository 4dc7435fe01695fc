/** The table `accounts` in PostgreSQL: written by the writer thread in the transaction of the settlements. */
import type { AccountDay } from "../AccountSums.ts"
import type { Statement } from "./Connection.ts"
import * as Text from "./Text.ts"

// No sum may leave the range of whole numbers: it would refuse the rows it comes with
const largest = Number.MAX_SAFE_INTEGER

const bounded = (column: string) => `least(greatest(accounts.${column} + excluded.${column}, -${largest}), ${largest})`

const upsertSql = `INSERT INTO accounts (kind, id, day, requests, tokens, spent_nanos)
SELECT r->>0, r->>1, (r->>2)::bigint, (r->>3)::bigint, (r->>4)::bigint, (r->>5)::bigint FROM jsonb_array_elements($1::jsonb) AS r
ON CONFLICT (kind, id, day) DO UPDATE SET
  requests = accounts.requests + excluded.requests,
  tokens = ${bounded("tokens")},
  spent_nanos = ${bounded("spent_nanos")}`

/** The statement that adds what was spent. In one order for every writer, so that no two wait for each other's accounts. */
export const charge = (days: ReadonlyArray<AccountDay>): Statement => {
  const rows = days.map(({ day, id, kind, nanos, requests, tokens }) => ({ key: `${kind} ${day} ${id}`, row: [kind, id, day, requests, tokens, nanos] }))
  rows.sort((a, b) => a.key < b.key ? -1 : 1)
  return { name: "charge", text: upsertSql, values: [Text.toJson(rows.map(({ row }) => row))] }
}
