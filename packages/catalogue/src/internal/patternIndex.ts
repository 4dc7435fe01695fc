/**
 * Which model of a sheet a name means: the first in the order of the sheet one of whose patterns fits. Most patterns are whole names,
 * which are looked up; only the others are tried.
 */

/** Finds the place of a name's model in its sheet. */
export type PatternIndex = (name: string) => number | undefined

/** A pattern that is one whole name. */
const wholeName = /^\^((?:[^\\^$.*+?()[\]{}|]|\\[.*+?^${}()|[\]\\])*)\$$/

/** The names of a pattern that has no other alternatives. */
const namesOf = (pattern: string): ReadonlyArray<string> | undefined => {
  const names = pattern.split("|").map((alternative) => wholeName.exec(alternative)?.[1]?.replaceAll("\\", ""))
  return names.includes(undefined) ? undefined : names.flatMap((name) => name ?? [])
}

/** The index of these patterns. */
export const make = (patterns: ReadonlyArray<string>): PatternIndex => {
  const whole = new Map<string, number>()
  const others: Array<{ readonly at: number; readonly match: RegExp }> = []
  for (const [at, pattern] of patterns.entries()) {
    const names = namesOf(pattern)
    if (names === undefined) others.push({ at, match: new RegExp(pattern) })
    for (const name of names ?? []) if (!whole.has(name)) whole.set(name, at)
  }
  return (name) => {
    const known = whole.get(name)
    for (const { at, match } of others) {
      if (known !== undefined && at > known) return known
      if (match.test(name)) return at
    }
    return known
  }
}
