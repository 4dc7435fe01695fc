/**
 * Canonical equality: two values mean the same when they differ at most in where they came from. Wire references, pointers
 * and absent keys take no part.
 */
import { jsonKeys, nodeKeys } from "./Wire.ts"

const none: ReadonlySet<string> = new Set()

const meaningful = (value: object, without: ReadonlySet<string>): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(value).filter(([key, inner]) => inner !== undefined && !without.has(key))

/** Under a key of {@link jsonKeys} stands plain JSON, in which `at` or `wire` are data like any other. */
const below = (key: string, without: ReadonlySet<string>): ReadonlySet<string> => jsonKeys.has(key) ? none : without

const sameWithout = (left: unknown, right: unknown, without: ReadonlySet<string>): boolean => {
  if (Object.is(left, right)) return true
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false
  if (Array.isArray(left) || Array.isArray(right)) {
    return Array.isArray(left) && Array.isArray(right) && left.length === right.length && left.every((item, index) => sameWithout(item, right[index], without))
  }
  const entries = meaningful(left, without)
  return entries.length === meaningful(right, without).length &&
    entries.every(([key, value]) => Object.hasOwn(right, key) && sameWithout(value, Reflect.get(right, key), below(key, without)))
}

const bareWithout = (value: unknown, without: ReadonlySet<string>): unknown => {
  if (Array.isArray(value)) return value.map((inner) => bareWithout(inner, without))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(meaningful(value, without).map(([key, inner]) => [key, bareWithout(inner, below(key, without))]))
}

/** Structural equality of canonical values, leaving out {@link nodeKeys} of nodes and undefined keys. */
export const same = (left: unknown, right: unknown): boolean => sameWithout(left, right, nodeKeys)

/** Structural equality of JSON values, key order aside. */
export const sameJson = (left: unknown, right: unknown): boolean => sameWithout(left, right, none)

/** The value without {@link nodeKeys} and undefined keys, all the way down: what two canonical values are compared and shown by. */
export const bare = (value: unknown): unknown => bareWithout(value, nodeKeys)
