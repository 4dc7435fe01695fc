/**
 * Finds the scalars of a configuration's text that may hold a secret, with their places in the text: where the schema says so, where
 * the schema knows nothing (a misspelt key may be a key of its own), and URLs with a password in them. Variables are no secrets.
 */
import { type Alias, type Document, isAlias, isMap, isScalar, isSeq, type Node as YamlNode, type Scalar } from "yaml"
import { fileSchema, type Node } from "../config/JsonSchema.ts"

/** Kinds of values, by their title in the schema, that are never shown. */
const secretTitles = new Set(["secret", "secret URL"])

/** `${NAME}`, or `${NAME:-}` with nothing as its default. */
const isVariable = (text: string): boolean => /^\$\{[A-Za-z_][A-Za-z0-9_]*(?::-)?\}$/.test(text)

const hasPassword = (text: string): boolean => /:\/\/[^/?#\s]*@/.test(text)

/** What stands in the place of a secret with a number. */
export const mark = /^<secret (\d{1,9})>$/

/** A scalar with its value as the text it stands for. */
export interface Place {
  readonly node: Scalar
  readonly value: string
  /** The keys that lead to it, entries of lists without their numbers. */
  readonly trail: string
  /** Whether anything that stands there is hidden; else it is hidden for what it is. */
  readonly isSecret: boolean
}

/** What the schema says of the value of a key; undefined = it knows no such key. */
const below = (schemas: ReadonlyArray<Node>, key: string | undefined): ReadonlyArray<Node> =>
  schemas.flatMap((schema): ReadonlyArray<Node> => {
    const own = key === undefined
      ? schema.items
      : schema.properties?.[key] ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined)
    return [...(own === undefined ? [] : [own]), ...below(schema.anyOf ?? [], key)]
  })

const isSecret = (schemas: ReadonlyArray<Node>): boolean =>
  schemas.length === 0 || schemas.some((schema) => secretTitles.has(schema.title ?? "") || (schema.anyOf !== undefined && isSecret(schema.anyOf)))

let made: Node | undefined

/** The schema of the file, made when it is first needed: it never changes, and making it costs more than all else here. */
const schema = (): Node => made ??= fileSchema()

/** The scalars that may hold a secret, in the order of the text. */
export const find = (document: Document.Parsed): ReadonlyArray<Place> => {
  const found = new Map<Scalar, Place>()
  const seen = new Set<YamlNode>()

  const scalar = (node: Scalar, schemas: ReadonlyArray<Node>, trail: string): void => {
    const value = String(node.value ?? "")
    if (value === "" || isVariable(value)) return
    const isHidden = isSecret(schemas)
    // What an anchor stands for is hidden wherever one of its aliases is
    if (isHidden || (!found.has(node) && (hasPassword(value) || mark.test(value)))) found.set(node, { node, value, trail, isSecret: isHidden })
  }

  const alias = (node: Alias, schemas: ReadonlyArray<Node>, trail: string): void => {
    const target = node.resolve(document)
    if (target !== undefined) visit(target, schemas, trail)
  }

  const visit = (node: unknown, schemas: ReadonlyArray<Node>, trail: string): void => {
    if (isScalar(node)) return scalar(node, schemas, trail)
    if (isAlias(node)) return alias(node, schemas, trail)
    if (isSeq(node)) {
      for (const item of node.items) visit(item, below(schemas, undefined), `${trail}[]`)
      return
    }
    if (!isMap(node) || seen.has(node)) return
    seen.add(node)
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : ""
      if (name === "<<") visit(value, schemas, trail)
      else visit(value, below(schemas, name), `${trail}.${name}`)
    }
    seen.delete(node)
  }

  visit(document.contents, [schema()], "")
  return [...found.values()].toSorted((left, right) => (left.node.range?.[0] ?? 0) - (right.node.range?.[0] ?? 0))
}
