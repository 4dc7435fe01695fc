/**
 * The rows that wait for the database, in the order in which they were written, each until its commit is confirmed. Numbered from
 * 1, so that a confirmation is one number; bounded in rows and bytes. Knows no thread and no file.
 */
import { unmetered } from "@sluice/protocol/CanonicalUsage"
import type { Row } from "./Rows.ts"
import { checkpoint, size } from "./Rows.ts"

/** A row that waits. */
export interface Waiting {
  readonly row: Row
  /** What becomes of it when the database does not take it: its writer is told, it goes to a spill file, or it is let go. */
  readonly fallback: "refuse" | "spill" | "drop"
  /** Called once, with the reason where it was not stored. */
  readonly done: ((failure: string | undefined) => void) | undefined
}

/** Rows that may wait at most, and their bytes. */
export const capacityRows = 10_000

/** See {@link capacityRows}. */
export const capacityBytes = 16 * 1024 * 1024

/** The backlog of one writer. */
export interface Backlog {
  readonly rows: () => number
  /** Whether one more row of this size finds room. */
  readonly hasRoom: (row: Row) => boolean
  readonly add: (waiting: Waiting) => void
  /** The rows nobody has sent yet, and the number of the first; marks them sent. */
  readonly unsent: () => { readonly first: number; readonly rows: ReadonlyArray<Row> }
  /** The number of rows nobody has sent yet. */
  readonly unsentRows: () => number
  /** Makes every row count as unsent again: their receiver is gone. */
  readonly resend: () => void
  /** Takes out everything up to this number. */
  readonly take: (through: number) => ReadonlyArray<Waiting>
  /** Takes out one row and leaves its number to be confirmed with the others. */
  readonly withdraw: (number: number) => Waiting | undefined
  /** The number of the newest row. */
  readonly newest: () => number
}

// A row that changes nothing: a withdrawn row keeps its number when the rows around it are sent again
const nothing = checkpoint("", unmetered)

/** An empty backlog. */
export const make = (): Backlog => {
  let queue: Array<Waiting | undefined> = []
  // Positions in the queue: of the oldest row that waits, and of the first that was not sent
  let head = 0
  let sent = 0
  // The number of the row at position 0
  let base = 1
  let bytes = 0

  const compact = () => {
    if (head < queue.length && head <= 4096) return
    queue = head === queue.length ? [] : queue.slice(head)
    base += head
    sent -= head
    head = 0
  }

  return {
    rows: () => queue.length - head,
    hasRoom: (row) => queue.length - head < capacityRows && bytes + size(row) <= capacityBytes,
    add: (waiting) => {
      bytes += size(waiting.row)
      queue.push(waiting)
    },
    unsent: () => {
      const first = base + sent
      const rows: Array<Row> = []
      for (; sent < queue.length; sent++) rows.push(queue[sent]?.row ?? nothing)
      return { first, rows }
    },
    unsentRows: () => queue.length - sent,
    resend: () => {
      sent = head
    },
    take: (through) => {
      const taken: Array<Waiting> = []
      for (; head < queue.length && base + head <= through; head++) {
        const waiting = queue[head]
        queue[head] = undefined
        if (waiting === undefined) continue
        bytes -= size(waiting.row)
        taken.push(waiting)
      }
      sent = Math.max(sent, head)
      compact()
      return taken
    },
    withdraw: (number) => {
      const at = number - base
      const waiting = at < head ? undefined : queue[at]
      if (waiting === undefined) return undefined
      queue[at] = undefined
      bytes -= size(waiting.row)
      return waiting
    },
    newest: () => base + queue.length - 1
  }
}
