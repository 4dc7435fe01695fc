/**
 * Takes candidates in proportion to their weights, spread evenly: 5, 1, 1 gives a a b a c a a and not five in a row. Each candidate
 * gains its weight, the richest is taken and pays for all. Equal weights make it take turns.
 */
import type { Scheduler } from "../Scheduler.ts"
import * as RecentMap from "../scheduling/RecentMap.ts"

/** Purses kept at most: models are named by what clients send. */
const maxPurses = 4096

/** A scheduler with its own purses, one set for each provider and model. */
export const make = (): Scheduler => {
  const purses = RecentMap.make<Map<string, number>>(maxPurses, Infinity)
  return {
    id: "weighted",
    pick: (candidates, { model, now, provider }) => {
      const key = `${provider}\n${model}`
      const before = purses.get(key, now)
      // Who is away neither gains nor pays; who is new, or comes back after the provider's list has changed, begins with nothing
      const purse = before ?? new Map<string, number>()
      if (before === undefined) purses.set(key, purse, now)
      let total = 0
      let richest: { readonly id: (typeof candidates)[number]["id"]; readonly has: number } | undefined
      for (const { id, weight } of candidates) {
        const has = (purse.get(id) ?? 0) + weight
        purse.set(id, has)
        total += weight
        if (richest === undefined || has > richest.has) richest = { id, has }
      }
      if (richest === undefined) return "not-handled"
      purse.set(richest.id, richest.has - total)
      return { pick: richest.id }
    }
  }
}
