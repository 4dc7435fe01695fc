/**
 * Group commit: whatever has arrived while the last transaction was being synced goes into the next one, which follows it after a breath.
 * A row that comes alone is stored at once. One row that cannot be stored costs its group a slower pass, not its neighbours. Plain
 * synchronous code, run by the writer thread.
 */
import * as Result from "effect/Result"
import type { Group } from "../Groups.ts"
import * as Groups from "../Groups.ts"
import type { FromWriter } from "../Messages.ts"
import type { Row } from "../Rows.ts"
import type { Store } from "./Store.ts"

/** The queue of the writer thread. */
export interface Commits {
  /** Queues rows; `first` is the number of the first one. */
  readonly add: (first: number, rows: ReadonlyArray<Row>) => void
  /** Stores everything queued, and everything `receive` brings in the meantime. */
  readonly run: () => void
}

/**
 * Milliseconds from the end of one transaction to the next at least. Each writes every page it touches of nine indexes: what comes
 * one row at a time costs three times the processor time of what comes in company.
 */
const breathMs = 2

/** What a queue works with. `receive` is called before each transaction, and queues what has arrived by then through `add`. */
export interface Surroundings {
  readonly store: Pick<Store, "commit">
  readonly reply: (message: FromWriter) => void
  readonly receive: () => void
  /** Milliseconds of a steady clock. */
  readonly now: () => number
  /** Holds the thread. */
  readonly pause: (milliseconds: number) => void
}

/** An empty queue. */
export const make = ({ now, pause, receive, reply, store }: Surroundings): Commits => {
  const groups = Groups.make()
  let endedAt = Number.NEGATIVE_INFINITY

  const breathe = (): void => {
    const rest = endedAt + breathMs - now()
    if (rest <= 0 || groups.isFull()) return
    pause(rest)
    receive()
  }

  const storeOneByOne = ({ first, rows }: Group): void => {
    const through = first + rows.length - 1
    for (const [index, row] of rows.entries()) {
      const result = store.commit([row])
      if (Result.isSuccess(result)) continue
      if (result.failure.kind !== "row") return reply({ _tag: "Failed", through, reason: result.failure.reason })
      reply({ _tag: "Refused", row: first + index, reason: result.failure.reason })
    }
    reply({ _tag: "Committed", through })
  }

  return {
    add: groups.add,
    run: () => {
      for (receive(); !groups.isEmpty(); receive()) {
        breathe()
        const group = groups.take()
        const result = store.commit(group.rows)
        endedAt = now()
        const through = group.first + group.rows.length - 1
        if (Result.isSuccess(result)) reply({ _tag: "Committed", through })
        else if (result.failure.kind === "row") storeOneByOne(group)
        else reply({ _tag: "Failed", through, reason: result.failure.reason })
      }
    }
  }
}
