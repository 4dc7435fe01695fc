/**
 * The official schemas of the providers as validators, read from ../shared beside the repository. Where they are
 * absent every validator accepts everything, and a notice says so once.
 */
import addFormats from "ajv-formats"
import { Ajv2020 } from "ajv/dist/2020.js"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const specs = join(import.meta.dirname, "../../../../../shared/specs")

/** Whether the official schemas can be read here. */
export const haveSchemas = existsSync(specs)

if (!haveSchemas) process.stderr.write("Notice: ../shared/specs is absent, frames are not validated against the official schemas.\n")

type Node = Readonly<Record<string, unknown>>

const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null && !Array.isArray(value)

/** OpenAPI 3.0's `nullable` in the words of JSON Schema. */
const modern = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(modern)
  if (!isNode(value)) return value
  const { nullable, ...rest } = value
  const mapped = Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, modern(inner)]))
  return nullable === true ? { anyOf: [mapped, { type: "null" }] } : mapped
}

const load = (file: string) => {
  const ajv = new Ajv2020({ strict: false, logger: false, allErrors: true, discriminator: false })
  addFormats.default(ajv)
  if (haveSchemas) ajv.addSchema({ $id: "spec", ...Object(modern(JSON.parse(readFileSync(join(specs, file), "utf8")))) })
  return (name: string) => {
    const validate = haveSchemas ? ajv.compile({ $ref: `spec#/components/schemas/${name}` }) : undefined
    return (value: unknown): ReadonlyArray<string> =>
      validate === undefined || validate(value)
        ? []
        : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""} ${JSON.stringify(error.params)}`)
  }
}

const openai = load("openai/openapi.json")
const gemini = load("google/generativelanguage-v1beta.openapi.json")
// JSON in spite of its name
const anthropic = load("anthropic/anthropic-openapi.tryagi-2026-08.yaml")

/** Schemas of OpenAI chat completions. */
export const chatSchemas = {
  body: openai("CreateChatCompletionResponse"),
  event: openai("CreateChatCompletionStreamResponse"),
  error: openai("ErrorResponse"),
  models: openai("ListModelsResponse"),
  request: openai("CreateChatCompletionRequest")
}

/** Schemas of Anthropic messages. */
export const messagesSchemas = {
  body: anthropic("Message"),
  event: anthropic("MessageStreamEvent"),
  error: anthropic("ErrorResponse"),
  models: anthropic("ListResponse_ModelInfo_"),
  count: anthropic("CountMessageTokensResponse")
}

/** Schemas of OpenAI responses. */
export const responsesSchemas = {
  body: openai("Response"),
  event: openai("ResponseStreamEvent"),
  error: openai("ErrorResponse")
}

/** Schemas of Gemini; its errors are in none. */
export const geminiSchemas = {
  body: gemini("GenerateContentResponse"),
  event: gemini("GenerateContentResponse"),
  count: gemini("CountTokensResponse"),
  models: gemini("ListModelsResponse")
}

/** Schemas of OpenAI's embeddings. */
export const openAiEmbeddingSchemas = { body: openai("CreateEmbeddingResponse") }

/** Schemas of Gemini's embeddings. */
export const geminiEmbeddingSchemas = { one: gemini("EmbedContentResponse"), many: gemini("BatchEmbedContentsResponse") }
