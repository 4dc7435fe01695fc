/**
 * Exchanges of the ledger as comma-separated values (RFC 4180) for spreadsheets: one column for each thing an entry says. Text that a
 * spreadsheet would run as a formula gets an apostrophe before it, because clients choose some of it.
 */
import type { Entry } from "@sluice/gateway/Ledger"
import { classes } from "@sluice/protocol/CanonicalUsage"

type Cell = string | number | boolean | undefined

const columns: ReadonlyArray<readonly [name: string, of: (entry: Entry) => Cell]> = [
  ["id", (entry) => entry.id],
  ["startedAt", (entry) => entry.startedAt],
  ["endedAt", (entry) => entry.endedAt],
  ["operation", (entry) => entry.operation],
  ["outcome", (entry) => entry.outcome],
  ["status", (entry) => entry.status],
  ["principal", (entry) => entry.principal],
  ["tenant", (entry) => entry.tenant],
  ["team", (entry) => entry.team],
  ["inbound", (entry) => entry.inbound],
  ["upstream", (entry) => entry.upstream],
  ["stream", (entry) => entry.stream],
  ["lane", (entry) => entry.lane],
  ["model", (entry) => entry.model],
  ["provider", (entry) => entry.provider],
  ["upstreamModel", (entry) => entry.upstreamModel],
  ["servedModel", (entry) => entry.servedModel],
  ["attempts", (entry) => entry.attempts],
  ...classes.map((name): readonly [string, (entry: Entry) => Cell] => [`${name}Tokens`, (entry) => entry.usage[name]]),
  ["costUsd", (entry) => entry.costUsd],
  ["priceVersion", (entry) => entry.priceVersion],
  ["savedUsd", (entry) => entry.savedUsd],
  ["losses", (entry) => entry.losses.join("; ")],
  ["bytesOut", (entry) => entry.bytesOut],
  ["ttftMs", (entry) => entry.ttftMs],
  ["durationMs", (entry) => entry.durationMs],
  ["finish", (entry) => entry.finish],
  ["errorClass", (entry) => entry.error?.class],
  ["errorMessage", (entry) => entry.error?.message],
  ["tier", (entry) => entry.tier],
  ["effort", (entry) => entry.effort]
]

const toCell = (cell: Cell): string => {
  if (cell === undefined) return ""
  if (typeof cell !== "string") return `${cell}`
  const text = /^[=+\-@\t\r\n]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll("\"", "\"\"")}"` : text
}

/** The first line, without its end. */
export const head: string = columns.map(([name]) => name).join(",")

/** One exchange as a line, without its end. */
export const toCsv = (entry: Entry): string => columns.map(([, of]) => toCell(of(entry))).join(",")
