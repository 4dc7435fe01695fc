/**
 * What follows a failed attempt before the commit: the same target again, another credential of it, the next target, or the end. Pure;
 * the times are given in milliseconds and chance comes in as a number.
 */
import { type Failure, policyOf } from "@sluice/protocol/GatewayError"
import type { Ruling } from "./ErrorRules.ts"

/** The next step after a failure. */
export type Next =
  /** The same target, after a wait. */
  | { readonly _tag: "Again"; readonly waitMs: number }
  /** Another credential of the same target, at once. */
  | { readonly _tag: "Credential" }
  /** The next target. */
  | { readonly _tag: "Other" }
  | { readonly _tag: "Stop" }

/** What a step is decided by. */
export interface Facts {
  /** Extra tries made at this target already, and how many it may have. */
  readonly tries: number
  readonly retries: number
  /** Another target is left that may be tried after this failure. */
  readonly hasOther: boolean
  /** A fallback names this class of failure, so that it is entered although nothing else would be tried. */
  readonly isWanted?: boolean
  /** Another credential of the target could be asked at once. */
  readonly hasCredential?: boolean
  /** What failed rests now, for so long. */
  readonly restMs?: number
  /** What an operator's rule says. */
  readonly ruling?: Ruling | undefined
  /** In [0, 1). */
  readonly chance: number
  /** What is left of the plan's time. */
  readonly remainingMs: number
}

const minDelayMs = 200
const maxDelayMs = 2_000
const maxRetryAfterMs = 30_000

/** Whether another credential may fare better. */
const isOfCredential = (failure: Failure, ruling: Ruling | undefined): boolean => {
  if (ruling !== undefined) return ruling.scope === "credential" || ruling.scope === "model"
  const { scope } = policyOf(failure.class)
  return scope === "credential" || scope === "model" || failure.class === "misconfigured"
}

/** Whether any other target may be asked after a failure, and not only one whose entry names its class. */
export const mayLeave = (failure: Failure, ruling: Ruling | undefined, rests: boolean): boolean =>
  ruling !== undefined || rests || policyOf(failure.class).otherTarget

/**
 * Decides by the operator's rule, else by the policy of the failure's class. `chance` jitters the delay, which is never shorter than the
 * provider's own wish (capped) and never reaches beyond the deadline.
 */
export const next = (failure: Failure, facts: Facts): Next => {
  const { hasOther, isWanted, restMs, ruling } = facts
  if (ruling?.action === "stop") return { _tag: "Stop" }
  const policy = policyOf(failure.class)
  if (facts.hasCredential === true && isOfCredential(failure, ruling)) return { _tag: "Credential" }
  const again = ruling === undefined && policy.sameTarget && facts.tries < facts.retries && (failure.class !== "protocol-violation" || facts.tries === 0)
  if (again) {
    const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** (facts.tries + 1))
    const backoff = minDelayMs + facts.chance * (ceiling - minDelayMs)
    const waitMs = Math.max(backoff, Math.min(failure.retryAfterMs ?? 0, maxRetryAfterMs), restMs ?? 0)
    const isTooLong = waitMs > Math.max(maxRetryAfterMs, backoff) || (hasOther && waitMs > maxDelayMs)
    if (waitMs < facts.remainingMs && !isTooLong) return { _tag: "Again", waitMs }
  }
  return hasOther && (isWanted === true || mayLeave(failure, ruling, restMs !== undefined)) ? { _tag: "Other" } : { _tag: "Stop" }
}
