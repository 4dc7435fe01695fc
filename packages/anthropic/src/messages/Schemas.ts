/**
 * JSON Schemas as Anthropic enforces them: closed objects, no bounds of values and no recursion (docs: structured outputs, JSON Schema
 * limitations). What the root of tool arguments must be is the protocol's (RootedSchema.ts there).
 */
import { sameJson } from "@sluice/protocol/Equality"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

/** Keys under which a schema holds more schemas: by name, in a list, or one. */
const named = new Set(["properties", "$defs", "definitions"])
const listed = new Set(["anyOf", "oneOf", "allOf", "prefixItems"])
const single = new Set(["items", "additionalProperties"])

/** Formats of texts that the service enforces; it refuses any other. */
const formats = new Set(["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"])

/** Keywords that bound a value, which the service refuses in a schema it enforces: they are said in words instead, as its SDK does. */
const bounds = new Set([
  ..."minimum,maximum,exclusiveMinimum,exclusiveMaximum,multipleOf,minLength,maxLength,maxItems,uniqueItems,contains,minContains,maxContains".split(","),
  ..."minProperties,maxProperties,patternProperties,propertyNames,not,if,then,else,dependentRequired,dependentSchemas,unevaluatedProperties".split(",")
])

const isBound = (key: string, value: Json): boolean =>
  bounds.has(key) || (key === "format" && typeof value === "string" && !formats.has(value)) || (key === "minItems" && value !== 0 && value !== 1)

/** A schema as the service enforces it. */
export interface Closed {
  readonly schema: JsonObject
  /** The caller asked for what an enforced schema cannot have: further properties, or objects inside themselves without end. */
  readonly isWider: boolean
}

const isOpen = (schema: JsonObject): boolean => {
  const further = schema["additionalProperties"]
  return further === true || isObject(further)
}

interface Walk {
  isWider: boolean
}

const within = (value: Json, walk: Walk): Json => isObject(value) ? close(value, walk) : value

const inWords = (schema: JsonObject, unsaid: ReadonlyArray<readonly [string, Json]>): JsonObject => {
  if (unsaid.length === 0) return {}
  const words = unsaid.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ")
  const { description } = schema
  return { description: typeof description === "string" && description !== "" ? `${description} {${words}}` : `{${words}}` }
}

const close = (schema: JsonObject, walk: Walk): JsonObject => {
  const entries = Object.entries(schema)
  const unsaid = entries.filter(([key, value]) => isBound(key, value))
  const inner = Object.fromEntries(
    entries.filter(([key, value]) => !isBound(key, value)).map(([key, value]): readonly [string, Json] => {
      if (named.has(key) && isObject(value)) return [key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, within(one, walk)]))]
      if (listed.has(key) && Array.isArray(value)) {
        return [key === "oneOf" && schema["anyOf"] === undefined ? "anyOf" : key, value.map((one) => within(one, walk))]
      }
      return [key, single.has(key) ? within(value, walk) : value]
    })
  )
  const { properties, type } = schema
  const isRecord = isObject(properties) || type === "object" || (Array.isArray(type) && type.includes("object"))
  if (isRecord && isOpen(schema)) walk.isWider = true
  const written = { ...inner, ...inWords(schema, unsaid), ...(isRecord ? { additionalProperties: false } : {}) }
  return sameJson(written, schema) ? schema : written
}

/** Names of the definitions a schema refers to, through all it holds. */
const referencesIn = (value: Json): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(referencesIn)
  if (!isObject(value)) return []
  const { $ref: reference } = value
  return [...(typeof reference === "string" ? [reference] : []), ...Object.values(value).flatMap(referencesIn)]
}

/** Whether a definition leads back to itself, or the root does. */
const isEndless = (schema: JsonObject): boolean => {
  const { $defs, definitions, ...root } = schema
  const followed = new Map<string, ReadonlyArray<string>>([["#", referencesIn(root)]])
  for (const [key, held] of [["$defs", $defs], ["definitions", definitions]] as const) {
    if (isObject(held)) { for (const [name, one] of Object.entries(held)) followed.set(`#/${key}/${name}`, referencesIn(one)) }
  }
  const done = new Set<string>()
  const leadsBack = (name: string, way: ReadonlySet<string>): boolean => {
    if (way.has(name)) return true
    if (done.has(name)) return false
    const next = new Set([...way, name])
    const found = (followed.get(name) ?? []).some((reference) => leadsBack(reference, next))
    done.add(name)
    return found
  }
  return [...followed.keys()].some((name) => leadsBack(name, new Set()))
}

/** The schema as the service enforces it; the same schema when it was so. */
export const closed = (schema: JsonObject): Closed => {
  const walk: Walk = { isWider: false }
  const written = close(schema, walk)
  return { schema: written, isWider: walk.isWider || isEndless(schema) }
}
