/**
 * JSON Schemas as Anthropic enforces them: every object is closed (docs: structured outputs; the service refuses an object
 * without `additionalProperties: false`). What the root of tool arguments must be is in Roots.ts.
 */
import { sameJson } from "@sluice/protocol/Equality"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

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
