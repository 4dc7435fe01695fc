/**
 * How many further tries a whole gateway may make, so that an outage is not answered with more load: of the last ten seconds, a tenth
 * of the exchanges that began, and never fewer than three. A try that succeeds gives its place back: where failing over works, it is
 * not limited; where everything fails, the tenth is used up. Pure but for the clock it is given.
 */
import * as RecentMap from "./RecentMap.ts"

/** Bounds of the budget. */
export interface Bounds {
  /** Further tries for each exchange. */
  readonly share: number
  /** Allowed whatever the share comes to. */
  readonly least: number
}

/** A tenth, and three. */
export const defaultBounds: Bounds = { share: 0.1, least: 3 }

/** The budget of a gateway. */
export interface RetryBudget {
  /** An exchange has begun its first try. */
  readonly begun: () => void
  /** Takes a place; `true` = the try may be made, and its end must be told. */
  readonly take: () => boolean
  /** A try that had taken a place has ended; a failed one keeps it until its second is forgotten. */
  readonly give: (succeeded: boolean) => void
  /** A try that had no place has failed: it counts all the same. */
  readonly spend: () => void
  /** Places are taken, or were a moment ago: while not, nobody needs to look. */
  readonly isStrained: () => boolean
  /** A target has answered, or failed: kept only while places are taken. */
  readonly prove: (target: string) => void
  readonly disprove: (target: string) => void
  /** Whether a target has answered since a moment, and not failed since. */
  readonly isProven: (target: string, since: number) => boolean
  /** Nothing is left, and nothing will come free soon: whoever would wait first need not. */
  readonly isSpent: () => boolean
  /** Whether a place may come free, because tries that hold one are under way. */
  readonly mayComeFree: () => boolean
  /** What is used and what there is, as of now. */
  readonly status: () => { readonly used: number; readonly allowed: number }
}

const seconds = 10

/** Targets that are known to answer at most: models are named by what clients send. */
const maxProven = 1024

/** A budget. `now` gives milliseconds of a steady clock. */
export const make = (now: () => number, { least, share }: Bounds = defaultBounds): RetryBudget => {
  // One slot for each second of the window
  const begun = new Float64Array(seconds)
  const failed = new Float64Array(seconds)
  let current = Math.floor(now() / 1000)
  const proven = RecentMap.make<number>(maxProven, seconds * 1000)
  let pending = 0

  const turn = (): number => {
    const second = Math.floor(now() / 1000)
    for (let passed = Math.min(second - current, seconds); passed > 0; passed--) {
      const slot = (second - passed + 1) % seconds
      begun[slot] = 0
      failed[slot] = 0
    }
    if (second > current) current = second
    return current % seconds
  }
  const sum = (slots: Float64Array): number => slots.reduce((total, count) => total + count, 0)
  const add = (slots: Float64Array, slot: number): void => {
    slots[slot] = (slots[slot] ?? 0) + 1
  }
  const allowed = (): number => Math.max(least, Math.floor(share * sum(begun)))
  const used = (): number => pending + sum(failed)

  return {
    begun: () => add(begun, turn()),
    take: () => {
      turn()
      if (used() >= allowed()) return false
      pending += 1
      return true
    },
    give: (succeeded) => {
      pending = Math.max(0, pending - 1)
      if (!succeeded) add(failed, turn())
    },
    spend: () => add(failed, turn()),
    isStrained: () => {
      if (pending > 0) return true
      turn()
      return sum(failed) > 0
    },
    prove: (target) => proven.set(target, now(), now()),
    disprove: (target) => void proven.delete(target),
    isProven: (target, since) => (proven.get(target, now()) ?? -Infinity) >= since,
    isSpent: () => {
      turn()
      return pending === 0 && used() >= allowed()
    },
    mayComeFree: () => pending > 0,
    status: () => {
      turn()
      return { used: used(), allowed: allowed() }
    }
  }
}
