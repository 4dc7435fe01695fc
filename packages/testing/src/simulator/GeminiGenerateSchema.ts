/**
 * Gemini's own Schema, the part of OpenAPI it accepts for parameters and structured answers: which keys and values it
 * refuses, and its translation to JSON Schema for the simulator's samples. Fields that take JSON Schema are not its concern.
 */
import type { Refusal } from "./Facts.ts"
import { arrayOf, isObject, isPresent, type JsonObject, objectOf, stringOf } from "./Json.ts"

/** A 400 in Google's manner. */
export const invalidArgument = (message: string): Refusal => ({ status: 400, message })

/** A 400 about a field that the message does not have; the path is in the service's own, snake-cased names. */
export const unknownName = (name: string, at: string): Refusal =>
  invalidArgument(`Invalid JSON payload received. Unknown name "${name}"${at === "" ? "" : ` at '${at}'`}: Cannot find field.`)

/** Whether reading ended in a refusal; no message of the protocol has these two fields. */
export const isRefused = (value: object): value is Refusal => "status" in value && "message" in value

/** A name in the service's own spelling, as its messages write paths. */
export const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const camel = (name: string): string => name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The object with its own keys in camel case: the service takes both spellings, and what it does not know is refused. */
export const message = (value: unknown, known: ReadonlyArray<string>, at: string): JsonObject | Refusal => {
  const entries: Array<readonly [string, unknown]> = []
  for (const [key, inner] of Object.entries(objectOf(value))) {
    if (!known.includes(camel(key))) return unknownName(key, at)
    entries.push([camel(key), inner])
  }
  return Object.fromEntries(entries)
}

const keys = [
  "type",
  "format",
  "title",
  "description",
  "nullable",
  "enum",
  "items",
  "maxItems",
  "minItems",
  "properties",
  "required",
  "minProperties",
  "maxProperties",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "example",
  "anyOf",
  "propertyOrdering",
  "default"
]

const types = ["STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL", "TYPE_UNSPECIFIED"]

/** A field of a schema under either spelling. */
const get = (schema: JsonObject, name: string): unknown => schema[name] ?? schema[snake(name)]

const checkType = (schema: JsonObject, at: string): Refusal | undefined => {
  const type = get(schema, "type")
  if (!isPresent(type)) return undefined
  if (Array.isArray(type)) {
    return invalidArgument(`Invalid JSON payload received. Unknown name "type" at '${at}': Proto field is not repeating, cannot start list.`)
  }
  return types.includes(stringOf(type).toUpperCase())
    ? undefined
    : invalidArgument(`Invalid value at '${at}.type' (type.googleapis.com/google.ai.generativelanguage.v1beta.Type), ${JSON.stringify(type)}`)
}

const checkEnum = (schema: JsonObject, at: string): Refusal | undefined => {
  const members = get(schema, "enum")
  if (!isPresent(members)) return undefined
  const odd = arrayOf(members).findIndex((member) => typeof member !== "string")
  if (odd >= 0) return invalidArgument(`Invalid value at '${at}.enum[${odd}]' (TYPE_STRING), ${JSON.stringify(arrayOf(members)[odd])}`)
  return stringOf(get(schema, "type")).toUpperCase() === "STRING"
    ? undefined
    : invalidArgument(`* GenerateContentRequest.${at}.enum: only allowed for STRING type`)
}

const checkShape = (schema: JsonObject, at: string): Refusal | undefined => {
  const type = stringOf(get(schema, "type")).toUpperCase()
  if (type === "ARRAY" && !isObject(get(schema, "items"))) return invalidArgument(`* GenerateContentRequest.${at}.items: missing field.`)
  const properties = objectOf(get(schema, "properties"))
  const stray = arrayOf(get(schema, "required")).findIndex((name) => !Object.hasOwn(properties, String(name)))
  return stray < 0 ? undefined : invalidArgument(`* GenerateContentRequest.${at}.required[${stray}]: property is not defined`)
}

/** The first thing Gemini refuses in a schema, at a path of its own names. */
export const checkSchema = (value: unknown, at: string): Refusal | undefined => {
  if (!isObject(value)) {
    return invalidArgument(`Invalid value at '${at}' (type.googleapis.com/google.ai.generativelanguage.v1beta.Schema), ${JSON.stringify(value)}`)
  }
  const unknown = Object.keys(value).find((key) => !keys.includes(camel(key)))
  if (unknown !== undefined) return unknownName(unknown, at)
  const refusal = checkType(value, at) ?? checkEnum(value, at) ?? checkShape(value, at)
  if (refusal !== undefined) return refusal
  const children: ReadonlyArray<readonly [string, unknown]> = [
    ...Object.values(objectOf(get(value, "properties"))).map((child, index) => [`properties[${index}].value`, child] as const),
    ...(isPresent(get(value, "items")) ? [["items", get(value, "items")] as const] : []),
    ...arrayOf(get(value, "anyOf")).map((child, index) => [`any_of[${index}]`, child] as const)
  ]
  for (const [name, child] of children) {
    const inner = checkSchema(child, `${at}.${name}`)
    if (inner !== undefined) return inner
  }
  return undefined
}

const numeric = ["minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"]

/** A checked schema in the words of JSON Schema: types in lower case, numbers that were texts as numbers. */
export const jsonSchema = (schema: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(schema).map(([key, value]): readonly [string, unknown] => {
      const name = camel(key)
      if (name === "type") return [name, stringOf(value).toLowerCase()]
      if (name === "properties") {
        return [name, Object.fromEntries(Object.entries(objectOf(value)).map(([property, inner]) => [property, jsonSchema(objectOf(inner))]))]
      }
      if (name === "items") {
        return [name, jsonSchema(objectOf(value))]
      }
      if (name === "anyOf") return [name, arrayOf(value).map(objectOf).map(jsonSchema)]
      return [name, numeric.includes(name) ? Number(value) : value]
    })
  )
