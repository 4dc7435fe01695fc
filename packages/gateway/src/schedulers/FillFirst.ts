/** Takes the same candidate until it has to rest, then the next by name: uses up one key's quota before it touches another's. */
import type { Scheduler } from "../Scheduler.ts"

/** A scheduler without memory. */
export const make = (): Scheduler => ({
  id: "fill-first",
  pick: (candidates) => {
    let first = candidates[0]
    for (const candidate of candidates) if (first === undefined || candidate.id < first.id) first = candidate
    return first === undefined ? "not-handled" : { pick: first.id }
  }
})
