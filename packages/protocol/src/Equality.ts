/**
 * Canonical equality: two values mean the same when they differ at most in where they came from. Wire references, pointers
 * and absent keys take no part.
 */
import { nodeKeys } from "./Wire.ts"

const meaningful = (value: object): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(value).filter(([key, inner]) => inner !== undefined && !nodeKeys.has(key))

/** Structural equality of canonical values and of JSON, leaving out {@link nodeKeys} and undefined keys. */
export const same = (left: unknown, right: unknown): boolean => {
  if (Object.is(left, right)) return true
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false
  if (Array.isArray(left) || Array.isArray(right)) {
    return Array.isArray(left) && Array.isArray(right) && left.length === right.length && left.every((item, index) => same(item, right[index]))
  }
  const entries = meaningful(left)
  return entries.length === meaningful(right).length && entries.every(([key, value]) => same(value, Reflect.get(right, key)))
}

/** The value without {@link nodeKeys} and undefined keys, all the way down: what two canonical values are compared and shown by. */
export const bare = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(bare)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(meaningful(value).map(([key, inner]) => [key, bare(inner)]))
}
