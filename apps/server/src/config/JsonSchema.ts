/**
 * The JSON Schema of the configuration file, made from its one schema: for editors, and as the source of the reference page.
 * It describes the file as it is written, before variables are substituted; the decoder stays the judge.
 */
import { Schema } from "effect"
import { ConfigSchema } from "./ConfigSchema.ts"

/** The parts of JSON Schema that occur in the configuration's. */
export interface Node {
  readonly type?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<Node>
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: ReadonlyArray<string>
  readonly items?: Node
  readonly additionalProperties?: boolean | Node
  readonly pattern?: string
}

/** The keys of the file as they decode, without room for variables. */
export const fileSchema = (): Node => Schema.toJsonSchemaDocument(ConfigSchema, { onExcessProperty: "error" }).schema

/** The schema for editors: wherever a value is narrower than any text, a variable may stand instead. */
export const jsonSchema = (): Node & { readonly $schema: string } => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Sluice server configuration",
  ...withVariables(fileSchema())
})

// internal

const isVariable: Node = { type: "string", pattern: "\\$\\{" }

const withVariables = (node: Node): Node => {
  if (node.enum !== undefined) {
    const { title, description, default: fallback, ...rest } = node
    return {
      anyOf: [rest, isVariable],
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      ...(fallback === undefined ? {} : { default: fallback })
    }
  }
  const acceptsAnyText = node.anyOf?.some((member) => member.type === "string" && member.enum === undefined)
  return {
    ...node,
    ...(node.anyOf === undefined ? {} : { anyOf: [...node.anyOf.map(inside), ...(acceptsAnyText === true ? [] : [isVariable])] }),
    ...(node.properties === undefined
      ? {}
      : { properties: Object.fromEntries(Object.entries(node.properties).map(([key, value]) => [key, withVariables(value)])) }),
    ...(node.items === undefined ? {} : { items: withVariables(node.items) }),
    ...(typeof node.additionalProperties === "object" ? { additionalProperties: withVariables(node.additionalProperties) } : {})
  }
}

/** A member of a union; the variable is one of its siblings already. */
const inside = (member: Node): Node => member.enum === undefined ? withVariables(member) : member
