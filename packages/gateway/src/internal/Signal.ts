/** A wake-up call between synchronous code and one waiting fiber. Wakes that come while nobody waits are kept, once. */
import * as Effect from "effect/Effect"

/** One waiter, any number of wakers. */
export interface Signal {
  readonly await: Effect.Effect<void>
  readonly wake: () => void
}

/** A signal nobody has raised. */
export const make = (): Signal => {
  let waiter: (() => void) | undefined
  let raised = false
  return {
    await: Effect.callback<void>((resume) => {
      if (raised) {
        raised = false
        return resume(Effect.void)
      }
      waiter = () => resume(Effect.void)
      return Effect.sync(() => {
        waiter = undefined
      })
    }),
    wake: () => {
      const woken = waiter
      waiter = undefined
      if (woken === undefined) raised = true
      else woken()
    }
  }
}
