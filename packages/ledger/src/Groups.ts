/**
 * The rows that wait for their commit, cut into groups: what one transaction stores, and one sync may hold back. Numbered, so that
 * a confirmation is one number. Knows no database.
 */
import type { Row } from "./Rows.ts"
import { size } from "./Rows.ts"

/** Rows in one group at most, and their bytes. */
const groupRows = 500
const groupBytes = 1024 * 1024

/** Rows that are committed together, and the number of the first. */
export interface Group {
  readonly first: number
  readonly rows: ReadonlyArray<Row>
}

/** The queue. */
export interface Groups {
  /** Queues rows; `first` is the number of the first one. */
  readonly add: (first: number, rows: ReadonlyArray<Row>) => void
  readonly isEmpty: () => boolean
  /** Whether the next group cannot become greater. */
  readonly isFull: () => boolean
  /** Takes out the next group. */
  readonly take: () => Group
}

/** An empty queue. */
export const make = (): Groups => {
  let queue: Array<Row> = []
  let next = 0
  // The number of the first row in the queue
  let first = 1

  return {
    add: (number, rows) => {
      if (queue.length === 0) first = number
      for (const row of rows) queue.push(row)
    },
    isEmpty: () => queue.length === 0,
    isFull: () => queue.length - next >= groupRows,
    take: () => {
      const start = next
      let bytes = 0
      while (next < queue.length && next - start < groupRows) {
        const row = queue[next]
        if (row === undefined) break
        bytes += size(row)
        if (bytes > groupBytes && next > start) break
        next++
      }
      const group = { first: first + start, rows: queue.slice(start, next) }
      // What is stored is let go: at once when the queue is empty, else in large steps
      if (next === queue.length || next > 4096) {
        first += next
        queue = queue.slice(next)
        next = 0
      }
      return group
    }
  }
}
