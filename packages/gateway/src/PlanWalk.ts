/**
 * The plan of an exchange as it is walked: which target comes next after what has happened. Another entry is entered only after
 * failures it names, or after which any other target may help. Targets that failed too often are kept for last, and asked where
 * nothing else could be. Synchronous and pure; it looks at no health itself.
 */
import type { ErrorClass } from "@sluice/protocol/GatewayError"
import type { ModelEntry } from "./ModelEntry.ts"
import type { Candidate } from "./Planner.ts"

/** Why the walk goes on. */
export interface Cause {
  readonly class: ErrorClass
  /** Any other target may help, and not only one whose entry names the class. */
  readonly mayLeave: boolean
}

/** A target could not be asked; any other may be. */
export const unavailable: Cause = { class: "unavailable", mayLeave: true }

/** A plan under way. */
export interface PlanWalk {
  /** The next target; the first one where there is no cause yet. */
  readonly next: (cause: Cause | undefined) => Candidate | undefined
  /** Whether there is a next one, without taking it. */
  readonly hasNext: (cause: Cause) => boolean
  /** Keeps a target for last. */
  readonly postpone: (candidate: Candidate) => void
  /** Begins again with those that were kept for last; `false` = there are none. */
  readonly lastResort: () => boolean
}

/** Begins with the first target. */
export const make = (candidates: ReadonlyArray<Candidate>): PlanWalk => {
  let queue = candidates
  let at = 0
  let from: ModelEntry | undefined
  let postponed: Array<Candidate> | undefined
  const isOpen = ({ entry, on }: Candidate, cause: Cause): boolean => entry === from || on === undefined ? cause.mayLeave : on.includes(cause.class)
  return {
    next: (cause) => {
      while (at < queue.length) {
        const candidate = queue[at++]
        if (candidate === undefined || (cause !== undefined && from !== undefined && !isOpen(candidate, cause))) continue
        from = candidate.entry
        return candidate
      }
      return undefined
    },
    hasNext: (cause) => {
      for (let index = at; index < queue.length; index++) {
        const candidate = queue[index]
        if (candidate !== undefined && isOpen(candidate, cause)) return true
      }
      return false
    },
    postpone: (candidate) => {
      postponed ??= []
      postponed.push(candidate)
    },
    lastResort: () => {
      if (postponed === undefined) return false
      queue = postponed
      at = 0
      from = undefined
      postponed = undefined
      return true
    }
  }
}
