/** The requests that wait for the answer to another one with the same key, in this process. */
import * as Effect from "effect/Effect"

/** Who waits, by scope. */
export interface Waiters {
  /** Completes with the next {@link Waiters.wake} of this scope. */
  readonly wait: (scope: string) => Effect.Effect<void>
  readonly wake: (scope: string) => void
  /** Whether one more may wait. */
  readonly hasRoom: () => boolean
}

/** Each holds a request open. */
const capacity = 1_000

/** Nobody waits. */
export const make = (): Waiters => {
  const waiting = new Map<string, Set<() => void>>()
  let count = 0

  const leave = (scope: string, waiter: () => void): void => {
    const others = waiting.get(scope)
    if (others?.delete(waiter) !== true) return
    count -= 1
    if (others.size === 0) waiting.delete(scope)
  }

  return {
    wait: (scope) =>
      Effect.callback((resume) => {
        const waiter = (): void => resume(Effect.void)
        const others = waiting.get(scope)
        if (others === undefined) waiting.set(scope, new Set([waiter]))
        else others.add(waiter)
        count += 1
        return Effect.sync(() => leave(scope, waiter))
      }),
    wake: (scope) => {
      // Who is woken may wait again at once
      for (const waiter of Array.from(waiting.get(scope) ?? [])) {
        leave(scope, waiter)
        waiter()
      }
    },
    hasRoom: () => count < capacity
  }
}
