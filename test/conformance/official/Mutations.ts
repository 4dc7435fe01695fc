/** One small fault in a JSON value, of the kinds that translators make: a judge that misses them proves nothing. */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

/** What is done to a value. */
export type Fault = "key left out" | "key misnamed" | "type swapped" | "word unknown"

/** The faults. */
export const faults: ReadonlyArray<Fault> = ["key left out", "key misnamed", "type swapped", "word unknown"]

/** Keys that hold whatever a caller likes: schemas, arguments, results, metadata. */
const free = new Set(["parameters", "input_schema", "schema", "args", "metadata", "parametersJsonSchema", "responseJsonSchema", "responseSchema", "logit_bias"])

const isFree = (key: string, parent: JsonObject): boolean =>
  free.has(key) || (key === "input" && parent["type"] === "tool_use") || (key === "response" && parent["name"] !== undefined)

/** Keys whose word tells what an object is. */
const telling = new Set(["type", "role", "object", "finishReason", "finish_reason", "stop_reason"])

type Path = ReadonlyArray<string | number>

/** Every key of a value, by its path. */
const placesIn = (value: Json, path: Path): ReadonlyArray<Path> => {
  if (Array.isArray(value)) return value.flatMap((inner, index) => placesIn(inner, [...path, index]))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => isFree(key, value) ? [[...path, key]] : [[...path, key], ...placesIn(inner, [...path, key])])
}

const at = (value: Json | undefined, [first, ...rest]: Path): Json | undefined => {
  if (first === undefined) return value
  if (Array.isArray(value) && typeof first === "number") return at(value[first], rest)
  return isObject(value) ? at(value[first], rest) : undefined
}

const changed = (value: Json, [first, ...rest]: Path, change: (parent: JsonObject, key: string) => JsonObject): Json => {
  if (Array.isArray(value)) return value.map((inner, index) => index === first ? changed(inner, rest, change) : inner)
  if (!isObject(value) || typeof first !== "string") return value
  return rest.length === 0 ? change(value, first) : { ...value, [first]: changed(value[first] ?? null, rest, change) }
}

const without = (parent: JsonObject, key: string): JsonObject => Object.fromEntries(Object.entries(parent).filter(([other]) => other !== key))

const swapped = (value: Json | undefined): Json => {
  if (typeof value === "string") return { text: value }
  if (typeof value === "number") return `${value} or so`
  if (typeof value === "boolean") return value ? "yes" : "no"
  return Array.isArray(value) ? "a list" : "an object"
}

const inflict = (fault: Fault, parent: JsonObject, key: string): JsonObject => {
  switch (fault) {
    case "key left out":
      return without(parent, key)
    case "key misnamed":
      return { ...without(parent, key), [`${key}_x`]: parent[key] ?? null }
    case "type swapped":
      return { ...parent, [key]: swapped(parent[key]) }
    case "word unknown":
      return { ...parent, [key]: "gibberish" }
  }
}

const suits = (fault: Fault, value: Json, path: Path): boolean => {
  const found = at(value, path)
  if (fault === "word unknown") return telling.has(String(path.at(-1))) && typeof found === "string"
  return fault !== "type swapped" || (found !== null && !isFree(String(path.at(-1)), {}))
}

/** A value with one fault, at the place that `choice` picks; nothing where no place has room for it. */
export const mutated = (value: Json, fault: Fault, choice: number): Json | undefined => {
  const places = placesIn(value, []).filter((path) => suits(fault, value, path))
  const path = places[choice % places.length]
  return path === undefined ? undefined : changed(value, path, (parent, key) => inflict(fault, parent, key))
}
