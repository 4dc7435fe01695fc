/**
 * The bounded log of what arrived and how it ended: the upstream's side of every comparison with a client's log and
 * a ledger. Times are milliseconds of a monotonic clock the caller reads.
 */
import type { UsageNumbers } from "./Usage.ts"

/** How a request ended: all of it sent, the peer left first, or the fault the scenario asked for. */
export type Ending = "completed" | "client-closed" | "reset" | "cut" | "truncated"

/** One request. `endedAt` and `ending` are absent while it is open; `usage` is what a finished answer stated. */
export interface LogEntry {
  readonly n: number
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
  readonly provider: string
  readonly model: string
  readonly scenario: string
  readonly startedAt: number
  status?: number
  headAt?: number
  endedAt?: number
  ending?: Ending
  eventsSent: number
  bytesSent: number
  usage?: UsageNumbers
}

/** The log; the oldest finished entries fall out beyond the limit. */
export interface RequestLog {
  readonly add: (entry: LogEntry) => void
  readonly entries: () => ReadonlyArray<LogEntry>
  readonly open: () => number
  readonly clear: () => void
}

/** An empty log of at most `limit` entries (20,000 unless told). Open requests survive `clear`. */
export const makeLog = (limit = 20_000): RequestLog => {
  let list: Array<LogEntry> = []
  return {
    add: (entry) => {
      list.push(entry)
      // Dropped in slices: shifting a long array on every request would cost more than the request
      if (list.length > limit + 1_000) list = list.slice(-limit)
    },
    entries: () => list,
    open: () => list.reduce((sum, entry) => entry.ending === undefined ? sum + 1 : sum, 0),
    clear: () => {
      list = list.filter((entry) => entry.ending === undefined)
    }
  }
}

/** Ends an entry once; later calls change nothing, so that the first observer decides. */
export const endEntry = (entry: LogEntry, ending: Ending, now: number): void => {
  if (entry.ending !== undefined) return
  entry.ending = ending
  entry.endedAt = now
}

/** The log as NDJSON, one entry per line. */
export const toNdjson = (entries: ReadonlyArray<LogEntry>): string => entries.map((entry) => `${JSON.stringify(entry)}\n`).join("")
