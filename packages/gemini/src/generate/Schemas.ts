/**
 * JSON Schema and Gemini's own Schema (a subset of OpenAPI 3.0 with its types in capitals). `decode` reads Gemini's as JSON Schema;
 * `encode` says whether Gemini's can say the same, and gives the nearest where it cannot: references are put in place, what has no
 * keyword is left out. Keywords are only looked for where a schema stands: a property may have any name.
 */
import { sameJson } from "@sluice/protocol/Equality"
import { present } from "@sluice/protocol/Json"
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

/** Keywords under which a schema holds more schemas. */
const holders = ["properties", "items", "prefixItems", "anyOf", "oneOf", "allOf", "then", "else"]

const isNullType = (type: Json | undefined): boolean => Array.isArray(type) ? type.length > 0 && type.every(isNullType) : type === "null"

const isNull = (schema: Json): boolean => isObject(schema) && isNullType(schema["type"]) && !holders.some((key) => Object.hasOwn(schema, key))

const typeOfValue = (value: Json | undefined): string =>
  typeof value === "number" ? (Number.isInteger(value) ? "INTEGER" : "NUMBER") : typeof value === "boolean" ? "BOOLEAN" : "STRING"

/** The values there may be: only texts are enumerated, of others the type is what remains. */
const withValues = (values: ReadonlyArray<Json>, out: { [key: string]: Json }): void => {
  const stated = values.filter((value) => value !== null)
  const isTyped = out["type"] !== undefined || out["anyOf"] !== undefined
  if (stated.length < values.length && stated.length > 0) out["nullable"] = true
  if (!isTyped) out["type"] = stated.length === 0 ? "NULL" : typeOfValue(stated[0])
  if (stated.length > 0 && stated.every((value) => typeof value === "string")) out["enum"] = stated
}

/** Keywords that say something of one type only, by that type. */
const ofType: ReadonlyArray<readonly [type: string, keywords: ReadonlyArray<string>]> = [
  ["OBJECT", ["properties", "required", "minProperties", "maxProperties", "propertyOrdering"]],
  ["ARRAY", ["items", "minItems", "maxItems"]],
  ["STRING", ["enum", "pattern", "minLength", "maxLength"]]
]

const withTypes = (list: ReadonlyArray<Json>, out: { [key: string]: Json }): void => {
  const words = list.flatMap((type) => typeof type === "string" && type !== "null" ? [type.toUpperCase()] : [])
  if (list.includes("null") && words.length > 0) out["nullable"] = true
  const [only, second] = words
  if (second === undefined) out["type"] = only ?? "NULL"
  else out["anyOf"] = words.map((type) => ({ type }))
}

/** What is said beside a list of types goes to the type it is about. */
const withOwnKeywords = (out: { [key: string]: Json }): void => {
  const alternatives = out["anyOf"]
  if (out["type"] !== undefined || !Array.isArray(alternatives)) return
  out["anyOf"] = alternatives.map((one) => {
    const keywords = ofType.find(([type]) => isObject(one) && one["type"] === type && Object.keys(one).length === 1)?.[1] ?? []
    const own = keywords.flatMap((key) => out[key] === undefined ? [] : [[key, out[key]] as const])
    return isObject(one) ? accepted({ ...one, ...Object.fromEntries(own) }) : one
  })
  for (const [type, keywords] of ofType) {
    if (!alternatives.some((one) => isObject(one) && one["type"] === type && Object.keys(one).length === 1)) continue
    for (const key of keywords) delete out[key]
  }
}

/** Several alternatives, none of them null: that is a property of them all. */
const withAlternatives = (alternatives: ReadonlyArray<Json>, at: Encoding, out: { [key: string]: Json }): void => {
  const written = alternatives.map((schema) => encodeAt(schema, at))
  if (written.length > 0) out["anyOf"] = [...listOf(out["anyOf"]), ...written]
}

const listOf = (value: Json | undefined): ReadonlyArray<Json> => Array.isArray(value) ? value : []

const both = (left: Json | undefined, right: Json | undefined): Json | undefined =>
  left === undefined || right === undefined ? left ?? right : sameJson(left, right) ? left : { allOf: [left, right] }

const objectOf = (value: Json | undefined): JsonObject => isObject(value) ? value : {}

const elementsOf = (items: Json | undefined): ReadonlyArray<Json> => isObject(items) ? [items] : listOf(items)

/** Two schemas that both hold: the properties and elements of both, the alternatives of either, and of other keywords the first's. */
const joined = (whole: JsonObject, part: JsonObject): JsonObject => {
  const [properties, more] = [objectOf(whole["properties"]), objectOf(part["properties"])]
  const names = [...new Set([...Object.keys(properties), ...Object.keys(more)])]
  const own = (of: JsonObject, name: string): Json | undefined => Object.hasOwn(of, name) ? of[name] : undefined
  const required = [...new Set([...listOf(whole["required"]), ...listOf(part["required"])])]
  const lists = ["anyOf", "oneOf", "allOf", "prefixItems"].flatMap((key) => {
    const list = [...listOf(whole[key]), ...listOf(part[key])]
    return list.length === 0 ? [] : [[key, list] as const]
  })
  return present({
    ...part,
    ...whole,
    ...Object.fromEntries(lists),
    properties: names.length === 0
      ? whole["properties"] ?? part["properties"]
      : Object.fromEntries(names.map((name) => [name, both(own(properties, name), own(more, name)) ?? {}])),
    required: required.length === 0 ? whole["required"] ?? part["required"] : required,
    items: Array.isArray(whole["items"]) || Array.isArray(part["items"])
      ? [...elementsOf(whole["items"]), ...elementsOf(part["items"])]
      : both(whole["items"], part["items"])
  })
}

/** The schema a reference means, with what stands beside the reference; one that leads back to itself says only its type. */
const inPlace = (schema: JsonObject, at: Encoding): readonly [JsonObject, Encoding] => {
  const { $ref: reference, ...beside } = schema
  if (typeof reference !== "string") return [schema, at]
  const target = at.open.has(reference) || at.open.size >= maxDepth ? undefined : resolve(reference, at.root)
  if (isObject(target)) return inPlace(joined(beside, target), { ...at, open: new Set([...at.open, reference]) })
  const shown = resolve(reference, at.root)
  return [{ type: isObject(shown) && typeof shown["type"] === "string" ? shown["type"] : "object", ...beside }, at]
}

interface Flat {
  readonly schema: JsonObject
  readonly at: Encoding
  readonly isNullable: boolean
}

/**
 * The schema in one piece: references put in place, and joined with all that has to hold besides. What holds under a condition
 * may be there, none of it has to be; of two alternatives of which one is null, the other holds.
 */
const flat = (value: JsonObject, outer: Encoding): Flat => {
  const [schema, inside] = inPlace(value, outer)
  const { allOf, else: otherwise, if: _, then, ...rest } = schema
  const parts: Array<Json> = [...listOf(allOf)]
  let isNullable = false
  let whole: JsonObject = rest
  for (const key of ["anyOf", "oneOf"]) {
    const alternatives = listOf(rest[key])
    const others = alternatives.filter((one) => !isNull(one))
    if (others.length < alternatives.length && others.length > 0) isNullable = true
    const { [key]: __, ...without } = whole
    if (others.length === 1) {
      parts.push(...others)
      whole = without
    } else if (others.length > 1) whole = { ...whole, [key]: others }
    else if (alternatives.length > 0) whole = { type: "null", ...without }
  }
  for (const part of [then, otherwise]) {
    if (!isObject(part)) continue
    const { required: __, ...optional } = inPlace(part, inside)[0]
    parts.push(optional)
  }
  let at = inside
  for (const part of parts) {
    if (!isObject(part) || at.budget.left <= 0) continue
    at.budget.left -= 1
    const inner = flat(part, at)
    at = inner.at
    isNullable ||= inner.isNullable
    whole = joined(whole, inner.schema)
  }
  return { schema: whole, at, isNullable }
}

/** What the elements of a list are: one schema, or any of those that a list of them names by place. */
const itemsOf = (schema: JsonObject, at: Encoding): Json | undefined => {
  const { items, prefixItems } = schema
  const places = [...listOf(prefixItems), ...listOf(items), ...(isObject(items) && prefixItems !== undefined ? [items] : [])]
  const [only, second] = places
  if (only === undefined) return isObject(items) ? encodeAt(items, at) : undefined
  return encodeAt(second === undefined ? only : { anyOf: places }, at)
}

/** Names that are required, and those whose own schema says so, as old schemas do. */
const requiredOf = ({ properties, required }: JsonObject): ReadonlyArray<Json> => {
  const own = isObject(properties) ? Object.entries(properties).filter(([, one]) => isObject(one) && one["required"] === true).map(([name]) => name) : []
  return [...listOf(required), ...own.filter((name) => !listOf(required).includes(name))]
}

const encodeAt = (value: Json, outer: Encoding): Json => {
  if (!isObject(value) || outer.budget.left <= 0) return {}
  outer.budget.left -= 1
  const { at, isNullable, schema } = flat(value, outer)
  const out: { [key: string]: Json } = isNullable ? { nullable: true } : {}
  const { type } = schema
  if (type !== undefined) withTypes(Array.isArray(type) ? type : [type], out)
  for (const [key, inner] of Object.entries(schema)) {
    if (key === "properties" && isObject(inner)) out[key] = mapValues(inner, (each) => encodeAt(each, at))
    else if (key === "items" || key === "prefixItems") Object.assign(out, present({ items: itemsOf(schema, at) }))
    else if (key === "enum" && Array.isArray(inner)) withValues(inner, out)
    else if (key === "const") withValues([inner], out)
    else if (key === "format" && typeof inner === "string" && formats.has(inner)) out[key] = inner
    else if (key === "exclusiveMinimum" && typeof inner === "number") out["minimum"] ??= inner
    else if (key === "exclusiveMaximum" && typeof inner === "number") out["maximum"] ??= inner
    else if (kept.has(key) && key !== "required") out[key] = inner
  }
  const required = requiredOf(schema)
  if (required.length > 0) out["required"] = required
  withOwnKeywords(out)
  for (const key of ["anyOf", "oneOf"]) withAlternatives(listOf(schema[key]), at, out)
  return accepted(out)
}

/** Gemini refuses required properties that there are not, lists of unknown elements, and enumerations of anything but texts. */
const accepted = (schema: { readonly [key: string]: Json }): JsonObject => {
  const { enum: values, nullable: isNullable, required, ...others } = schema
  const properties = objectOf(schema["properties"])
  const admitsNull = schema["type"] === "NULL" || (schema["type"] === undefined && schema["anyOf"] === undefined)
  const names = listOf(required).filter((name) => typeof name === "string" && Object.hasOwn(properties, name))
  return {
    ...others,
    ...(isNullable === undefined || admitsNull ? {} : { nullable: isNullable }),
    ...(schema["type"] === "STRING" && values !== undefined ? { enum: values } : {}),
    ...(names.length === 0 ? {} : { required: names }),
    ...(schema["type"] === "ARRAY" && schema["items"] === undefined ? { items: { type: "STRING" } } : {})
  }
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
