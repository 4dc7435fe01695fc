/**
 * The simulator's embeddings: for each text a vector of unit length that is a function of the text and the wanted length only, the
 * same in every protocol. It means nothing; texts that are equal are equal, others are not.
 */

/** Mixes a state of 32 bits (the finalizer of MurmurHash3). */
const mixed = (state: number): number => {
  const first = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35)
  return (second ^ (second >>> 16)) >>> 0
}

const seedOf = (text: string): number => {
  let seed = 0x811c9dc5
  for (let at = 0; at < text.length; at++) seed = Math.imul(seed ^ text.charCodeAt(at), 0x01000193)
  return mixed(seed)
}

/** The vector of a text: 32-bit floats. */
export const vectorOf = (text: string, dimensions: number): ReadonlyArray<number> => {
  const seed = seedOf(text)
  const raw = Array.from({ length: dimensions }, (_, index) => mixed(seed + index * 0x9e3779b9) / 0xffffffff - 0.5)
  const length = Math.hypot(...raw)
  return raw.map((value) => Math.fround(value / length))
}

/** Numbers as base64 of 32-bit floats in little-endian order. */
export const base64Of = (values: ReadonlyArray<number>): string => {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString("base64")
}
