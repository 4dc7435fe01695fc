/**
 * What follows a failed attempt before the commit: the same target again, the next one, or the end. Pure; the times are
 * given in milliseconds and chance comes in as a number.
 */
import { type Failure, policyOf } from "@sluice/protocol/GatewayError"

/** The next step after a failure. */
export type Next =
  | { readonly _tag: "Again"; readonly waitMs: number }
  | { readonly _tag: "Other" }
  | { readonly _tag: "Stop" }

const minDelayMs = 200
const maxDelayMs = 2_000
const maxRetryAfterMs = 30_000

/**
 * Decides by the policy of the failure's class. `tries` counts the extra tries already made at this target; `chance` in [0, 1)
 * jitters the delay, which is never shorter than the provider's own wish (capped) and never reaches beyond the deadline.
 */
export const next = (
  failure: Failure,
  facts: { readonly tries: number; readonly retries: number; readonly hasOther: boolean; readonly chance: number; readonly remainingMs: number }
): Next => {
  const policy = policyOf(failure.class)
  const again = policy.sameTarget && (facts.tries < facts.retries && (failure.class !== "protocol-violation" || facts.tries === 0))
  if (again) {
    const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** (facts.tries + 1))
    const backoff = minDelayMs + facts.chance * (ceiling - minDelayMs)
    const waitMs = Math.max(backoff, Math.min(failure.retryAfterMs ?? 0, maxRetryAfterMs))
    if (waitMs < facts.remainingMs && !(facts.hasOther && waitMs > maxDelayMs)) return { _tag: "Again", waitMs }
  }
  return policy.otherTarget && facts.hasOther ? { _tag: "Other" } : { _tag: "Stop" }
}
