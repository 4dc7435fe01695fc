/** Where two JSON-like values differ: the pointers of the smallest differing values, and a sentence about the first. */
import * as Equality from "@sluice/protocol/Equality"
import * as Pointer from "@sluice/protocol/Pointer"

/** One place at which two values differ. */
export interface Difference {
  readonly pointer: string
  readonly expected: unknown
  readonly actual: unknown
}

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } => typeof value === "object" && value !== null

/** Own keys whose value is defined: an absent key and an undefined one are the same. */
const keysOf = (value: object): ReadonlyArray<string> => Object.entries(value).flatMap(([key, inner]) => inner === undefined ? [] : [key])

/** All places at which two values differ; empty when they are the same JSON. */
export const differences = (expected: unknown, actual: unknown, pointer = ""): ReadonlyArray<Difference> => {
  if (Equality.sameJson(expected, actual)) return []
  if (!isRecord(expected) || !isRecord(actual) || Array.isArray(expected) !== Array.isArray(actual)) return [{ pointer, expected, actual }]
  return [...new Set([...keysOf(expected), ...keysOf(actual)])].flatMap((key) => differences(own(expected, key), own(actual, key), Pointer.child(pointer, key)))
}

const own = (value: { readonly [key: string]: unknown }, key: string): unknown => Object.hasOwn(value, key) ? value[key] : undefined

const limited = (value: unknown): string => {
  const text = value === undefined ? "nothing" : JSON.stringify(value)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

/** The first difference in words; nothing when there is none. */
export const explain = (what: string, expected: unknown, actual: unknown): string | undefined => {
  const all = differences(expected, actual)
  const first = all[0]
  if (first === undefined) return undefined
  const others = all.length === 1 ? "" : ` (and ${all.length - 1} more)`
  return `${what} differs at ${first.pointer === "" ? "the root" : first.pointer}: expected ${limited(first.expected)}, got ${limited(first.actual)}${others}`
}
