/**
 * Generators as plain functions over a tape of random numbers. The tape is what Effect's Arbitrary generates and shrinks, so
 * that whatever a function builds from it (conversations whose results match their calls, legal event sequences) stays valid
 * while it shrinks. A tape that has run out gives zeros, and every function treats zero as the simplest choice.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Schema from "effect/Schema"

/** Reads choices off the tape. */
export interface Draw {
  /** A number from 0 up to and without `limit`. */
  readonly below: (limit: number) => number
  /** True in about `percent` of 100 draws, and more often in the few values that are lavish. */
  readonly chance: (percent: number) => boolean
  /** One of the options; the first is the simplest. */
  readonly pick: <A>(options: readonly [A, ...ReadonlyArray<A>]) => A
  /** What `make` gives in about `percent` of 100 draws, else nothing. */
  readonly maybe: <A>(percent: number, make: () => A) => A | undefined
  /** Between `least` and `most` values; never more than the tape can fill. */
  readonly list: <A>(least: number, most: number, make: (index: number) => A) => ReadonlyArray<A>
  /** A number no earlier call of this draw gave: for unique names and ids. */
  readonly serial: () => number
  /** Whether the tape has run out. */
  readonly isSpent: () => boolean
}

/** Small neighbours on the tape become far apart, zero stays zero. */
const spread = (value: number): number => Math.imul(value, 0x9e3779b1) >>> 8

const over = (tape: ReadonlyArray<ReadonlyArray<number>>): Draw => {
  let row = 0
  let column = 0
  let serials = 0
  const next = (): number => {
    const value = tape[row]?.[column]
    if (value === undefined) return 0
    column += 1
    if (column === width) {
      column = 0
      row += 1
    }
    return spread(value)
  }
  const isSpent = (): boolean => row >= tape.length
  // One value in four is lavish: what is rare is common in it, so that rare things also meet each other.
  const lavish = next() % 4 === 1
  const below = (limit: number): number => limit <= 1 ? 0 : next() % limit
  const chance = (percent: number): boolean => next() % 100 >= 100 - (lavish && percent < 30 ? 3 * percent : percent)
  return {
    below,
    chance,
    isSpent,
    pick: (options) => options[below(options.length)] ?? options[0],
    maybe: (percent, make) => chance(percent) ? make() : undefined,
    list: (least, most, make) => {
      const made = []
      const length = least + below(most - least + 1)
      while (made.length < length && (made.length < least || !isSpent())) made.push(make(made.length))
      return made
    },
    serial: () => serials++
  }
}

const width = 32

/** Numbers are cheap to generate one by one, but to shrink by rows is what keeps the shrinking of large values short. */
const tape: Arbitrary.Arbitrary<ReadonlyArray<ReadonlyArray<number>>> = Arbitrary.array(
  Arbitrary.all(Array.from({ length: width }, () => Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffff })))))
)

/** The values a generating function can build. `size` of the run bounds the tape: 32 draws per unit. */
export const arbitrary = <A>(generate: (draw: Draw) => A): Arbitrary.Arbitrary<A> => Arbitrary.map(tape, (numbers) => generate(over(numbers)))
