/**
 * When a target is left out for a while because it keeps failing: one model of one provider, or one of its credentials with that model.
 * Never the last one: where everything is left out, everything is asked as if nothing were. Pure options; the state is kept by `Scheduling`.
 */
import type { Opening } from "./scheduling/Circuit.ts"

/** How a breaker opens. */
export interface Options {
  /** Transient failures in a row. */
  readonly failures: number
  /** How long a target is left out at first, in milliseconds; doubles until something succeeds. */
  readonly firstMs: number
  /** The longest it is left out at a time, in milliseconds. */
  readonly maxMs: number
}

/** Five in a row; 30 seconds, doubling up to five minutes. */
export const defaults: Options = { failures: 5, firstMs: 30_000, maxMs: 5 * 60_000 }

/** The options as the circuit takes them. */
export const opening = ({ failures, firstMs, maxMs }: Options): Opening => ({
  threshold: failures,
  restMs: (openings) => Math.min(maxMs, firstMs * 2 ** Math.min(openings, 30))
})
