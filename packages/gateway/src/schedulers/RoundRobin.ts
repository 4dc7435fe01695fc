/** Takes the candidates in turn, whatever their weights: for keys that are all worth the same. Each provider and model has a turn of its own. */
import type { Scheduler } from "../Scheduler.ts"
import * as RecentMap from "../scheduling/RecentMap.ts"

/** Cursors kept at most: models are named by what clients send. */
const maxCursors = 4096

/** A scheduler with its own cursors. The next after the last one taken, by name, so that one that rests for a while shifts nobody else's turn. */
export const make = (): Scheduler => {
  const last = RecentMap.make<string>(maxCursors, Infinity)
  return {
    id: "round-robin",
    pick: (candidates, { model, now, provider }) => {
      const key = `${provider}\n${model}`
      const before = last.get(key, now)
      const inOrder = candidates.toSorted((left, right) => left.id < right.id ? -1 : 1)
      const next = inOrder.find(({ id }) => before === undefined || id > before) ?? inOrder[0]
      if (next === undefined) return "not-handled"
      last.set(key, next.id, now)
      return { pick: next.id }
    }
  }
}
