/** Corrections of published schemas, in the few forms there are. */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import type { Schemas } from "./Alternatives.ts"

/** Takes keys out of what schemas require; those of every schema that it is told of by name. */
export const without = (names: ReadonlyArray<string>, keys: ReadonlyArray<string>) => (schemas: Schemas): void => {
  for (const name of names) {
    const schema = schemas[name]
    if (!isObject(schema) || !Array.isArray(schema["required"])) continue
    schemas[name] = { ...schema, required: schema["required"].filter((key) => typeof key !== "string" || !keys.includes(key)) }
  }
}

const everywhere = (value: Json, change: (schema: JsonObject) => JsonObject): Json => {
  if (Array.isArray(value)) return value.map((inner) => everywhere(inner, change))
  return isObject(value) ? change(Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, everywhere(inner, change)]))) : value
}

/** Says otherwise what a format says, wherever it stands; without other words the format is not judged. */
export const formatted = (format: string, instead: JsonObject = {}) => (schemas: Schemas): void => {
  for (const [name, schema] of Object.entries(schemas)) {
    schemas[name] = everywhere(
      schema,
      ({ format: stated, ...rest }) => stated === format ? { ...rest, ...instead } : stated === undefined ? rest : { ...rest, format: stated }
    )
  }
}

/** Adds words to the enumerations of a schema that have a known one. */
export const withWords = (name: string, known: string, added: ReadonlyArray<string>) => (schemas: Schemas): void => {
  const schema = schemas[name]
  if (schema === undefined) return
  schemas[name] = everywhere(schema, (inner) => {
    const words = inner["enum"]
    return Array.isArray(words) && words.includes(known) ? { ...inner, enum: [...words, ...added] } : inner
  })
}
