/**
 * Lists of names in which any number of `*` match any text and case does not matter: what is excluded, what is included. Compiled
 * once; whole names and those with one star are looked up, only the others are tried one by one. No regular expressions, so that no
 * name can make them slow.
 */
import * as GlobIndex from "./globIndex.ts"
import { compile, starCount } from "./modelGlob.ts"

/** Whether a name is in the list. */
export type Wildcards = (name: string) => boolean

/** Leftmost places are enough: what follows a star may begin anywhere behind them. */
const fits = (parts: ReadonlyArray<string>, name: string): boolean => {
  const [first = "", ...rest] = parts
  const last = rest.pop() ?? ""
  if (!name.startsWith(first)) return false
  let from = first.length
  for (const part of rest) {
    const at = name.indexOf(part, from)
    if (at < 0) return false
    from = at + part.length
  }
  return name.length - last.length >= from && name.endsWith(last)
}

/** The list of these patterns. */
export const make = (patterns: ReadonlyArray<string>): Wildcards => {
  const lower = patterns.map((pattern) => pattern.toLowerCase())
  const whole = new Set(lower.filter((pattern) => starCount(pattern) === 0))
  const single = GlobIndex.make(lower.flatMap((pattern) => {
    const glob = starCount(pattern) === 1 ? compile(pattern) : undefined
    return glob === undefined ? [] : [{ glob, value: true }]
  }))
  const others = lower.filter((pattern) => starCount(pattern) > 1).map((pattern) => pattern.split("*"))
  return (name) => {
    const given = name.toLowerCase()
    return whole.has(given) || single(given) !== undefined || others.some((parts) => fits(parts, given))
  }
}
