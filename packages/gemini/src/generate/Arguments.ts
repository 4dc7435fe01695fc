/**
 * Arguments that arrive in pieces by JSON path (Vertex AI, `streamFunctionCallArguments`), put together: text of one path is
 * appended as long as it continues, other values are set. Paths are those Google writes: `$.a.b[0].c` and `$['a']`.
 */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Keys from "./Keys.ts"
import type { PartialArg } from "./Wire.ts"

/** Steps of a path: keys of objects and indexes of lists. */
const stepsOf = (path: string): ReadonlyArray<string | number> =>
  [...path.replace(/^\$/, "").matchAll(/\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g)].map(([, key, index, single, double]) =>
    index === undefined ? key ?? single ?? double ?? "" : Number(index)
  )

/** Longest list and deepest nesting a path may make: both are the provider's word, and not a size to reserve. */
const maxIndex = 4096
const maxSteps = 64

const changed = (value: Json | undefined, steps: ReadonlyArray<string | number>, change: (leaf: Json | undefined) => Json): Json => {
  const [step, ...rest] = steps
  if (step === undefined) return change(value)
  if (typeof step === "string") {
    const object: JsonObject = isObject(value) ? value : {}
    return { ...object, [step]: changed(Object.hasOwn(object, step) ? object[step] : undefined, rest, change) }
  }
  const list: Array<Json> = Array.isArray(value) ? [...value] : []
  if (step > maxIndex) return list
  while (list.length < step) list.push(null)
  list[step] = changed(list[step], rest, change)
  return list
}

const valueOf = (arg: PartialArg): Json | undefined =>
  Keys.read(arg, "numberValue") ?? Keys.read(arg, "boolValue") ?? (Object.hasOwn(arg, "nullValue") || Object.hasOwn(arg, "null_value") ? null : undefined)

/** Arguments with one piece more. */
export const add = (args: JsonObject, arg: PartialArg): JsonObject => {
  const steps = stepsOf(Keys.read(arg, "jsonPath") ?? "")
  if (steps.length === 0 || steps.length > maxSteps) return args
  const text = Keys.read(arg, "stringValue")
  const value = valueOf(arg)
  const next = changed(args, steps, (leaf) => text === undefined ? value ?? null : typeof leaf === "string" ? leaf + text : text)
  return isObject(next) ? next : args
}
