/**
 * When a worker that ended is started again: at once-ish after a single crash, later and later where it ends again and again. Pure.
 */

/** What is remembered of a place's past. */
export interface Past {
  /** Ends in a row, each soon after its start. */
  readonly quickEnds: number
}

/** A place that was never restarted. */
export const fresh: Past = { quickEnds: 0 }

const firstMs = 100
const mostMs = 30_000
/** A worker that lived this long is no part of a row. */
const longLifeMs = 60_000

/** What to remember, and milliseconds to wait, after a life of so many milliseconds. `chance` is from 0 to 1: workers that end together do not start together. */
export const after = ({ quickEnds }: Past, livedMs: number, chance: number): { readonly past: Past; readonly waitMs: number } => {
  const ends = livedMs >= longLifeMs ? 0 : quickEnds
  return { past: { quickEnds: ends + 1 }, waitMs: Math.round(Math.min(mostMs, firstMs * 2 ** ends) * (0.5 + chance / 2)) }
}
