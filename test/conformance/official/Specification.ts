/** A published specification, compiled: OpenAPI's own words become those of JSON Schema, alternatives are resolved by discriminator. */
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import addFormats from "ajv-formats"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { readFileSync } from "node:fs"
import * as Fixtures from "../Fixtures.ts"
import { implies, resolve, type Schemas } from "./Alternatives.ts"

/** A correction of a published schema that real traffic contradicts. */
export interface Patch {
  readonly name: string
  /** What it changes, for the published page. */
  readonly changes: string
  /** Which real traffic contradicts the specification. */
  readonly because: string
  readonly apply: (schemas: Schemas) => void
  /** A value that the schema judges otherwise without the patch. */
  readonly example: { readonly schema: string; readonly value: Json; readonly isAccepted: boolean }
}

/** Judges values by the schemas of a specification, each compiled when it is first needed: what is wrong, or nothing. */
export type Judge = (schema: string) => (value: Json) => string | undefined

const each = (value: Json, change: (schema: Json) => Json): Json =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)])) : value

/** A schema in the words of JSON Schema: those of OpenAPI 3.0 and of its generators are put into them, alternatives are resolved. */
const modern = (schemas: Schemas, value: Json): Json => {
  const inside = (inner: Json): Json => modern(schemas, inner)
  if (!isObject(value)) return value
  const { additionalProperties, allOf, anyOf, discriminator: _, exclusiveMaximum, exclusiveMinimum, items, nullable: isNullable, oneOf, properties, ...rest } =
    value
  const listed = oneOf ?? anyOf
  const all = [...(Array.isArray(allOf) ? allOf.map(inside) : []), ...(Array.isArray(listed) ? [resolve(schemas, listed, inside)] : [])]
  const schema = present({
    ...rest,
    // A boolean limit is OpenAPI 3.0's; without it the bound itself still stands.
    exclusiveMaximum: typeof exclusiveMaximum === "number" ? exclusiveMaximum : undefined,
    exclusiveMinimum: typeof exclusiveMinimum === "number" ? exclusiveMinimum : undefined,
    additionalProperties: additionalProperties === undefined ? undefined : inside(additionalProperties),
    allOf: all.length === 0 ? undefined : all,
    items: items === undefined ? undefined : inside(items),
    properties: properties === undefined ? undefined : each(properties, inside)
  })
  return isNullable === true ? implies({ not: { type: "null" } }, schema) : schema
}

const describe = (validate: ValidateFunction, value: Json): string => {
  // The deepest complaint is about the alternative that was meant.
  const deepest = (validate.errors ?? []).toSorted((left, right) => right.instancePath.length - left.instancePath.length).slice(0, 4)
  const told = deepest.map((error) => `${error.instancePath || "the root"} ${error.message ?? error.keyword} ${JSON.stringify(error.params)}`)
  return `not valid by the official schema: ${told.join("; ")} in ${JSON.stringify(value).slice(0, 600)}`
}

/** Compiles schemas by name. */
export const compile = (schemas: Schemas): Judge => {
  const ajv = new Ajv2020({ strict: false, validateSchema: false, logger: false })
  addFormats.default(ajv)
  ajv.addSchema({ $id: "spec", components: { schemas: each(schemas, (schema) => modern(schemas, schema)) } })
  const compiled = new Map<string, ValidateFunction>()
  return (name) => (value) => {
    const validate = compiled.get(name) ?? ajv.compile({ $ref: `spec#/components/schemas/${name}` })
    compiled.set(name, validate)
    return validate(value) ? undefined : describe(validate, value)
  }
}

/** A document among the official schemas, parsed; JSON whatever its name says. */
export const read = (path: string): JsonObject => JSON.parse(readFileSync(Fixtures.specPath(path), "utf8"))

/** The schemas of an OpenAPI document. */
export const schemasOf = (path: string): Schemas => {
  const { components } = read(path)
  return { ...(isObject(components) && isObject(components["schemas"]) ? components["schemas"] : {}) }
}

/** The schemas after their corrections. */
export const patched = (schemas: Schemas, patches: ReadonlyArray<Patch>): Schemas => {
  const copy = { ...schemas }
  for (const patch of patches) patch.apply(copy)
  return copy
}
