// Medians, percentiles and spreads of the figures of a run.
// Used by the load generator (percentiles of one round) and by the report (spread over rounds). Nothing here measures.

/** The median of several rounds with the least and the greatest round. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The value below which the given share (0 to 1) of the samples lies; `ascending` must be sorted. 0 for no samples. */
export const percentile = (ascending: ReadonlyArray<number>, share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0

/** Median, least and greatest of the defined values; undefined when there is none. */
export const spreadOf = (values: ReadonlyArray<number | undefined>): Spread | undefined => {
  const ascending = values.filter((value) => value !== undefined).sort((a, b) => a - b)
  const min = ascending[0]
  const max = ascending.at(-1)
  if (min === undefined || max === undefined) return undefined
  const middle = ascending.length / 2
  const median = (percentile(ascending, 0.5) + (ascending[Math.ceil(middle) - 1] ?? min)) / 2
  return { median, min, max }
}
