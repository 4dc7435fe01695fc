/**
 * Group commit, without a timer: whatever has arrived while the last transaction was being stored goes into the next one. One row
 * that cannot be stored costs its group a slower pass, not its neighbours. Run by the writer thread.
 */
import * as Effect from "effect/Effect"
import type { Group } from "../Groups.ts"
import * as Groups from "../Groups.ts"
import type { FromWriter } from "../Messages.ts"
import type { Row } from "../Rows.ts"
import type { Store } from "./Store.ts"

/** The queue of the writer thread. */
export interface Commits {
  /** Queues rows; `first` is the number of the first one. */
  readonly add: (first: number, rows: ReadonlyArray<Row>) => void
  /** Stores everything queued, and everything that is queued in the meantime. */
  readonly run: Effect.Effect<void>
}

/** Says of each row, by its number, what became of it. */
export const make = (store: Store, reply: (message: FromWriter) => void): Commits => {
  const groups = Groups.make()

  const storeOneByOne = ({ first, rows }: Group) =>
    Effect.gen(function*() {
      for (const [index, row] of rows.entries()) {
        yield* Effect.catchIf(
          store.commit([row]),
          ({ kind }) => kind === "row",
          ({ reason }) => Effect.sync(() => reply({ _tag: "Refused", row: first + index, reason }))
        )
      }
    })

  const storeNext = Effect.suspend(() => {
    const group = groups.take()
    const through = group.first + group.rows.length - 1
    return store.commit(group.rows).pipe(
      Effect.catchIf(({ kind }) => kind === "row", () => storeOneByOne(group)),
      Effect.match({
        onFailure: ({ reason }) => reply({ _tag: "Failed", through, reason }),
        onSuccess: () => reply({ _tag: "Committed", through })
      })
    )
  })

  return { add: groups.add, run: Effect.whileLoop({ while: () => !groups.isEmpty(), body: () => storeNext, step: () => {} }) }
}
