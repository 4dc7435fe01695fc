/**
 * Alternatives of a published schema, resolved by what a value says it is. A validator that tries every alternative is slow
 * and its complaints are about the wrong ones; one that looks at the JSON type and then at the discriminator complains about
 * the alternative that was meant. Alternatives that share a discriminator's word overlap, and any of them will do.
 */
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

/** Schemas by name, while they are being corrected. */
export interface Schemas {
  [name: string]: Json
}

const prefix = "#/components/schemas/"
const discriminators = ["type", "role", "object"]

const isString = (value: unknown): value is string => typeof value === "string"

/** What a reference leads to; the schema itself where it is none. */
export const resolved = (schemas: Schemas, schema: Json | undefined): JsonObject => {
  if (!isObject(schema)) return {}
  const reference = schema["$ref"]
  return isString(reference) ? resolved(schemas, schemas[reference.slice(prefix.length)]) : schema
}

/** The properties of an object's schema, those of what it is composed of among them, and which it must have. */
const membersOf = (schemas: Schemas, schema: Json): { readonly properties: JsonObject; readonly required: ReadonlyArray<Json> } => {
  const { allOf, properties, required } = resolved(schemas, schema)
  const inner = Array.isArray(allOf) ? allOf.map((part) => membersOf(schemas, part)) : []
  return {
    properties: Object.assign({}, ...inner.map((part) => part.properties), isObject(properties) ? properties : {}),
    required: [...inner.flatMap((part) => part.required), ...(Array.isArray(required) ? required : [])]
  }
}

const alternativesOf = (schema: JsonObject): ReadonlyArray<Json> | undefined => {
  const listed = schema["oneOf"] ?? schema["anyOf"]
  return Array.isArray(listed) ? listed : undefined
}

/** The alternatives of alternatives, in one list; one that says more than its alternatives do stays whole. */
const flattened = (schemas: Schemas, schema: Json): ReadonlyArray<Json> => {
  const target = resolved(schemas, schema)
  const inner = alternativesOf(target)
  const saysMore = ["properties", "required", "allOf", "items", "enum"].some((key) => target[key] !== undefined)
  return inner === undefined || saysMore ? [schema] : inner.flatMap((alternative) => flattened(schemas, alternative))
}

/** The JSON types a schema allows, where it says so. */
const typesOf = (schemas: Schemas, schema: Json): ReadonlyArray<string> | undefined => {
  const { allOf, const: constant, enum: words, properties, type } = resolved(schemas, schema)
  if (isString(type)) return type === "integer" ? ["number"] : [type]
  if (Array.isArray(type)) return type.filter(isString)
  if (properties !== undefined || Array.isArray(allOf)) return ["object"]
  return isString(constant) || (Array.isArray(words) && words.every(isString)) ? ["string"] : undefined
}

type Word = string | null

/** The words of an enumeration, or of one that may be null. */
const enumerated = (schemas: Schemas, schema: Json | undefined): ReadonlyArray<Word> | undefined => {
  const target = resolved(schemas, schema)
  if (target["type"] === "null") return [null]
  const inner = alternativesOf(target) ?? (Array.isArray(target["allOf"]) && target["allOf"].length === 1 ? target["allOf"] : undefined)
  if (inner !== undefined) {
    const listed = inner.map((alternative) => enumerated(schemas, alternative))
    return listed.every((words) => words !== undefined) ? listed.flat() : undefined
  }
  const words = target["const"] === undefined ? target["enum"] : [target["const"]]
  return Array.isArray(words) && words.every(isString) ? words : undefined
}

/** The words by which an object's schema is told from others, and whether it must have one. */
const wordsOf = (schemas: Schemas, schema: Json, key: string): { readonly words: ReadonlyArray<Word>; readonly isRequired: boolean } | undefined => {
  const { properties, required } = membersOf(schemas, schema)
  const words = enumerated(schemas, properties[key])
  return words === undefined ? undefined : { words, isRequired: required.includes(key) }
}

/** Where the first schema holds, the second must; said with `else`, because an object with `then` looks like a promise. */
export const implies = (condition: Json, schema: Json): Json => ({ if: { not: condition }, else: schema })

type Convert = (schema: Json) => Json

const anyOf = (alternatives: ReadonlyArray<Json>, convert: Convert): Json =>
  alternatives.length === 1 ? convert(alternatives[0] ?? {}) : { anyOf: alternatives.map(convert) }

/** Objects by the word of their discriminator. */
const byWord = (schemas: Schemas, alternatives: ReadonlyArray<Json>, convert: Convert): Json => {
  const key = discriminators.find((candidate) => alternatives.every((alternative) => wordsOf(schemas, alternative, candidate) !== undefined))
  if (key === undefined || alternatives.length < 2) return anyOf(alternatives, convert)
  const known = alternatives.flatMap((alternative) => {
    const found = wordsOf(schemas, alternative, key)
    return found === undefined ? [] : [{ alternative, ...found }]
  })
  const words = [...new Set(known.flatMap((entry) => entry.words))]
  const silent = known.filter(({ isRequired }) => !isRequired).map(({ alternative }) => alternative)
  return {
    allOf: [
      { properties: { [key]: { enum: words } } },
      ...words.map((word) => {
        const own = known.filter((entry) => entry.words.includes(word)).map(({ alternative }) => alternative)
        return implies({ properties: { [key]: { const: word } }, required: [key] }, anyOf(own, convert))
      }),
      silent.length === 0 ? { required: [key] } : implies({ not: { required: [key] } }, anyOf(silent, convert))
    ]
  }
}

/** Alternatives by JSON type, objects further by discriminator; any of them where one does not say its type. Each is converted by itself. */
export const resolve = (schemas: Schemas, listed: ReadonlyArray<Json>, convert: Convert): Json => {
  const alternatives = listed.flatMap((schema) => flattened(schemas, schema))
  const typed = alternatives.flatMap((alternative) => (typesOf(schemas, alternative) ?? []).map((type) => ({ alternative, type })))
  if (alternatives.some((alternative) => typesOf(schemas, alternative) === undefined)) return anyOf(alternatives, convert)
  const types = [...new Set(typed.map(({ type }) => type))]
  return {
    type: types,
    allOf: types.map((type) => {
      const own = typed.filter((entry) => entry.type === type).map(({ alternative }) => alternative)
      return implies({ type }, type === "object" ? byWord(schemas, own, convert) : anyOf(own, convert))
    })
  }
}
