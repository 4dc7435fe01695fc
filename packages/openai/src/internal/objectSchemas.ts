/**
 * JSON Schemas of tool arguments as OpenAI's service takes them: it refuses an object that names no properties ("object schema
 * missing properties"), which other protocols take for an object of anything. Used by the dialects of this package only.
 */
import type { FunctionTool } from "@sluice/protocol/CanonicalRequest"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import type { Crossing } from "../chat/Crossing.ts"

/** Keys under which a schema holds more schemas: by name, in a list, or one. Only there is one looked for: a property may have any name. */
const named: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs", "definitions"])
const listed: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf", "prefixItems"])
const single: ReadonlySet<string> = new Set(["items", "additionalProperties", "not"])

const within = (value: Json): Json => isObject(value) ? withProperties(value) : value

const isOfObjects = (type: Json | undefined): boolean => type === "object" || (Array.isArray(type) && type.includes("object"))

/** The schema with properties named on every object in it, though there be none; the very same schema where all were. */
export const withProperties = (schema: JsonObject): JsonObject => {
  const entries = Object.entries(schema).map(([key, value]): readonly [string, Json] => {
    if (named.has(key) && isObject(value)) {
      const inner = Object.entries(value).map(([name, one]): readonly [string, Json] => [name, within(one)])
      return [key, inner.every(([name, one]) => one === value[name]) ? value : Object.fromEntries(inner)]
    }
    if (listed.has(key) && Array.isArray(value)) {
      const inner = value.map(within)
      return [key, inner.every((one, index) => one === value[index]) ? value : inner]
    }
    return [key, single.has(key) ? within(value) : value]
  })
  const isSilent = isOfObjects(schema["type"]) && schema["properties"] === undefined
  if (!isSilent && entries.every(([key, value]) => value === schema[key])) return schema
  return { ...Object.fromEntries(entries), ...(isSilent ? { properties: {} } : {}) }
}

/** The arguments' schema of a function: inside the dialect as it is, from another as the service takes it. Both mean the same, so that nothing is lost. */
export const parametersOf = ({ parameters }: FunctionTool, { isOwn }: Crossing): JsonObject | undefined =>
  parameters === undefined || isOwn ? parameters : withProperties(parameters)
