/**
 * The rule both providers set for schemas they enforce: every object closed by `additionalProperties: false` and,
 * at OpenAI, every property required. Used by the request checks.
 */
import { arrayOf, isObject, type JsonObject, objectOf } from "./Json.ts"

/** What a schema breaks, with the path of property names that leads there; undefined when it keeps the rule. */
export interface OpenSchema {
  readonly path: ReadonlyArray<string>
  readonly reason: "open" | "optional"
}

const isObjectSchema = (schema: JsonObject): boolean => schema["type"] === "object" || arrayOf(schema["type"]).includes("object")

const children = (schema: JsonObject): ReadonlyArray<readonly [name: string, schema: unknown]> => [
  ...Object.entries(objectOf(schema["properties"])),
  ...Object.entries(objectOf(schema["$defs"])),
  ...(isObject(schema["items"]) ? [["items", schema["items"]] as const] : []),
  ...arrayOf(schema["anyOf"]).map((option, index) => [String(index), option] as const)
]

/** The first object of the schema that is not closed, or (`allRequired`) has an optional property. */
export const findOpen = (schema: JsonObject, allRequired: boolean, path: ReadonlyArray<string> = []): OpenSchema | undefined => {
  if (isObjectSchema(schema)) {
    if (schema["additionalProperties"] !== false) return { path, reason: "open" }
    const required = arrayOf(schema["required"])
    if (allRequired && Object.keys(objectOf(schema["properties"])).some((name) => !required.includes(name))) return { path, reason: "optional" }
  }
  for (const [name, child] of children(schema)) {
    const found = findOpen(objectOf(child), allRequired, [...path, name])
    if (found !== undefined) return found
  }
  return undefined
}
