/** Fibers that wait until something may have changed: all are woken, and look again. Nothing is kept of a wake that nobody waited for. */
import * as Effect from "effect/Effect"

/** Any number of waiters. */
export interface Waiting {
  /** Completes with the next wake. */
  readonly await: Effect.Effect<void>
  readonly wake: () => void
}

/** Nobody waits yet. */
export const make = (): Waiting => {
  let waiters = new Set<() => void>()
  return {
    await: Effect.callback<void>((resume) => {
      const waiter = (): void => resume(Effect.void)
      waiters.add(waiter)
      return Effect.sync(() => void waiters.delete(waiter))
    }),
    wake: () => {
      if (waiters.size === 0) return
      const woken = waiters
      waiters = new Set()
      for (const waiter of woken) waiter()
    }
  }
}
