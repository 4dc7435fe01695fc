/**
 * A plausible value for a JSON Schema: required properties only, the first enum member, the lower bound. Used for
 * tool arguments and structured answers. It covers the keywords providers accept in tool schemas, not all of JSON
 * Schema; `pattern` and exotic formats are outside.
 */
import { arrayOf, isObject, type JsonObject, numberOf, objectOf, stringOf } from "./Json.ts"

const maxDepth = 16

const resolve = (schema: JsonObject, root: JsonObject): JsonObject => {
  const reference = stringOf(schema["$ref"])
  if (reference === "#") return root
  if (!reference.startsWith("#/")) return schema
  const target = reference.slice(2).split("/").reduce<unknown>((node, key) => objectOf(node)[key.replaceAll("~1", "/").replaceAll("~0", "~")], root)
  return objectOf(target)
}

const typeOf = (schema: JsonObject): string => {
  const type = schema["type"]
  if (typeof type === "string") return type
  const named = arrayOf(type).find((name) => name !== "null")
  if (typeof named === "string") return named
  if (isObject(schema["properties"])) return "object"
  return isObject(schema["items"]) ? "array" : "string"
}

const formats: Readonly<Record<string, string>> = {
  "date": "2026-01-02",
  "time": "03:04:05Z",
  "date-time": "2026-01-02T03:04:05Z",
  "duration": "P1D",
  "email": "someone@example.com",
  "hostname": "example.com",
  "ipv4": "192.0.2.1",
  "ipv6": "2001:db8::1",
  "uri": "https://example.com/",
  "uuid": "00000000-0000-4000-8000-000000000000"
}

const sampleString = (schema: JsonObject, name: string): string => {
  const fixed = formats[stringOf(schema["format"])]
  if (fixed !== undefined) return fixed
  const text = (name === "" ? "sample" : `sample ${name}`).padEnd(numberOf(schema["minLength"]) ?? 0, "x")
  return text.slice(0, numberOf(schema["maxLength"]) ?? text.length)
}

const between = (low: number, high: number | undefined, step: number): number => high === undefined || low + step < high ? low + step : (low + high) / 2

const sampleNumber = (schema: JsonObject, step: number): number => {
  const exclusive = numberOf(schema["exclusiveMinimum"])
  const high = numberOf(schema["maximum"]) ?? numberOf(schema["exclusiveMaximum"])
  const multiple = numberOf(schema["multipleOf"])
  const low = numberOf(schema["minimum"]) ?? (exclusive === undefined ? undefined : between(exclusive, high, step))
  const value = low ?? (high !== undefined && high <= 7 ? high - step : 7)
  return multiple === undefined || multiple === 0 ? value : Math.ceil(value / multiple) * multiple
}

const sampleObject = (schema: JsonObject, root: JsonObject, depth: number): JsonObject => {
  const properties = objectOf(schema["properties"])
  const required = arrayOf(schema["required"]).filter((key) => typeof key === "string")
  return Object.fromEntries(required.map((key) => [key, sample(objectOf(properties[key]), root, key, depth + 1)]))
}

const sampleArray = (schema: JsonObject, root: JsonObject, name: string, depth: number): ReadonlyArray<unknown> => {
  const length = Math.min(64, Math.max(numberOf(schema["minItems"]) ?? 1, 0))
  return Array.from({ length }, () => sample(objectOf(schema["items"]), root, name, depth + 1))
}

const sample = (given: JsonObject, root: JsonObject, name: string, depth: number): unknown => {
  const schema = resolve(given, root)
  if ("const" in schema) return schema["const"]
  const members = arrayOf(schema["enum"])
  if (members.length > 0) return members[0]
  const alternative = arrayOf(schema["anyOf"]).concat(arrayOf(schema["oneOf"])).find((option) => objectOf(option)["type"] !== "null")
  if (isObject(alternative) && depth < maxDepth) return sample(alternative, root, name, depth + 1)
  const all = arrayOf(schema["allOf"])
  if (all.length > 0 && depth < maxDepth) return sample(Object.assign({}, ...all.map((part) => resolve(objectOf(part), root))), root, name, depth + 1)
  const type = typeOf(schema)
  if (type === "object") return depth < maxDepth ? sampleObject(schema, root, depth) : {}
  if (type === "array") return depth < maxDepth ? sampleArray(schema, root, name, depth) : []
  if (type === "integer") return Math.ceil(sampleNumber(schema, 1))
  if (type === "number") return sampleNumber(schema, 0.5)
  if (type === "boolean") return true
  return type === "null" ? null : sampleString(schema, name)
}

/** A value for the schema, the same one every time; recursion is cut at depth 16. */
export const sampleValue = (schema: JsonObject): unknown => sample(schema, schema, "", 0)
