/**
 * Finds the first of many globs that matches a name without trying one after the other: they are kept by the text before their star,
 * and among those by the text after it. What a name costs grows with the number of different lengths of these texts, not with the
 * number of globs, and what a client sends cannot make it grow.
 */
import type { ModelGlob } from "./modelGlob.ts"

/** A glob that matched: what it stands for, its place among the globs, and what its star matched. */
export interface GlobMatch<A> {
  readonly value: A
  readonly at: number
  readonly star: string
}

/** The index of globs; the first in their order wins. */
export type GlobIndex<A> = (name: string) => GlobMatch<A> | undefined

interface Placed<A> {
  readonly at: number
  readonly value: A
}

/** Texts by length and then by themselves, the shortest first. */
interface ByText<A> {
  readonly lengths: ReadonlyArray<number>
  readonly values: ReadonlyMap<string, A>
}

const byText = <A>(values: ReadonlyMap<string, A>): ByText<A> => ({
  lengths: [...new Set(Array.from(values.keys(), (text) => text.length))].toSorted((left, right) => left - right),
  values
})

/** The index of these globs. */
export const make = <A>(globs: ReadonlyArray<{ readonly glob: ModelGlob; readonly value: A }>): GlobIndex<A> => {
  const gathered = new Map<string, Map<string, Placed<A>>>()
  for (const [at, { glob, value }] of globs.entries()) {
    const suffixes = gathered.get(glob.prefix) ?? new Map<string, Placed<A>>()
    gathered.set(glob.prefix, suffixes)
    if (!suffixes.has(glob.suffix)) suffixes.set(glob.suffix, { at, value })
  }
  const prefixes = byText(new Map(Array.from(gathered, ([prefix, suffixes]) => [prefix, byText(suffixes)] as const)))
  return (name) => {
    let best: GlobMatch<A> | undefined
    for (const before of prefixes.lengths) {
      if (before > name.length) break
      const suffixes = prefixes.values.get(name.slice(0, before))
      if (suffixes === undefined) continue
      for (const after of suffixes.lengths) {
        if (before + after > name.length) break
        const found = suffixes.values.get(name.slice(name.length - after))
        if (found !== undefined && (best === undefined || found.at < best.at)) best = { ...found, star: name.slice(before, name.length - after) }
      }
    }
    return best
  }
}
