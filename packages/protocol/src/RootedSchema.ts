/**
 * Schemas of tool arguments with an object at the root, for providers that refuse anything else: Anthropic ("input_schema does not
 * support oneOf, allOf, or anyOf at the top level") and OpenAI ("schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf' at
 * the top level"). Variants of a union join: what all of them require stays required, and a property that several of them describe
 * may be what any of them says.
 */
import { isObject, type Json, type JsonObject } from "./Wire.ts"

const unionKeys: ReadonlyArray<string> = ["anyOf", "oneOf", "allOf"]

/** What a schema says of an object. */
interface Shape {
  readonly properties: ReadonlyMap<string, Json>
  readonly required: ReadonlySet<string>
}

/** References and unions inside each other that are followed; more is an attack or a fault. */
const maxDepth = 64

const empty: Shape = { properties: new Map(), required: new Set() }

const objectsIn = (value: Json | undefined): ReadonlyArray<JsonObject> => Array.isArray(value) ? value.filter(isObject) : []

/** The schema a reference inside the same schema names. */
const referenced = (reference: string, root: JsonObject): JsonObject | undefined => {
  const steps = reference.startsWith("#/") ? reference.slice(2).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")) : []
  const found = steps.reduce<Json | undefined>((value, step) => isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined, root)
  return steps.length > 0 && isObject(found) ? found : undefined
}

const unionOf = (key: "anyOf" | "allOf", schemas: ReadonlyArray<Json>): Json => {
  const [only, second] = schemas
  return only !== undefined && second === undefined ? only : { [key]: schemas }
}

/** Several shapes as one, in which a property that more than one describes is a union of this kind. */
const joined = (shapes: ReadonlyArray<Shape>, key: "anyOf" | "allOf"): Shape => {
  const [first, ...others] = shapes
  if (first === undefined) return empty
  const described = new Map<string, Map<string, Json>>()
  for (const { properties } of shapes) {
    for (const [name, schema] of properties) described.set(name, (described.get(name) ?? new Map<string, Json>()).set(JSON.stringify(schema), schema))
  }
  const required = key === "allOf"
    ? shapes.flatMap((shape) => [...shape.required])
    : [...first.required].filter((name) => others.every((shape) => shape.required.has(name)))
  const properties = new Map([...described].map(([name, schemas]): readonly [string, Json] => [name, unionOf(key, [...schemas.values()])]))
  return { properties, required: new Set(required) }
}

const namesIn = (value: Json | undefined): ReadonlyArray<string> => Array.isArray(value) ? value.filter((name: Json) => typeof name === "string") : []

/** The shapes of a schema's parts, each read once. */
interface Reading {
  readonly root: JsonObject
  readonly known: Map<JsonObject, Shape>
}

/** The shape a schema describes by itself, by what it refers to, and by its unions. A reference to itself says nothing more. */
const shapeOf = (schema: JsonObject, reading: Reading, depth: number): Shape => {
  const known = reading.known.get(schema)
  if (known !== undefined || depth > maxDepth) return known ?? empty
  reading.known.set(schema, empty)
  const variants = (key: string): ReadonlyArray<Shape> => objectsIn(schema[key]).map((variant) => shapeOf(variant, reading, depth + 1))
  const { $ref: reference, properties, required } = schema
  const target = typeof reference === "string" ? referenced(reference, reading.root) : undefined
  const own: Shape = {
    properties: new Map(isObject(properties) ? Object.entries(properties) : []),
    required: new Set(namesIn(required))
  }
  const shapes = [
    own,
    ...(target === undefined ? [] : [shapeOf(target, reading, depth + 1)]),
    ...variants("allOf"),
    joined(variants("anyOf"), "anyOf"),
    joined(variants("oneOf"), "anyOf")
  ]
  const shape = joined(shapes, "allOf")
  reading.known.set(schema, shape)
  return shape
}

/** Arguments of a tool as an object at the root; the very same schema where they are. */
export const rooted = (schema: JsonObject | undefined): JsonObject => {
  if (schema === undefined) return { type: "object", properties: {} }
  if (unionKeys.every((key) => objectsIn(schema[key]).length === 0)) return schema["type"] === "object" ? schema : { ...schema, type: "object" }
  const { properties, required } = shapeOf(schema, { root: schema, known: new Map() }, 0)
  const kept = Object.entries(schema).filter(([key]) => !unionKeys.includes(key) && key !== "required")
  return {
    ...Object.fromEntries(kept),
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.size === 0 ? {} : { required: [...required] })
  }
}
