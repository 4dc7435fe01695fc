/**
 * Whether an exchange may make a further try upstream. A target that has answered somebody since this exchange began, and has not failed
 * since, may be asked freely: where failing over works, nothing limits it. Any other try takes a place of the gateway's retry budget, and
 * waits where one may come free because such tries are under way.
 */
import * as Effect from "effect/Effect"
import type { Gateway } from "./Gateway.ts"

/** How a try was permitted: at first, by a place, or by what the target has shown. */
export type Permission = "first" | "place" | "proven"

/** Milliseconds that are waited for a place at most, each time. */
const patienceMs = 10_000

const keyOf = (provider: string, model: string): string => `${provider}\n${model}`

/** Asks for a further try at a target; undefined = there is no place. `remainingMs` is what is left of the plan's time. */
export const ask = Effect.fnUntraced(function*(
  gateway: Gateway,
  target: { readonly provider: string; readonly model: string },
  begunAt: number,
  remainingMs: () => number
): Effect.fn.Return<Permission | undefined> {
  const { budget, changed } = gateway.scheduling
  const key = keyOf(target.provider, target.model)
  const until = gateway.now() + patienceMs
  for (;;) {
    if (budget.isProven(key, begunAt)) return "proven"
    if (budget.take()) return "place"
    const waitMs = Math.min(until - gateway.now(), remainingMs())
    if (waitMs <= 0 || !budget.mayComeFree()) return undefined
    yield* Effect.timeoutOption(changed.await, waitMs)
  }
})

/** Tells how a try ended. What succeeds shows others that they may come; it is noted where it may matter: while places are taken, or for plans with a choice. */
export const ended = (
  gateway: Gateway,
  target: { readonly provider: string; readonly model: string },
  permission: Permission,
  succeeded: boolean,
  hasChoice: boolean
): void => {
  const { budget, changed } = gateway.scheduling
  if (!hasChoice && !budget.isStrained()) return
  const key = keyOf(target.provider, target.model)
  if (succeeded) budget.prove(key)
  else budget.disprove(key)
  if (permission === "place") budget.give(succeeded)
  else if (permission === "proven" && !succeeded) budget.spend()
  if (permission !== "first" || succeeded) changed.wake()
}
