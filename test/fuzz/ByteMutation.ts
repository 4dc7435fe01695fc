/** Mutation of bytes without any idea of what they mean: bits, pieces, invalid UTF-8, line ends, cuts between network chunks. */
import type { Random } from "./Random.ts"

/** Sequences that UTF-8 forbids, and ones that readers of text stumble over. */
const awkward: readonly [ReadonlyArray<number>, ...ReadonlyArray<ReadonlyArray<number>>] = [
  [0xc3, 0x28],
  [0xed, 0xa0, 0x80],
  [0xf5, 0x80, 0x80, 0x80],
  [0xff],
  [0xc0, 0x80],
  [0xe2, 0x82],
  [0xef, 0xbb, 0xbf],
  [0x00],
  [0x0d],
  [0x0a],
  [0x0d, 0x0a, 0x0d, 0x0a],
  [0x22],
  [0x5c],
  [0x7b],
  [0x7d],
  [0x5d],
  [0x2c]
]

const joined = (...pieces: ReadonlyArray<ArrayLike<number>>): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.length
  }
  return whole
}

const once = (random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array => {
  const at = random.below(bytes.length + 1)
  const to = Math.min(bytes.length, at + random.below(32))
  switch (random.below(8)) {
    case 0: {
      const copy = bytes.slice()
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
      return copy
    }
    case 1: {
      const copy = bytes.slice()
      if (at < copy.length) copy[at] = random.below(256)
      return copy
    }
    case 2:
      return bytes.slice(0, at)
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(to))
    case 4:
      return joined(bytes.subarray(0, to), bytes.subarray(at))
    case 5:
      return joined(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)))
    default:
      return joined(bytes.subarray(0, at), random.pick(awkward), bytes.subarray(at))
  }
}

/** Bytes with one to four changes; `other` is what a splice takes its tail from. */
export const mutate = (random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array => {
  const times = random.chance(60) ? 1 : 2 + random.below(3)
  let mutated = bytes
  for (let time = 0; time < times; time++) mutated = once(random, mutated, other)
  return mutated
}

/** Where bytes arrive in pieces: often not at all, else at some places, now and then at every one. */
export const cuts = (random: Random, length: number): ReadonlyArray<number> => {
  if (length < 2 || random.chance(40)) return []
  if (length < 400 && random.chance(3)) return Array.from({ length: length - 1 }, (_, index) => index + 1)
  return Array.from({ length: 1 + random.below(6) }, () => random.below(length + 1)).toSorted((left, right) => left - right)
}
