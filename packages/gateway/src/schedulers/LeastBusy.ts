/** Takes the candidate with the fewest attempts under way for its weight; among equals chance decides, so that a pool that idles is used evenly. */
import { lowest, type Scheduler } from "../Scheduler.ts"

/** A scheduler without memory: what is under way is told with the candidates. */
export const make = (): Scheduler => ({
  id: "least-busy",
  pick: (candidates, { random }) => {
    const idle = lowest(candidates, ({ inFlight, weight }) => inFlight / weight)
    const picked = idle[Math.floor(random() * idle.length)] ?? idle[0]
    return picked === undefined ? "not-handled" : { pick: picked.id }
  }
})
