/**
 * Writes an edit into a wire value: what the fresh encoding says before and after the edit differs only in what was edited, and
 * only that is changed in the value that was received. Everything else, known or unknown, stays as it is.
 */
import { same } from "@sluice/protocol/Equality"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const rebaseValue = (wire: Json | undefined, before: Json | undefined, after: Json | undefined): Json | undefined => {
  if (same(before, after)) return wire
  if (isObject(wire) && isObject(before) && isObject(after)) return rebase(wire, before, after)
  if (
    Array.isArray(wire) && Array.isArray(before) && Array.isArray(after) && wire.length === before.length && before.length === after.length
  ) {
    return wire.map((item: Json, index) => rebaseValue(item, before[index], after[index]) ?? null)
  }
  return after
}

/** The wire object with what differs between two fresh encodings. */
export const rebase = (wire: JsonObject, before: JsonObject, after: JsonObject): JsonObject => {
  const edited: { [key: string]: Json } = { ...wire }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const value = rebaseValue(wire[key], before[key], after[key])
    if (value === undefined) delete edited[key]
    else edited[key] = value
  }
  return edited
}
