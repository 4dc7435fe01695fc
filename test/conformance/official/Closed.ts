/**
 * Google's schemas as one closed specification. Nearly everything is optional there, so that a wrong key goes unnoticed until
 * unknown ones are refused; and each of the two documents, of Gemini's API and of Vertex's, lags behind the other somewhere, so
 * that what one of them knows is known.
 */
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { resolved, type Schemas } from "./Alternatives.ts"

const vertexPrefix = "GoogleCloudAiplatformV1beta1"

/** What Vertex calls otherwise. */
const names: { readonly [vertex: string]: string } = {
  GenerateContentResponsePromptFeedback: "PromptFeedback",
  GenerateContentResponseUsageMetadata: "UsageMetadata",
  GenerationConfigThinkingConfig: "ThinkingConfig",
  GroundingChunkMaps: "Maps",
  GroundingChunkMapsPlaceAnswerSources: "PlaceAnswerSources",
  GroundingChunkMapsPlaceAnswerSourcesReviewSnippet: "ReviewSnippet",
  GroundingChunkRetrievedContext: "RetrievedContext",
  GroundingChunkWeb: "Web",
  GroundingSupport: "GoogleAiGenerativelanguageV1betaGroundingSupport",
  LogprobsResultTopCandidates: "TopCandidates",
  PartMediaResolution: "MediaResolution",
  Segment: "GoogleAiGenerativelanguageV1betaSegment",
  ToolCodeExecution: "CodeExecution",
  ToolComputerUse: "ComputerUse",
  ToolGoogleSearch: "GoogleSearch",
  GoogleTypeLatLng: "LatLng"
}

const nameOf = (vertex: string): string => {
  const bare = vertex.startsWith(vertexPrefix) ? vertex.slice(vertexPrefix.length) : vertex
  return names[bare] ?? bare
}

/** A schema of a discovery document in the words of JSON Schema. */
const discovered = (value: Json): Json => {
  if (!isObject(value)) return value
  const { $ref: reference, additionalProperties, enum: words, format, items, properties, type } = value
  if (typeof reference === "string") return { $ref: `#/components/schemas/${nameOf(reference)}` }
  if (type === "any") return {}
  return present({
    type,
    format,
    enum: words,
    items: items === undefined ? undefined : discovered(items),
    properties: isObject(properties) ? Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, discovered(inner)])) : undefined,
    additionalProperties: additionalProperties === undefined ? undefined : discovered(additionalProperties)
  })
}

const propertiesOf = (schema: Json | undefined): JsonObject => isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {}

/** A schema without what only people read; a reference by itself where the document wraps it. */
const bare = (value: Json): Json => {
  if (!isObject(value)) return value
  const { allOf, enum: words, format, items, properties, type } = value
  const only = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined
  if (only !== undefined) return bare(only)
  if (value["$ref"] !== undefined) return { $ref: value["$ref"] }
  return present({
    type,
    format,
    enum: words,
    items: items === undefined ? undefined : bare(items),
    properties: isObject(properties) ? Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, bare(inner)])) : undefined,
    additionalProperties: value["additionalProperties"] === undefined ? undefined : bare(value["additionalProperties"]),
    required: value["required"]
  })
}

/** A property as either document has it: an enumeration has the words of both. */
const either = (schemas: Schemas, left: Json | undefined, right: Json | undefined): Json => {
  if (left === undefined || right === undefined) return left ?? right ?? {}
  const [one, other] = [resolved(schemas, left), resolved(schemas, right)]
  if (Array.isArray(one["enum"]) && Array.isArray(other["enum"])) return { type: "string", enum: [...new Set([...one["enum"], ...other["enum"]])] }
  if (isObject(left) && isObject(right) && left["items"] !== undefined && right["items"] !== undefined) {
    return { type: "array", items: either(schemas, left["items"], right["items"]) }
  }
  return left
}

const merged = (schemas: Schemas, gemini: Json | undefined, vertex: Json | undefined): Json => {
  if (!isObject(gemini)) return vertex ?? {}
  const [left, right] = [propertiesOf(gemini), propertiesOf(vertex)]
  if (vertex === undefined || gemini["properties"] === undefined) return gemini
  return { ...gemini, properties: Object.fromEntries(Object.keys({ ...left, ...right }).map((key) => [key, either(schemas, left[key], right[key])])) }
}

/** Refuses keys that are not listed, wherever keys are listed. */
const closed = (schema: Json): Json =>
  isObject(schema) && isObject(schema["properties"]) && schema["additionalProperties"] === undefined ? { ...schema, additionalProperties: false } : schema

/** The closed union of what both documents know. */
export const union = (gemini: Schemas, vertex: JsonObject): Schemas => {
  const own = Object.fromEntries(Object.entries(gemini).map(([name, schema]) => [name, bare(schema)]))
  const other = Object.fromEntries(Object.entries(vertex).map(([name, schema]) => [nameOf(name), discovered(schema)]))
  return Object.fromEntries(Object.keys({ ...own, ...other }).map((name) => [name, closed(merged(own, own[name], other[name]))]))
}
