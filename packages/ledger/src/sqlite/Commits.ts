/**
 * Group commit, without a timer: whatever has arrived while the last transaction was being synced goes into the next one. One row
 * that cannot be stored costs its group a slower pass, not its neighbours. Plain synchronous code, run by the writer thread.
 */
import * as Result from "effect/Result"
import type { FromWriter } from "../Messages.ts"
import type { Row } from "../Rows.ts"
import { size } from "../Rows.ts"
import type { Store } from "./Store.ts"

/** Rows in one transaction at most, and their bytes: what one sync may hold back. */
export const groupRows = 500

/** See {@link groupRows}. */
export const groupBytes = 1024 * 1024

/** The queue of the writer thread. */
export interface Commits {
  /** Queues rows; `first` is the number of the first one. */
  readonly add: (first: number, rows: ReadonlyArray<Row>) => void
  /** Stores everything queued, and everything `receive` brings in the meantime. */
  readonly run: () => void
}

/** `receive` is called before each transaction, and queues what has arrived by then through `add`. */
export const make = (store: Store, reply: (message: FromWriter) => void, receive: () => void): Commits => {
  let queue: Array<Row> = []
  let next = 0
  // The number of the first row in the queue
  let first = 1

  const take = (): ReadonlyArray<Row> => {
    const start = next
    let bytes = 0
    while (next < queue.length && next - start < groupRows) {
      const row = queue[next]
      if (row === undefined) break
      bytes += size(row)
      if (bytes > groupBytes && next > start) break
      next++
    }
    const rows = queue.slice(start, next)
    // What is stored is let go: at once when the queue is empty, else in large steps
    if (next === queue.length || next > 4096) {
      first += next
      queue = queue.slice(next)
      next = 0
    }
    return rows
  }

  const storeOneByOne = (rows: ReadonlyArray<Row>, from: number): void => {
    for (const [index, row] of rows.entries()) {
      const result = store.commit([row])
      if (Result.isSuccess(result)) continue
      if (result.failure.kind === "row") reply({ _tag: "Refused", row: from + index, reason: result.failure.reason })
      else return reply({ _tag: "Failed", through: from + rows.length - 1, reason: result.failure.reason })
    }
    reply({ _tag: "Committed", through: from + rows.length - 1 })
  }

  return {
    add: (number, rows) => {
      if (queue.length === 0) first = number
      for (const row of rows) queue.push(row)
    },
    run: () => {
      for (receive(); queue.length > 0; receive()) {
        const from = first + next
        const rows = take()
        const result = store.commit(rows)
        const through = from + rows.length - 1
        if (Result.isSuccess(result)) reply({ _tag: "Committed", through })
        else if (result.failure.kind === "row") storeOneByOne(rows, from)
        else reply({ _tag: "Failed", through, reason: result.failure.reason })
      }
    }
  }
}
