/**
 * Counts in the memory of this process: exact, and forgotten with it. Budgets are told anew from the ledger after a start. For one
 * process; several that must not exceed a limit together share a store.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as State from "./limits/State.ts"
import { LimitStore } from "./LimitStore.ts"
import * as SteadyTime from "./SteadyTime.ts"

/** Questions between two looks for windows that say nothing any more. */
const sweepEvery = 1024

/** A store over its own state. `now` gives milliseconds of a clock that is never set back. */
export const make = (now: () => number): LimitStore["Service"] & { readonly size: () => number } => {
  const state = State.empty()
  let asked = 0
  return {
    reserve: (message) =>
      Effect.sync(() => {
        const at = now()
        asked += 1
        if (asked % sweepEvery === 0) State.sweep(state, at)
        return State.reserve(state, at, message)
      }),
    settle: (message) => Effect.sync(() => State.settle(state, now(), message)),
    renew: (message) => Effect.sync(() => State.renew(state, now(), message)),
    size: () => State.size(state)
  }
}

/** The store, on the steady clock. */
export const layer: Layer.Layer<LimitStore> = Layer.effect(
  LimitStore,
  Effect.map(Clock.Clock, (clock) => LimitStore.of(make(() => SteadyTime.now(clock))))
)
