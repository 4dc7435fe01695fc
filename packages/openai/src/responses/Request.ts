/**
 * The body of a request to and from the canonical request: one row per field, in the order in which a new body is written.
 * Without a wire value of this dialect everything is written in the words of the official specification.
 */
import { type CanonicalRequest, isChoiceElsewhere, type ResponseFormat } from "@sluice/protocol/CanonicalRequest"
import type { EncodedRequest, RequestInput } from "@sluice/protocol/Dialect"
import { same } from "@sluice/protocol/Equality"
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import * as ToolNames from "@sluice/protocol/ToolNames"
import { isObject, type Json, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import { check } from "../chat/Wire.ts"
import { encodeServiceTier } from "../internal/serviceTier.ts"
import { fitFormat } from "../internal/strictSchemas.ts"
import { encodeTemperature } from "../internal/temperature.ts"
import { type Crossing, inside, type Place } from "./Crossing.ts"
import { intentField } from "./Reasoning.ts"
import { decodeAll, decodeToolChoice, encodeToolChoice, encodeTools, hasOffers, hasTools } from "./Tools.ts"
import { decodeTurns, encodeTurns } from "./Turns.ts"
import * as Wire from "./Wire.ts"

type Row = Fields.Field<CanonicalRequest, Wire.Request, Crossing>

const plain = Fields.plain<CanonicalRequest, Wire.Request, Crossing>()

const itself = <A>(value: A): A => value

/** A place whose losses are told elsewhere. */
const silent = (place: Place): Place => ({ ...place, sink: Loss.sink() })

const conversation: Row = {
  of: ["instructions", "turns"],
  keys: ["instructions", "input"],
  get: decodeTurns,
  put: (request, wire, place) => ({ instructions: undefined, ...encodeTurns(request, wire, place, silent(place)) })
}

const tools: Row = {
  of: ["tools"],
  keys: ["tools"],
  get: (wire, at) => present({ tools: decodeAll(wire, at) }),
  // Some tools stand in items of the input, and changed ones change it
  put: (request, wire, place) => ({
    tools: encodeTools(request, wire, place),
    ...(hasOffers(wire) ? { input: encodeTurns(request, wire, silent(place), place).input } : {})
  })
}

const toolChoice: Row = {
  of: ["toolChoice"],
  keys: ["tool_choice"],
  get: (wire) => wire.tool_choice === undefined || wire.tool_choice === null ? {} : { toolChoice: decodeToolChoice(wire.tool_choice) },
  put: (request, _, place) => {
    const choice = request.toolChoice
    if (choice === undefined) return { tool_choice: undefined }
    if (place.context.isOwn || (hasTools(request) && !isChoiceElsewhere(choice, request.tools, Wire.id))) {
      return { tool_choice: encodeToolChoice(choice, request, place) }
    }
    // OpenAI refuses a forced choice among no tools, and of a tool that is not offered.
    const isForced = choice.type === "required" || choice.type === "named" || choice.type === "provider"
    Fields.lose(place, request, "toolChoice", { reason: "dropped", weight: isForced ? "meaning" : "hint", before: choice })
    return { tool_choice: undefined }
  }
}

/** OpenAI refuses a limit below this. */
const minTokens = 16

const maxOutputTokens: Row = {
  ...plain("maxOutputTokens", "max_output_tokens", itself, itself),
  put: (request, _, place) => {
    const tokens = request.maxOutputTokens
    if (tokens === undefined || tokens >= minTokens || place.context.isOwn) return { max_output_tokens: tokens }
    Fields.lose(place, request, "maxOutputTokens", { reason: "approximated", weight: "hint", before: tokens, after: minTokens })
    return { max_output_tokens: minTokens }
  }
}

/** The entry of `include` that asks for log probabilities. */
const logprobsEntry = "message.output_text.logprobs"

const include: Row = {
  of: ["logprobs", "include"],
  keys: ["top_logprobs", "include"],
  get: (wire) => {
    const list = wire.include ?? undefined
    const isAsked = list?.includes(logprobsEntry) === true
    const others = list?.filter((entry) => entry !== logprobsEntry)
    const top = wire.top_logprobs ?? undefined
    return present({
      logprobs: isAsked || top !== undefined ? present({ enabled: true, top }) : undefined,
      include: isAsked && others?.length === 0 ? undefined : others
    })
  },
  put: (request, _, place) => {
    const { logprobs } = request
    const isAsked = logprobs?.enabled === true
    if (logprobs?.enabled === false) Fields.lose(place, request, "logprobs", { reason: "dropped", weight: "hint", before: logprobs })
    const list = [...(request.include ?? []), ...(isAsked ? [logprobsEntry] : [])]
    return { top_logprobs: isAsked ? logprobs.top : undefined, include: list.length === 0 && request.include === undefined ? undefined : list }
  }
}

const decodeFormat = (wire: NonNullable<NonNullable<Wire.Request["text"]>["format"]>): ResponseFormat | undefined => {
  switch (wire.type) {
    case "text":
      return { type: "text" }
    case "json_object":
      return { type: "json" }
    case "json_schema":
      return {
        type: "json-schema",
        schema: wire.schema ?? {},
        ...present({ name: wire.name ?? undefined, description: wire.description ?? undefined, strict: wire.strict ?? undefined })
      }
    default:
      return undefined
  }
}

const encodeFormat = (request: CanonicalRequest, origin: Json | undefined, place: Place): Json | undefined => {
  const format = request.responseFormat
  const before = isObject(origin) ? origin : {}
  if (format === undefined) return undefined
  if (format.type !== "json-schema") return { type: format.type === "json" ? "json_object" : "text" }
  // OpenAI refuses a schema without a name.
  const isNameless = format.name === undefined && !place.context.isOwn
  if (isNameless) Fields.lose(inside(place, request, "responseFormat"), request, "name", { reason: "defaulted", weight: "hint", after: "response" })
  const { description, schema, strict } = fitFormat(format, request, place)
  const kept = before["type"] === "json_schema" ? before : {}
  return Fields.patched(kept, { type: "json_schema", name: isNameless ? "response" : format.name, description, schema, strict })
}

const formatOf = (wire: Partial<Wire.Request>): ResponseFormat | undefined => isObject(wire.text?.format) ? decodeFormat(wire.text.format) : undefined

const text: Row = {
  of: ["responseFormat", "verbosity"],
  keys: ["text"],
  get: (wire) => present({ responseFormat: formatOf(wire), verbosity: wire.text?.verbosity ?? undefined }),
  put: (request, wire, place) => {
    const origin = Wire.asObject(wire.text)
    const format = same(formatOf(wire), request.responseFormat) ? {} : { format: encodeFormat(request, origin["format"], place) }
    const written = Fields.patched(origin, {
      ...format,
      ...((wire.text?.verbosity ?? undefined) === request.verbosity ? {} : { verbosity: request.verbosity })
    })
    return { text: Object.keys(written).length === 0 ? undefined : written }
  }
}

const serviceTier: Row = {
  ...plain("serviceTier", "service_tier", itself, itself),
  put: (request, _, place) => encodeServiceTier(request, place)
}

/** Usage is always told here, so that only the rest of the options has a place. */
const streamOptions: Row = {
  of: ["streamOptions"],
  keys: ["stream_options"],
  get: ({ stream_options: options }) => isObject(options) ? { streamOptions: present({ obfuscation: options.include_obfuscation ?? undefined }) } : {},
  put: (request, wire) => {
    const written = Fields.patched(Wire.asObject(wire.stream_options), { include_obfuscation: request.streamOptions?.obfuscation })
    return { stream_options: Object.keys(written).length === 0 ? undefined : written }
  }
}

/** The field table of a request. */
export const fields: Fields.Fields<CanonicalRequest, Wire.Request, Crossing> = [
  plain("model", "model", itself, itself),
  conversation,
  tools,
  toolChoice,
  plain("parallelToolCalls", "parallel_tool_calls", itself, itself),
  maxOutputTokens,
  { ...plain("temperature", "temperature", itself, itself), put: (request, _, place) => encodeTemperature(request, place) },
  plain("topP", "top_p", itself, itself),
  include,
  intentField,
  text,
  plain("cacheKey", "prompt_cache_key", itself, itself),
  plain("cacheRetention", "prompt_cache_retention", itself, itself),
  plain("metadata", "metadata", itself, itself),
  plain("user", "user", itself, itself),
  plain("safetyIdentifier", "safety_identifier", itself, itself),
  serviceTier,
  plain("store", "store", itself, itself),
  plain("previousResponse", "previous_response_id", itself, itself),
  plain("conversation", "conversation", itself, itself),
  plain("background", "background", itself, itself),
  plain("truncation", "truncation", itself, itself),
  plain("stream", "stream", itself, itself),
  streamOptions
]

const noKeys: ReadonlySet<string> = new Set()

/** Keys without a canonical home, a text format of a kind that nobody else knows among them. */
const foreignKeys = (wire: Wire.Request): ReadonlyArray<string> | undefined => {
  const keys = Fields.foreignKeys(fields, wire, noKeys) ?? []
  const all = isObject(wire.text?.format) && formatOf(wire) === undefined ? [...keys, "text"] : keys
  return all.length === 0 ? undefined : all
}

const checked = check(Wire.Request)

/** A request body in canonical words; a body that is no Responses request fails with the path that is wrong. */
export const decode = ({ body, headers }: RequestInput): Result.Result<CanonicalRequest, Failure> =>
  Result.map(checked(body), (wire) => ({
    model: wire.model,
    turns: [],
    ...Fields.get(fields, wire, ""),
    ...present({
      headers: Object.keys(headers).length === 0 ? undefined : headers,
      foreign: foreignKeys(wire)
    }),
    wire: { dialect: Wire.id, value: body },
    at: "",
    places: {
      ...Fields.places(fields, wire, ""),
      turns: "/input",
      ...(wire.instructions === undefined ? { instructions: "/input" } : {}),
      ...(isObject(wire.text?.format) ? { responseFormat: "/text/format" } : {}),
      ...(wire.text?.verbosity === undefined ? {} : { verbosity: "/text/verbosity" })
    }
  }))

/** What is wrong with a request body, if anything is. */
export const refusal = ({ body }: RequestInput): Failure | undefined =>
  Result.match(checked(body), { onFailure: (failure) => failure, onSuccess: () => undefined })

/** The request a canonical one came from, when it came from this dialect. */
const ownRequest = (request: CanonicalRequest): Wire.Request | undefined => {
  const value = valueIn(Wire.id, request)
  // A wire value of this dialect was checked by the schema when it was decoded.
  return isObject(value) ? value as unknown as Wire.Request : undefined
}

const handled: ReadonlySet<string> = new Set(["headers"])
const meaningful: ReadonlySet<string> = new Set(["audioOutput", "cachedContent"])

const weightOf = (request: CanonicalRequest) => (field: string): Loss.Loss["weight"] => {
  switch (field) {
    case "candidates":
      return (request.candidates ?? 1) > 1 ? "meaning" : "hint"
    case "modalities":
      return request.modalities?.some((kind) => kind !== "text") === true ? "meaning" : "hint"
    default:
      return meaningful.has(field) ? "meaning" : "hint"
  }
}

/** A canonical request as a body of this dialect, with what could not be said. */
export const encode = (request: CanonicalRequest): EncodedRequest => {
  const origin = ownRequest(request)
  const isOwn = origin !== undefined
  const sink = Loss.sink()
  const place: Place = { canonical: "", at: request.at ?? "", sink, context: { isOwn, renamed: new Map(), flat: ToolNames.flat } }
  const body = Fields.put(fields, request, origin, place)
  Fields.loseRest(fields, request, handled, place, weightOf(request), isOwn)
  if (!isOwn && request.headers !== undefined) Fields.lose(place, request, "headers", { reason: "dropped", weight: "hint", before: request.headers })
  return { body, headers: isOwn ? request.headers ?? {} : {}, losses: sink.losses, renamed: place.context.renamed }
}
