/** Exchanges of the ledger as a table for a terminal: what a person asks first. Everything there is to know is in the JSON lines. */
import type { Entry } from "@sluice/gateway/Ledger"
import * as Usage from "@sluice/protocol/CanonicalUsage"
import { columns } from "../Columns.ts"

const head = ["STARTED", "OUTCOME", "PRINCIPAL", "MODEL", "SERVED BY", "IN", "OUT", "COST", "TTFT", "TIME", "ID", "ERROR"]
const numbers = new Set([5, 6, 7, 8, 9])

const millis = (value: number | undefined): string => value === undefined ? "" : value < 10_000 ? `${value} ms` : `${(value / 1000).toFixed(1)} s`

const tokens = (value: number, usage: Usage.Usage): string => Usage.isEmpty(usage) ? "" : `${value}`

/** What was used and has no known price says so; what used nothing, or is not over, has no cost. */
const cost = ({ costUsd, status, usage }: Entry): string => costUsd !== undefined ? `$${costUsd}` : status === "open" || Usage.isEmpty(usage) ? "" : "unknown"

const servedBy = ({ provider, upstreamModel }: Entry): string => provider === undefined ? "" : `${provider}/${upstreamModel ?? ""}`

const row = (entry: Entry): ReadonlyArray<string> => [
  entry.startedAt,
  entry.outcome ?? entry.status,
  entry.principal,
  entry.model ?? "",
  servedBy(entry),
  tokens(Usage.inputTotal(entry.usage), entry.usage),
  tokens(Usage.outputTotal(entry.usage), entry.usage),
  cost(entry),
  millis(entry.ttftMs),
  millis(entry.durationMs),
  entry.id,
  entry.error === undefined ? "" : `${entry.error.class}: ${entry.error.message.replaceAll(/\s+/g, " ")}`
]

/** The lines of the table, its head first. */
export const toTable = (entries: ReadonlyArray<Entry>): ReadonlyArray<string> => columns([head, ...entries.map(row)], numbers)
