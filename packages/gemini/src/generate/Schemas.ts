/**
 * JSON Schema and Gemini's own Schema (a subset of OpenAPI 3.0 with its types in capitals). `decode` reads Gemini's as JSON Schema;
 * `encode` says whether Gemini's can say the same, and gives the nearest where it cannot: references are put in place, what has no
 * keyword is left out. Keywords are only looked for where a schema stands: a property may have any name.
 */
import { sameJson } from "@sluice/protocol/Equality"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Keys from "./Keys.ts"

/** Numbers of the enumeration Type. */
const types = ["unspecified", "string", "number", "integer", "boolean", "array", "object", "null"] as const

/** Counts are 64-bit integers, which protobuf's JSON writes as text. */
const counts: ReadonlySet<string> = new Set(["minItems", "maxItems", "minProperties", "maxProperties", "minLength", "maxLength"])

const camel: ReadonlyMap<string, string> = new Map(
  [...counts, "anyOf", "propertyOrdering", "additionalProperties"].map((key): readonly [string, string] => [Keys.snake(key), key])
)

const mapValues = (value: Json, each: (inner: Json) => Json): Json =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, each(inner)])) : value

const typeWord = (value: Json): Json => typeof value === "number" ? types[value] ?? value : typeof value === "string" ? value.toLowerCase() : value

const countOf = (value: Json): Json => typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value

const nullable = (schema: JsonObject): JsonObject => {
  const { type } = schema
  if (typeof type === "string") return { ...schema, type: [type, "null"] }
  const { anyOf } = schema
  return Array.isArray(anyOf) ? { ...schema, anyOf: [...anyOf, { type: "null" }] } : schema
}

/** Gemini's Schema as JSON Schema. What is no schema stays as it is. */
export const decode = (value: Json): Json => {
  if (!isObject(value)) return value
  const read: { [key: string]: Json } = {}
  let isNullable = false
  for (const [written, inner] of Object.entries(value)) {
    const key = camel.get(written) ?? written
    if (key === "type") read[key] = typeWord(inner)
    else if (key === "nullable" && typeof inner === "boolean") isNullable = inner
    else if (key === "properties") read[key] = mapValues(inner, decode)
    else if (key === "items" || key === "additionalProperties") read[key] = decode(inner)
    else if (key === "anyOf") read[key] = Array.isArray(inner) ? inner.map((each: Json) => decode(each)) : inner
    else read[key] = counts.has(key) ? countOf(inner) : inner
  }
  return isNullable ? nullable(read) : read
}

/** The schema of parameters or answers, as JSON Schema. */
export const decodeObject = (value: JsonObject): JsonObject => {
  const read = decode(value)
  return isObject(read) ? read : value
}

/** Keywords that mean the same in both. */
const kept: ReadonlySet<string> = new Set([
  ...counts,
  "title",
  "description",
  "required",
  "minimum",
  "maximum",
  "pattern",
  "example",
  "propertyOrdering",
  "default"
])

/** Formats that Gemini takes; any other is refused. */
const formats: ReadonlySet<string> = new Set(["enum", "date-time", "float", "double", "int32", "int64"])

interface Encoding {
  readonly root: JsonObject
  /** References that are being put in place: one that leads back to itself ends. */
  readonly open: ReadonlySet<string>
  /** Schemas that may still be written: references that multiply each other end. */
  readonly budget: { left: number }
}

const maxDepth = 32
const maxSchemas = 20_000

const resolve = (reference: string, root: JsonObject): Json | undefined => {
  if (!reference.startsWith("#")) return undefined
  let target: Json | undefined = root
  for (const step of reference.slice(1).split("/").slice(1)) {
    const key = decodeStep(step)
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined
  }
  return target
}

const decodeStep = (step: string): string => step.replaceAll("~1", "/").replaceAll("~0", "~")

const isNull = (schema: Json): boolean => isObject(schema) && schema["type"] === "null"

const typeOfValue = (value: Json | undefined): string =>
  typeof value === "number" ? (Number.isInteger(value) ? "INTEGER" : "NUMBER") : typeof value === "boolean" ? "BOOLEAN" : "STRING"

/** The values there may be: only texts are enumerated, of others the type is what remains. */
const withValues = (values: ReadonlyArray<Json>, out: { [key: string]: Json }): void => {
  const stated = values.filter((value) => value !== null)
  if (stated.length < values.length) out["nullable"] = true
  out["type"] ??= typeOfValue(stated[0])
  if (stated.length > 0 && stated.every((value) => typeof value === "string")) out["enum"] = stated
}

const withTypes = (list: ReadonlyArray<Json>, out: { [key: string]: Json }): void => {
  const words = list.flatMap((type) => typeof type === "string" && type !== "null" ? [type.toUpperCase()] : [])
  if (list.includes("null")) out["nullable"] = true
  const [only, second] = words
  if (second !== undefined) out["anyOf"] = words.map((type) => ({ type }))
  else out["type"] = only ?? "NULL"
}

/** Several alternatives; null among them is a property of the others. */
const withAlternatives = (alternatives: ReadonlyArray<Json>, at: Encoding, out: { [key: string]: Json }): void => {
  const others = alternatives.filter((schema) => !isNull(schema))
  if (others.length < alternatives.length) out["nullable"] = true
  const written = others.map((schema) => encodeAt(schema, at))
  const [only, second] = written
  if (second === undefined && isObject(only)) Object.assign(out, { ...only, ...out })
  else if (written.length > 0) out["anyOf"] = written
}

const merged = (schema: JsonObject): JsonObject => {
  const all = schema["allOf"]
  if (!Array.isArray(all)) return schema
  const { allOf: _, ...rest } = schema
  return all.filter(isObject).reduce<JsonObject>((whole, part: JsonObject) => ({
    ...part,
    ...whole,
    ...(isObject(part["properties"]) || isObject(whole["properties"])
      ? { properties: { ...(isObject(whole["properties"]) ? whole["properties"] : {}), ...(isObject(part["properties"]) ? part["properties"] : {}) } }
      : {}),
    ...(Array.isArray(part["required"]) || Array.isArray(whole["required"])
      ? { required: [...listOf(whole["required"]), ...listOf(part["required"])] }
      : {})
  }), rest)
}

const listOf = (value: Json | undefined): ReadonlyArray<Json> => Array.isArray(value) ? value : []

/** The schema a reference means, with what stands beside the reference; one that leads back to itself says only its type. */
const inPlace = (schema: JsonObject, reference: string, at: Encoding): readonly [JsonObject, Encoding] => {
  const { $ref: _, ...beside } = schema
  const target = at.open.has(reference) || at.open.size >= maxDepth ? undefined : resolve(reference, at.root)
  if (isObject(target)) return [{ ...target, ...beside }, { ...at, open: new Set([...at.open, reference]) }]
  const shown = resolve(reference, at.root)
  return [{ type: isObject(shown) && typeof shown["type"] === "string" ? shown["type"] : "object", ...beside }, at]
}

const encodeAt = (value: Json, outer: Encoding): Json => {
  if (!isObject(value) || outer.budget.left <= 0) return {}
  outer.budget.left -= 1
  const reference = value["$ref"]
  const [found, at] = typeof reference === "string" ? inPlace(value, reference, outer) : [value, outer] as const
  if (typeof found["$ref"] === "string") return encodeAt(found, at)
  const schema = merged(found)
  const out: { [key: string]: Json } = {}
  for (const [key, inner] of Object.entries(schema)) {
    if (key === "type") withTypes(Array.isArray(inner) ? inner : [inner], out)
    else if (key === "properties" && isObject(inner)) out[key] = mapValues(inner, (each) => encodeAt(each, at))
    else if (key === "items" && isObject(inner)) out[key] = encodeAt(inner, at)
    else if (key === "enum" && Array.isArray(inner)) withValues(inner, out)
    else if (key === "const") withValues([inner], out)
    else if (key === "format" && typeof inner === "string" && formats.has(inner)) out[key] = inner
    else if (key === "exclusiveMinimum" && typeof inner === "number") out["minimum"] ??= inner
    else if (key === "exclusiveMaximum" && typeof inner === "number") out["maximum"] ??= inner
    else if (key === "required") {
      // A property that says itself that it is required, as an old draft of JSON Schema had it, is listed by its object
      if (Array.isArray(inner)) out[key] = inner
    } else if (kept.has(key)) out[key] = inner
  }
  const demanding = isObject(schema["properties"]) ? namesOfDemanding(schema["properties"]) : []
  if (demanding.length > 0) out["required"] = [...new Set([...listOf(out["required"]), ...demanding])]
  for (const key of ["anyOf", "oneOf"]) {
    const alternatives = schema[key]
    if (Array.isArray(alternatives)) withAlternatives(alternatives, at, out)
  }
  return { ...out, ...pruned(out) }
}

/** Properties whose own schema says `required: true`. */
const namesOfDemanding = (properties: JsonObject): ReadonlyArray<string> =>
  Object.entries(properties).flatMap(([name, schema]) => isObject(schema) && schema["required"] === true ? [name] : [])

/** Gemini refuses required properties that there are not. */
const pruned = (schema: JsonObject): JsonObject => {
  const { properties, required } = schema
  if (!Array.isArray(required) || !isObject(properties)) return {}
  return { required: required.filter((name) => typeof name === "string" && Object.hasOwn(properties, name)) }
}

/** Objects of which no property is known are refused. */
const isTaken = (value: Json): boolean => {
  if (!isObject(value)) return true
  const { anyOf, items, properties } = value
  if (value["type"] === "OBJECT" && (!isObject(properties) || Object.keys(properties).length === 0)) return false
  const inner = [...(isObject(properties) ? Object.values(properties) : []), ...listOf(anyOf), ...(items === undefined ? [] : [items])]
  return inner.every(isTaken)
}

/** The JSON Schema in Gemini's words, and whether they say the very same and are taken. */
export const encode = (schema: JsonObject): { readonly schema: JsonObject; readonly isExact: boolean } => {
  const written = encodeAt(schema, { root: schema, open: new Set(), budget: { left: maxSchemas } })
  const object = isObject(written) ? written : {}
  return { schema: object, isExact: isTaken(object) && sameJson(decode(object), schema) }
}
