/** Chance that can be repeated: every input of a fuzz run is a pure function of the seed of the run and its own index. */

/** A source of numbers for one input. */
export interface Random {
  /** A whole number from 0 up to and without `limit`. */
  readonly below: (limit: number) => number
  /** True in about `percent` of 100 draws. */
  readonly chance: (percent: number) => boolean
  /** True in about `share` of a thousand draws. */
  readonly rarely: (share: number) => boolean
  /** One of the options. */
  readonly pick: <A>(options: readonly [A, ...ReadonlyArray<A>]) => A
  /** One of a list that may be empty. */
  readonly from: <A>(options: ReadonlyArray<A>) => A | undefined
}

/** The numbers of the input `index` in the run with this seed: splitmix32 over a mix of both. */
export const random = (seed: number, index: number): Random => {
  let state = (Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b) ^ Math.floor(index / 0x100000000)) >>> 0
  const next = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return (mixed ^ (mixed >>> 15)) >>> 0
  }
  const below = (limit: number): number => limit <= 1 ? 0 : next() % limit
  return {
    below,
    chance: (percent) => next() % 100 < percent,
    rarely: (share) => next() % 1000 < share,
    pick: (options) => options[below(options.length)] ?? options[0],
    from: (options) => options[below(options.length)]
  }
}
