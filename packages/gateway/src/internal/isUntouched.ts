/** Whether interceptors left a request as it was: every field but the model's name is the same value. */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"

/** Compares by reference, field by field: an interceptor that changes something makes a new value. */
export const isUntouched = (before: CanonicalRequest, after: CanonicalRequest): boolean => {
  if (before === after) return true
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  keys.delete("model")
  return [...keys].every((key) => Object.is(Reflect.get(before, key), Reflect.get(after, key)))
}
