/**
 * The official schemas as judges of what the codecs emit. Compiled as published, with the patches that recorded first-party
 * traffic forces: overlapping `oneOf` is `anyOf`, and what providers send as null may be null.
 */
import * as Json from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json as JsonValue, type JsonObject } from "@sluice/protocol/Wire"
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import { Result } from "effect"
import { readFileSync } from "node:fs"
import type { Oracle } from "../../packages/testing/src/Laws.ts"
import * as Fixtures from "./Fixtures.ts"

/** `oneOf` becomes `anyOf`, because the published alternatives overlap; `nullable` of OpenAPI 3.0 becomes an alternative of its own. */
const relaxed = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(relaxed)
  if (!isObject(value)) return value
  const { oneOf, discriminator: _, nullable: isNullable, ...rest } = value
  // A boolean limit is OpenAPI 3.0's; without it the bound itself still stands.
  const kept = Object.fromEntries(
    Object.entries(rest).filter(([key, inner]) => !(key.startsWith("exclusive") && typeof inner === "boolean")).map(([key, inner]) => [key, relaxed(inner)])
  )
  const schema = oneOf === undefined ? kept : { ...kept, anyOf: relaxed(oneOf) }
  return isNullable === true ? { anyOf: [schema, { type: "null" }] } : schema
}

type Compile = (name: string) => (value: JsonValue) => string | undefined

const describe = (validate: ValidateFunction, value: JsonValue): string => {
  // With anyOf every alternative complains; the deepest complaint is about the alternative that was meant.
  const deepest = (validate.errors ?? []).toSorted((left, right) => right.instancePath.length - left.instancePath.length).slice(0, 4)
  const told = deepest.map((error) => `${error.instancePath || "the root"} ${error.message ?? error.keyword} ${JSON.stringify(error.params)}`)
  return `not valid by the official schema: ${told.join("; ")} in ${JSON.stringify(value).slice(0, 600)}`
}

/** Compiles schemas of one specification by name; `patch` corrects what the publisher got wrong. */
export const specification = (path: string, patch: (schemas: { [name: string]: JsonValue }) => void): Compile => {
  const document: { readonly components: { readonly schemas: JsonObject } } = JSON.parse(readFileSync(Fixtures.specPath(path), "utf8"))
  const schemas: { [name: string]: JsonValue } = { ...document.components.schemas }
  patch(schemas)
  const ajv = new Ajv2020({ strict: false, validateSchema: false, validateFormats: false, logger: false, allErrors: true })
  ajv.addSchema({ $id: "spec", components: { schemas: relaxed(schemas) } })
  const compiled = new Map<string, ValidateFunction>()
  return (name) => (value) => {
    const validate = compiled.get(name) ?? ajv.compile({ $ref: `spec#/components/schemas/${name}` })
    compiled.set(name, validate)
    return validate(value) ? undefined : describe(validate, value)
  }
}

const payloads = (events: ReadonlyArray<WireEvent>): ReadonlyArray<JsonValue> =>
  events.filter((event) => event.data !== "[DONE]").map((event) => Result.getOrElse(Json.parse(event.data), () => event.data))

const each = (events: ReadonlyArray<WireEvent>, judge: (value: JsonValue) => string | undefined): string | undefined => {
  for (const value of payloads(events)) {
    const wrong = judge(value)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Allows null where the publisher's own service sends null. */
const nullable = (schemas: { [name: string]: JsonValue }, name: string, key: string): void => {
  const schema = schemas[name]
  if (!isObject(schema) || !isObject(schema["properties"])) return
  const property = schema["properties"][key]
  if (property === undefined) return
  schemas[name] = { ...schema, properties: { ...schema["properties"], [key]: { anyOf: [property, { type: "null" }] } } }
}

/** Words the service itself uses and the publisher's copy does not know yet. */
const withWords = (value: JsonValue, known: string, added: ReadonlyArray<string>): JsonValue => {
  if (Array.isArray(value)) return value.map((inner) => withWords(inner, known, added))
  if (!isObject(value)) return value
  const kept = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withWords(inner, known, added)]))
  const words = value["enum"]
  return Array.isArray(words) && words.includes(known) ? { ...kept, enum: [...words, ...added] } : kept
}

const chatRoles = new Set(["system", "developer", "user", "assistant", "tool", "function"])
const chatParts = new Set(["text", "image_url", "input_audio", "file", "refusal"])

/** Whether the publisher has no word for a request: messages and parts of compatible providers only, or nothing left to say. */
const isBeyondChat = (body: JsonObject): boolean =>
  Array.isArray(body["messages"]) &&
  (body["messages"].length === 0 || body["messages"].some((message) =>
    isObject(message) && (!chatRoles.has(String(message["role"])) ||
      (Array.isArray(message["content"]) && message["content"].some((part) => isObject(part) && !chatParts.has(String(part["type"])))))
  ))

/** The chat completions part of the OpenAI specification. */
const chat = (): Oracle => {
  const compile = specification("openai/openapi.json", (schemas) => {
    nullable(schemas, "CreateChatCompletionResponse", "system_fingerprint")
    nullable(schemas, "CreateChatCompletionStreamResponse", "system_fingerprint")
    // Calls of custom tools are streamed too.
    const chunk = schemas["ChatCompletionMessageToolCallChunk"]
    if (chunk !== undefined) schemas["ChatCompletionMessageToolCallChunk"] = withWords(chunk, "function", ["custom"])
  })
  const isError = (value: JsonValue): boolean => isObject(value) && isObject(value["error"])
  return {
    request: (body) => isBeyondChat(body) ? undefined : compile("CreateChatCompletionRequest")(body),
    response: compile("CreateChatCompletionResponse"),
    stream: (events) => each(events, (value) => isError(value) ? compile("ErrorResponse")(value) : compile("CreateChatCompletionStreamResponse")(value))
  }
}

/** Keys of answers that the published schema demands and the recorded service leaves out, because they are newer or optional. */
const lateKeys = new Set([
  "request_id",
  "caller",
  "citations",
  "container",
  "stop_details",
  "cache_creation",
  "inference_geo",
  "server_tool_use",
  "service_tier"
])
const tokenKeys = new Set(["cache_creation_input_tokens", "cache_read_input_tokens", "input_tokens"])

const withoutLateKeys = (value: JsonValue): JsonValue => {
  if (Array.isArray(value)) return value.map(withoutLateKeys)
  if (!isObject(value)) return value
  const { required } = value
  const kept = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutLateKeys(inner)]))
  if (!Array.isArray(required)) return kept
  // Deltas state output tokens alone; the start of a message states the rest.
  const isDelta = isObject(value["properties"]) && value["title"] === "MessageDeltaUsage"
  return { ...kept, required: required.filter((key) => typeof key === "string" && !lateKeys.has(key) && !(isDelta && tokenKeys.has(key))) }
}

/** The Messages part of the Anthropic specification. */
const messages = (): Oracle => {
  const compile = specification("anthropic/anthropic-openapi.stainless-copy-2026-04.json", (schemas) => {
    for (const [name, schema] of Object.entries(schemas)) {
      schemas[name] = withWords(withoutLateKeys(schema), "pause_turn", ["compaction", "model_context_window_exceeded"])
    }
    // MCP servers and containers are in the beta part of the specification, which this copy leaves out.
    const params = schemas["CreateMessageParams"]
    if (isObject(params)) schemas["CreateMessageParams"] = { ...params, additionalProperties: true }
  })
  const isBeta = (value: JsonValue): boolean =>
    Array.isArray(value)
      ? value.some(isBeta)
      : isObject(value) && ((value["type"] === "file" && value["file_id"] !== undefined) || Object.values(value).some(isBeta))
  const isTooLarge = (value: JsonValue): boolean => isObject(value) && isObject(value["error"]) && value["error"]["type"] === "request_too_large"
  return {
    // The Files API is in the beta part, too.
    request: (body) =>
      isBeta(body["messages"] ?? null) || (Array.isArray(body["messages"]) && body["messages"].length === 0) ? undefined : compile("CreateMessageParams")(body),
    response: compile("Message"),
    stream: (events) =>
      each(events, (value) => {
        const type = isObject(value) ? value["type"] : undefined
        if (type === "ping" || isTooLarge(value)) return undefined
        return compile(type === "error" ? "ErrorResponse" : "MessageStreamEvent")(value)
      })
  }
}

/** The official schemas by dialect; none where they are absent. */
export const oracles = (): { readonly [dialect: string]: Oracle } => Fixtures.hasSpecs ? { "openai-chat": chat(), "anthropic-messages": messages() } : {}
