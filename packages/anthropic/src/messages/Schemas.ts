/**
 * JSON Schemas as Anthropic takes them: an object without a union at the root of tool arguments, and closed objects wherever
 * the schema is enforced (docs: structured outputs; the service refuses an object without `additionalProperties: false`).
 */
import { sameJson } from "@sluice/protocol/Equality"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const unionKeys = ["anyOf", "oneOf", "allOf"]

const objectsIn = (value: Json | undefined): ReadonlyArray<JsonObject> => Array.isArray(value) ? value.filter(isObject) : []

/** Arguments of a tool as an object at the root: the variants of a union there join their properties, none required. */
export const rooted = (schema: JsonObject | undefined): JsonObject => {
  if (schema === undefined) return { type: "object", properties: {} }
  const variants = unionKeys.flatMap((key) => objectsIn(schema[key]))
  if (variants.length === 0) return schema["type"] === "object" ? schema : { ...schema, type: "object" }
  const properties = [schema, ...variants].map((variant) => variant["properties"]).filter((value) => isObject(value))
  const kept = Object.entries(schema).filter(([key]) => !unionKeys.includes(key) && key !== "required")
  return { ...Object.fromEntries(kept), type: "object", properties: Object.assign({}, ...properties) }
}

/** Keys under which a schema holds more schemas: by name, in a list, or one. */
const named = new Set(["properties", "$defs", "definitions"])
const listed = new Set(["anyOf", "oneOf", "allOf", "prefixItems"])
const single = new Set(["items", "additionalProperties"])

/** A schema with every object in it closed. */
export interface Closed {
  readonly schema: JsonObject
  /** The caller asked for further properties, which an enforced schema cannot have. */
  readonly isWider: boolean
}

const isOpen = (schema: JsonObject): boolean => {
  const further = schema["additionalProperties"]
  return further === true || isObject(further)
}

const within = (value: Json, isWide: Array<JsonObject>): Json => isObject(value) ? close(value, isWide) : value

const close = (schema: JsonObject, isWide: Array<JsonObject>): JsonObject => {
  const inner = Object.fromEntries(
    Object.entries(schema).map(([key, value]): readonly [string, Json] => {
      if (named.has(key) && isObject(value)) return [key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, within(one, isWide)]))]
      if (listed.has(key) && Array.isArray(value)) return [key, value.map((one) => within(one, isWide))]
      return [key, single.has(key) ? within(value, isWide) : value]
    })
  )
  const isRecord = schema["type"] === "object" || isObject(schema["properties"])
  if (isRecord && isOpen(schema)) isWide.push(schema)
  const written = isRecord && schema["additionalProperties"] !== false ? { ...inner, additionalProperties: false } : inner
  return sameJson(written, schema) ? schema : written
}

/** The schema with every object in it closed; the same schema when all were. */
export const closed = (schema: JsonObject): Closed => {
  const wide: Array<JsonObject> = []
  const written = close(schema, wide)
  return { schema: written, isWider: wide.length > 0 }
}
