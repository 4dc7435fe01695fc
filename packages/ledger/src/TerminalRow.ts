/**
 * An exchange that has ended, as it is stored: the values of its columns in one order, which accounts, hash chain and rollups are
 * made from. Read back as it was written, so that none of them can disagree with the row.
 */
import * as Rows from "./Rows.ts"

/**
 * Every column of an ended exchange that says something about it. The order is for ever, because the hash chain is made of it: a new
 * column goes to the end, and is null in the rows from before it.
 */
export const columns: ReadonlyArray<string> = [
  "id",
  "started_at",
  "operation",
  "principal",
  "inbound",
  "stream",
  "model",
  "estimated_input",
  "tenant",
  "team",
  "estimated_usd",
  "tokens_input",
  "tokens_cache_read",
  "tokens_cache_write_5m",
  "tokens_cache_write_1h",
  "tokens_output",
  "tokens_reasoning",
  "tokens_audio_in",
  "tokens_audio_out",
  "tokens_tool_prompt",
  "provenance",
  "cost_usd",
  "cost_nanos",
  "ended_at",
  "status",
  "outcome",
  "detail",
  "upstream",
  "lane",
  "provider",
  "upstream_model",
  "served_model",
  "attempts",
  "price_version",
  "losses",
  "response_losses",
  "bytes_out",
  "ttft_ms",
  "finish",
  "error_class",
  "error_message",
  "saved_usd",
  "tier",
  "effort"
]

/** How many of the columns were there when the chain was introduced: what it was begun with. */
export const firstColumns = 42

/** The values of {@link columns}, in their order. */
export type TerminalRow = ReadonlyArray<Rows.Value>

/** Where a column stands in a row. */
export const at = (column: string): number => columns.indexOf(column)

const settleColumns = [...Rows.openingColumns, ...Rows.usageColumns, ...Rows.costColumns, ...Rows.settlementColumns].map(at)

/** The settle row, without attempts, that stores this. */
export const settling = (row: TerminalRow): Rows.Row => [2, ...settleColumns.map((index) => row[index] ?? null)]

/** The text of a column; undefined where there is none. */
export const text = (row: TerminalRow, index: number): string | undefined => {
  const value = row[index]
  return typeof value === "string" ? value : undefined
}

/** The number of a column; 0 where there is none. */
export const number = (row: TerminalRow, index: number): number => {
  const value = row[index]
  return typeof value === "number" ? value : 0
}
