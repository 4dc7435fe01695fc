/**
 * Rows of requests refused because of overload. The first of a key in a second have rows of their own; under a flood the others of
 * that second share one, which says for how many it stands, so that refusing cannot drown the ledger and nothing is silent. All
 * are counted one by one in the metrics.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Ledger, Settlement } from "./Ledger.ts"
import type { Wheel } from "./Wheel.ts"

/** Where refusals are handed in. */
export interface Refusals {
  /** `true` = this one has a row of its own, to be written as any other; `false` = it is in a row to come. */
  readonly add: (record: Settlement) => boolean
}

/** Whether a record is of a request refused because of overload. */
export const isRefusal = ({ outcome }: Settlement): boolean => outcome._tag === "Denied" && outcome.by === "overload"

/** How many rows there may be. */
export interface Bounds {
  /** Of one key in a second, each for itself. */
  readonly own: number
  /** Rows for many, of all keys, in one turn of the wheel; what is left goes with the next. */
  readonly perTurn: number
}

/** 10 rows of their own for each key in a second, and 100 rows for many in a turn. */
export const defaultBounds: Bounds = { own: 10, perTurn: 100 }

/** The books, without a clock: times are milliseconds of any steady clock. */
export interface Books {
  readonly add: (now: number, record: Settlement) => boolean
  /** The rows for many whose second is over, or all there are. */
  readonly take: (now: number | "all") => ReadonlyArray<Settlement>
}

/** Empty books. */
export const books = ({ own, perTurn }: Bounds): Books => {
  const piles = new Map<string, Pile>()

  return {
    add: (now, record) => {
      const key = `${record.tenant ?? ""}\n${record.principal}`
      const pile = piles.get(key) ?? { since: now, own: 0, first: undefined, last: record, count: 0 }
      piles.set(key, pile)
      if (pile.own < own) {
        pile.own++
        return true
      }
      pile.first ??= record
      pile.last = record
      pile.count++
      return false
    },
    take: (now) => {
      const rows: Array<Settlement> = []
      for (const [key, pile] of piles) {
        if (now !== "all" && (now - pile.since < secondMs || rows.length >= perTurn)) break
        piles.delete(key)
        if (pile.first !== undefined) rows.push(rowOf(pile.first, pile.last, pile.count))
      }
      return rows
    }
  }
}

/** Books whose rows go to a ledger on the wheel's turns; the last ones before the scope closes. */
export const recording = (
  ledger: Ledger["Service"],
  wheel: Wheel["Service"],
  bounds: Bounds = defaultBounds
): Effect.Effect<Refusals, never, Scope.Scope> =>
  Effect.contextWith((context: Context.Context<Scope.Scope>) => {
    const { add, take } = books(bounds)
    const write = (rows: ReadonlyArray<Settlement>) =>
      Effect.forEach(
        rows,
        (row) => Effect.catch(ledger.settle(row), (error) => Effect.logError("The ledger refused the row of refused requests", error, { id: row.id })),
        { concurrency: "unbounded", discard: true }
      )
    const runFork = Effect.runForkWith(Context.omit()(context))
    const tick = (now: number): void => {
      const rows = take(now)
      if (rows.length > 0) runFork(write(rows))
    }
    return Effect.acquireRelease(
      Effect.sync(() => wheel.register({ tick })),
      (unregister) =>
        Effect.suspend(() => {
          unregister()
          return write(take("all"))
        })
    ).pipe(Effect.as({ add: (record: Settlement) => add(wheel.now(), record) }))
  })

// internal

const secondMs = 1_000

interface Pile {
  readonly since: number
  own: number
  first: Settlement | undefined
  last: Settlement
  count: number
}

const rowOf = (first: Settlement, last: Settlement, count: number): Settlement => ({
  ...first,
  endedAt: last.endedAt,
  ...(first.outcome._tag === "Denied" ? { outcome: { ...first.outcome, message: `${first.outcome.message} (This row stands for ${count} requests.)` } } : {})
})
