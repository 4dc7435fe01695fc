/**
 * Looks after the reservations of this process: renews what is held for running requests, so that only what a dead process held
 * runs out, and tells the store again what it did not take the first time. One fiber, whatever the number of requests.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { LimitStore, Renew, Settle } from "../LimitStore.ts"
import * as LimitMetrics from "./LimitMetrics.ts"

/** What is held for one request. */
export interface Held {
  readonly group: string
  readonly id: string
  readonly keys: ReadonlyArray<string>
}

/** The keeper. */
export interface Keeper {
  /** Looks after what is held until it is settled. */
  readonly keep: (held: Held) => void
  /** Ends a reservation; what the store does not take now it is told later. */
  readonly settle: (message: Settle) => Effect.Effect<void>
}

/** Settlements that are kept for later, at most; beyond it the oldest is given up, and its budget is short of it until it is loaded anew. */
const maxWaiting = 10_000

/** Holds in one message, at most. */
const maxHolds = 500

/** Renews this often within a lease. */
const renewals = 3

/** Starts looking after; ends with the scope. */
export const make = Effect.fnUntraced(function*(store: LimitStore["Service"], leaseMs: number): Effect.fn.Return<Keeper, never, Scope.Scope> {
  const kept = new Map<string, Held>()
  const waiting: Array<Settle> = []

  const settle = (message: Settle): Effect.Effect<void> =>
    Effect.catch(store.settle(message), (error) => {
      waiting.push(message)
      const lost = waiting.length > maxWaiting ? waiting.shift() : undefined
      return LimitMetrics.failed("settle").pipe(
        Effect.andThen(Effect.logWarning("A settlement of limits waits for its store", error.reason)),
        Effect.andThen(lost === undefined ? Effect.void : Effect.logError("A settlement of limits was given up", { id: lost.id }))
      )
    })

  const settleWaiting = Effect.suspend(() => Effect.forEach(waiting.splice(0), settle, { discard: true }))

  const renew = Effect.suspend(() => {
    const byGroup = new Map<string, Array<Renew["holds"][number]>>()
    for (const { group, id, keys } of kept.values()) {
      const holds = byGroup.get(group) ?? []
      byGroup.set(group, holds)
      for (const key of keys) holds.push({ id, key })
    }
    const messages = [...byGroup].flatMap(([group, holds]) => Arr.chunksOf(holds, maxHolds).map((some): Renew => ({ group, leaseMs, holds: some })))
    return Effect.forEach(messages, (message) => store.renew(message), { discard: true }).pipe(
      Effect.catch((error) =>
        Effect.andThen(LimitMetrics.failed("renew"), Effect.logWarning("Limits held for running requests were not renewed", error.reason))
      )
    )
  })

  const turn = renew.pipe(Effect.andThen(settleWaiting), Effect.andThen(Effect.suspend(() => LimitMetrics.state(kept.size, waiting.length))))
  yield* Effect.sleep(leaseMs / renewals).pipe(Effect.andThen(Effect.ignoreCause(turn, { log: true })), Effect.forever, Effect.forkScoped)
  yield* Effect.addFinalizer(() => settleWaiting)

  return {
    keep: (held) => void (held.keys.length > 0 && kept.set(held.id, held)),
    settle: (message) => {
      kept.delete(message.id)
      return message.corrections.length === 0 ? Effect.void : settle(message)
    }
  }
})
