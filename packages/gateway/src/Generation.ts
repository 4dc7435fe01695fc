/**
 * One generation of a gateway as a count: the calls and exchanges that work with it. A gateway that was replaced lives until the last
 * of them has left; what is done then is the business of whoever made the count (Generations.ts). It knows no scopes and no time.
 */

/** What may work with a generation: a call from its first moment, and an exchange until it is settled. */
export type Use = "calls" | "exchanges"

/** The count. */
export interface Generation {
  /** 1 for the first of a process, and one more for each that replaced another. */
  readonly number: number
  /** The time of day it was made, in milliseconds since the epoch. */
  readonly startedAt: number
  /** How many work with it now. */
  readonly running: (use: Use) => number
  readonly enter: (use: Use) => void
  /** Once for each `enter`. */
  readonly leave: (use: Use) => void
}

/** A generation nobody works with; `onIdle` is called whenever the last one has left. */
export const make = (facts: Pick<Generation, "number" | "startedAt">, onIdle: () => void): Generation => {
  const running = { calls: 0, exchanges: 0 }
  return {
    ...facts,
    running: (use) => running[use],
    enter: (use) => {
      running[use]++
    },
    leave: (use) => {
      running[use]--
      if (running.calls === 0 && running.exchanges === 0) onIdle()
    }
  }
}
