/**
 * docs/architecture.md says where every field and event of the four protocols lives. Here its tables are held against the
 * providers' own specifications: a property, an event or a finish reason that is missing in its column fails.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { root } from "../Repository.ts"

const specs = join(root, "../shared/specs")

interface JsonSchema {
  readonly [key: string]: unknown
}

/** The protocols, by the heading of their column. */
const protocols = [
  {
    column: "chat",
    file: "openai/openapi.json",
    roots: ["CreateChatCompletionRequest", "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse", "ErrorResponse"],
    words: { CreateChatCompletionStreamResponse: "finish_reason" }
  },
  {
    column: "responses",
    file: "openai/openapi.json",
    roots: ["CreateResponse", "Response", "ResponseStreamEvent", "ErrorResponse"],
    words: { ResponseStreamEvent: "type", Response: "status", OutputItem: "type" }
  },
  {
    column: "anthropic",
    file: "anthropic/anthropic-openapi.stainless-copy-2026-04.json",
    roots: ["BetaCreateMessageParams", "BetaMessage", "BetaMessageStreamEvent", "BetaErrorResponse", "CreateMessageParams", "Message", "MessageStreamEvent"],
    words: { BetaMessageStreamEvent: "type", BetaContentBlock: "type", BetaInputContentBlock: "type", BetaStopReason: "" }
  },
  {
    column: "gemini",
    file: "google/generativelanguage-v1beta.openapi.json",
    roots: ["GenerateContentRequest", "GenerateContentResponse"],
    words: { Candidate: "finishReason" }
  },
  {
    column: "gemini",
    file: "google/aiplatform.v1beta1.discovery.json",
    roots: ["GoogleCloudAiplatformV1beta1GenerateContentRequest", "GoogleCloudAiplatformV1beta1GenerateContentResponse"],
    words: { GoogleCloudAiplatformV1beta1Candidate: "finishReason" }
  }
]

/** Carried whole, with everything below: the table says so. */
const opaque = new Set(["GoogleCloudAiplatformV1beta1Retrieval"])

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null && !Array.isArray(value)

const load = (file: string): JsonSchema => {
  const parsed: unknown = JSON.parse(readFileSync(join(specs, file), "utf8"))
  const components = isSchema(parsed) && isSchema(parsed["components"]) ? parsed["components"] : parsed
  const found = isSchema(components) ? components["schemas"] : undefined
  return isSchema(found) ? found : {}
}

const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []
const alternatives = (schema: JsonSchema): ReadonlyArray<unknown> => ["allOf", "oneOf", "anyOf"].flatMap((key) => listOf(schema[key]))
const refOf = (schema: JsonSchema): string | undefined => typeof schema["$ref"] === "string" ? schema["$ref"].split("/").at(-1) : undefined

/** Every property name reachable from the roots, with the schemas that have it. */
const properties = (schemas: JsonSchema, roots: ReadonlyArray<string>): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>()
  const seen = new Set(roots)
  const visit = (owner: string, value: unknown): void => {
    if (!isSchema(value)) return
    const ref = refOf(value)
    if (ref !== undefined) return void (opaque.has(ref) || seen.add(ref))
    for (const inner of [...alternatives(value), value["items"], value["additionalProperties"]]) visit(owner, inner)
    for (const [name, inner] of Object.entries(isSchema(value["properties"]) ? value["properties"] : {})) {
      found.set(name, (found.get(name) ?? new Set()).add(owner))
      visit(owner, inner)
    }
  }
  for (const name of seen) visit(name, schemas[name])
  return found
}

/** The constant words of a property (`type` tags, reasons) in all alternatives of a schema; of the schema itself where no property is named. */
const words = (schemas: JsonSchema, name: string, property: string): ReadonlyArray<string> => {
  const inside = (value: unknown): ReadonlyArray<string> => {
    if (!isSchema(value)) return []
    const ref = refOf(value)
    if (ref !== undefined) return words(schemas, ref, property)
    const own = property === "" ? value : wordsHolder(value, property)
    return [...constants(own), ...alternatives(value).flatMap(inside), ...inside(value["items"])]
  }
  return inside(schemas[name])
}

const wordsHolder = (schema: JsonSchema, property: string): unknown => {
  const found = isSchema(schema["properties"]) ? schema["properties"][property] : undefined
  if (found !== undefined) return found
  const choices = isSchema(schema["properties"]) && isSchema(schema["properties"]["choices"]) ? schema["properties"]["choices"]["items"] : undefined
  return isSchema(choices) && isSchema(choices["properties"]) ? choices["properties"][property] : undefined
}

const constants = (schema: unknown): ReadonlyArray<string> =>
  isSchema(schema) ? [schema["const"], ...listOf(schema["enum"])].filter((word): word is string => typeof word === "string") : []

/** Everything in backticks in the columns of the tables, whole and in words. */
const columns = (): ReadonlyMap<string, ReadonlySet<string>> => {
  const found = new Map<string, Set<string>>(["chat", "responses", "anthropic", "gemini"].map((name) => [name, new Set()]))
  let inTable = false
  for (const line of readFileSync(join(root, "docs/architecture.md"), "utf8").split("\n")) {
    inTable = /^\| *chat +\| *responses/.test(line) || (inTable && line.startsWith("|"))
    if (!inTable) continue
    const cells = line.slice(1).split(" | ")
    for (const [index, name] of [...found.keys()].entries()) {
      for (const [, code = ""] of (cells[index] ?? "").matchAll(/`([^`]*)`/g)) {
        for (const word of [...code.matchAll(/[\w$@.]+/g), ...code.matchAll(/\w+/g)]) found.get(name)?.add(word[0])
      }
    }
  }
  return found
}

const isHere = existsSync(specs)

describe("the tables of docs/architecture.md", () => {
  const known = columns()
  for (const { column, file, roots, words: named } of isHere ? protocols : []) {
    it(`name every field of ${file}`, () => {
      const missing = [...properties(load(file), roots)].filter(([name]) => !known.get(column)?.has(name))
      expect(missing.map(([name, owners]) => `${name} of ${[...owners].slice(0, 3).join(", ")}`)).toEqual([])
    })
    it(`name every event, item and finish of ${file}`, () => {
      const schemas = load(file)
      const all = Object.entries(named).flatMap(([name, property]) => words(schemas, name, property))
      expect(all.length).toBeGreaterThan(3)
      expect([...new Set(all)].filter((word) => !known.get(column)?.has(word))).toEqual([])
    })
  }

  it("have a column for each protocol", () => {
    if (!isHere) process.stdout.write("The providers' specifications are not here: the tables of docs/architecture.md were not checked against them.\n")
    expect([...known].map(([name, words]) => [name, words.size > 100])).toEqual([["chat", true], ["responses", true], ["anthropic", true], ["gemini", true]])
  })
})
