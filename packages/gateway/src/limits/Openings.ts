/** Finds what budgets were charged before the store knew them, each once however many requests wait for it. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Ledger, LedgerUnavailable } from "../Ledger.ts"
import * as LimitMetrics from "./LimitMetrics.ts"
import { type Meter, nanosOf } from "./Meter.ts"

/** Gives the meters with what was charged before, where the store asked for it. */
export interface Openings {
  readonly fill: (meters: ReadonlyArray<Meter>, keys: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Meter>, LedgerUnavailable>
}

/** Asks this record. */
export const make = (ledger: Pick<Ledger["Service"], "spent">): Openings => {
  // Bounded by the questions under way
  const asking = new Map<string, Deferred.Deferred<number, LedgerUnavailable>>()

  const ask = ({ account, period, window }: Meter): Effect.Effect<number, LedgerUnavailable> =>
    Effect.suspend(() => {
      const known = asking.get(window.key)
      if (known !== undefined) return Deferred.await(known)
      const answer = Deferred.makeUnsafe<number, LedgerUnavailable>()
      asking.set(window.key, answer)
      return ledger.spent(account, period?.fromDay ?? 0).pipe(
        Effect.map(({ spent }) => nanosOf(spent)),
        Effect.tapError(() => LimitMetrics.failed("spent")),
        Effect.onExit((exit) =>
          Effect.sync(() => {
            asking.delete(window.key)
            Deferred.doneUnsafe(answer, exit)
          })
        )
      )
    })

  const filled = (meter: Meter, keys: ReadonlyArray<string>): Meter | Effect.Effect<Meter, LedgerUnavailable> => {
    const { window } = meter
    if (window._tag !== "Held" || !keys.includes(window.key)) return meter
    return Effect.map(ask(meter), (opening): Meter => ({ ...meter, window: { ...window, opening } }))
  }

  return {
    fill: (meters, keys) =>
      Effect.forEach(meters, (meter) => {
        const made = filled(meter, keys)
        return Effect.isEffect(made) ? made : Effect.succeed(made)
      })
  }
}
