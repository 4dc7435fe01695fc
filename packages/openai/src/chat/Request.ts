/**
 * The body of a request to and from the canonical request: one row per field, and the lists (messages, tools) that have files of
 * their own. Without a wire value of this dialect everything is written in the words of the official specification.
 */
import { type CanonicalRequest, isChoiceElsewhere, type ResponseFormat } from "@sluice/protocol/CanonicalRequest"
import type { EncodedRequest, RequestInput } from "@sluice/protocol/Dialect"
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { asObject } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import * as ToolNames from "@sluice/protocol/ToolNames"
import { isObject, type Json, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import { encodeServiceTier } from "../internal/serviceTier.ts"
import { fitFormat } from "../internal/strictSchemas.ts"
import { encodeTemperature } from "../internal/temperature.ts"
import { type Crossing, inside, type Place } from "./Crossing.ts"
import { decodeContent, encodeContent } from "./Parts.ts"
import * as Reasoning from "./Reasoning.ts"
import { decodeToolChoice, decodeTools, encodeToolChoice, encodeTools } from "./Tools.ts"
import { decodeTurns, encodeTurns } from "./Turns.ts"
import { check, id, Request } from "./Wire.ts"

type Row = Fields.Field<CanonicalRequest, Request, Crossing>

const plain = Fields.plain<CanonicalRequest, Request, Crossing>()

const itself = <A>(value: A): A => value

/** A field that only compatible providers know: written where the request came from this dialect, a loss elsewhere. */
const compatible = <K extends "topK", L extends "top_k">(field: K, key: L): Row => ({
  ...plain(field, key, itself, itself),
  put: (request, _, place) => {
    const value = request[field]
    if (value === undefined) return { [key]: undefined }
    if (place.context.isOwn) return { [key]: value }
    Fields.lose(place, request, field, { reason: "dropped", weight: "hint", before: value })
    return {}
  }
})

const hasTools = (request: CanonicalRequest): boolean => (request.tools ?? []).some((tool) => tool.type !== "provider" || tool.dialect === id)

const toolChoice: Row = {
  of: ["toolChoice"],
  keys: ["tool_choice", "function_call"],
  get: (wire) => {
    const choice = wire.tool_choice ?? wire.function_call ?? undefined
    return choice === undefined ? {} : { toolChoice: decodeToolChoice(choice) }
  },
  put: (request, wire, place) => {
    const choice = request.toolChoice
    const key = Object.hasOwn(wire, "function_call") && !Object.hasOwn(wire, "tool_choice") ? "function_call" : "tool_choice"
    if (choice === undefined) return { [key]: undefined }
    if (hasTools(request) && !isChoiceElsewhere(choice, request.tools, id)) return { [key]: encodeToolChoice(choice, request, place) }
    // OpenAI refuses a choice among no tools, and of a tool that is not offered.
    const isForced = choice.type === "required" || choice.type === "named" || choice.type === "provider"
    Fields.lose(place, request, "toolChoice", { reason: "dropped", weight: isForced ? "meaning" : "hint", before: choice })
    return { [key]: undefined }
  }
}

const parallelToolCalls: Row = {
  ...plain("parallelToolCalls", "parallel_tool_calls", itself, itself),
  put: (request, _, place) => {
    const value = request.parallelToolCalls
    if (value === undefined || hasTools(request)) return { parallel_tool_calls: value }
    Fields.lose(place, request, "parallelToolCalls", { reason: "dropped", weight: "hint", before: value })
    return { parallel_tool_calls: undefined }
  }
}

const maxOutputTokens: Row = {
  of: ["maxOutputTokens"],
  keys: ["max_completion_tokens", "max_tokens"],
  get: (wire) => present({ maxOutputTokens: wire.max_completion_tokens ?? wire.max_tokens ?? undefined }),
  put: (request, wire) => ({
    ...(Object.hasOwn(wire, "max_tokens") ? { max_tokens: request.maxOutputTokens } : {}),
    ...(Object.hasOwn(wire, "max_completion_tokens") || !Object.hasOwn(wire, "max_tokens") ? { max_completion_tokens: request.maxOutputTokens } : {})
  })
}

/** OpenAI accepts at most four stop sequences. */
const maxStops = 4

const stop: Row = {
  of: ["stop"],
  keys: ["stop"],
  get: (wire) => wire.stop === undefined || wire.stop === null ? {} : { stop: typeof wire.stop === "string" ? [wire.stop] : wire.stop },
  put: (request, wire, place) => {
    const stops = request.stop
    // OpenAI refuses an empty list.
    if (stops === undefined || (stops.length === 0 && !place.context.isOwn)) return { stop: undefined }
    if (stops.length > maxStops && !place.context.isOwn) {
      const after = stops.slice(0, maxStops)
      Fields.lose(place, request, "stop", { reason: "approximated", weight: "hint", before: stops, after })
      return { stop: after }
    }
    const [first] = stops
    return { stop: typeof wire.stop === "string" && stops.length === 1 && first !== undefined ? first : stops }
  }
}

const seed: Row = {
  of: ["seed"],
  keys: ["seed", "random_seed"],
  get: (wire) => present({ seed: wire.seed ?? wire.random_seed ?? undefined }),
  put: (request, wire) => ({ [Object.hasOwn(wire, "random_seed") ? "random_seed" : "seed"]: request.seed })
}

const logprobs: Row = {
  of: ["logprobs"],
  keys: ["logprobs", "top_logprobs"],
  get: (wire) =>
    typeof wire.logprobs !== "boolean" && typeof wire.top_logprobs !== "number"
      ? {}
      : { logprobs: { enabled: wire.logprobs ?? true, ...present({ top: wire.top_logprobs ?? undefined }) } },
  put: (request) => ({ logprobs: request.logprobs?.enabled, top_logprobs: request.logprobs?.top })
}

const officialModalities: ReadonlySet<string> = new Set(["text", "audio"])

const modalities: Row = {
  ...plain("modalities", "modalities", itself, itself),
  put: (request, _, place) => {
    const wanted = request.modalities
    const after = place.context.isOwn ? wanted : wanted?.filter((name) => officialModalities.has(name))
    if (after?.length !== wanted?.length) Fields.lose(place, request, "modalities", { reason: "approximated", weight: "meaning", before: wanted, after })
    return { modalities: after }
  }
}

const audioOutput: Row = {
  ...plain("audioOutput", "audio", itself, itself),
  put: (request, _, place) => {
    const audio = request.audioOutput
    if (audio === undefined || place.context.isOwn || (isObject(audio) && audio["voice"] !== undefined && audio["format"] !== undefined)) return { audio }
    Fields.lose(place, request, "audioOutput", { reason: "dropped", weight: "meaning", before: audio })
    return {}
  }
}

const getFormat = (wire: NonNullable<Request["response_format"]>): ResponseFormat | undefined => {
  switch (wire.type) {
    case "text":
      return { type: "text" }
    case "json_object":
      return { type: "json" }
    case "json_schema": {
      const schema = wire.json_schema ?? {}
      return {
        type: "json-schema",
        schema: schema.schema ?? {},
        ...present({ name: schema.name ?? undefined, description: schema.description ?? undefined, strict: schema.strict ?? undefined })
      }
    }
    default:
      return undefined
  }
}

const putFormat = (request: CanonicalRequest, origin: Json | undefined, place: Place): Json | undefined => {
  const format = request.responseFormat
  if (format === undefined) return undefined
  if (format.type !== "json-schema") return { type: format.type === "json" ? "json_object" : "text" }
  const before = isObject(origin) && isObject(origin["json_schema"]) ? origin["json_schema"] : {}
  // OpenAI refuses a schema without a name.
  if (format.name === undefined && !place.context.isOwn) {
    Fields.lose(inside(place, request, "responseFormat"), request, "name", { reason: "defaulted", weight: "hint", after: "response" })
  }
  const name = format.name ?? (place.context.isOwn ? undefined : "response")
  const { description, schema, strict } = fitFormat(format, request, place)
  return { type: "json_schema", json_schema: Fields.patched(before, { name, description, schema, strict }) }
}

const responseFormat: Row = {
  of: ["responseFormat"],
  keys: ["response_format"],
  get: (wire) => isObject(wire.response_format) ? present({ responseFormat: getFormat(wire.response_format) }) : {},
  put: (request, wire, place) => ({ response_format: putFormat(request, wire.response_format ?? undefined, place) })
}

/** Fields of a checked request are values of the parsed body. */

const prediction: Row = {
  of: ["prediction"],
  keys: ["prediction"],
  get: (wire, at) => isObject(wire.prediction) ? { prediction: decodeContent(wire.prediction.content, `${at}/prediction/content`) } : {},
  put: (request, wire, place) => {
    if (request.prediction === undefined) return { prediction: undefined }
    const parts = request.prediction.map((part, index) => ({ part, place: inside(place, part, "prediction", index) }))
    const content = encodeContent(parts, isObject(wire.prediction) ? wire.prediction.content : undefined)
    return { prediction: { type: "content", content: content ?? "" } }
  }
}

const serviceTier: Row = {
  ...plain("serviceTier", "service_tier", itself, itself),
  put: (request, _, place) => encodeServiceTier(request, place)
}

const streamOptions: Row = {
  of: ["streamOptions"],
  keys: ["stream_options"],
  get: ({ stream_options: options }) =>
    isObject(options)
      ? { streamOptions: present({ includeUsage: options.include_usage ?? undefined, obfuscation: options.include_obfuscation ?? undefined }) }
      : {},
  put: (request, wire) => ({
    stream_options: request.streamOptions === undefined
      ? undefined
      : Fields.patched(asObject(wire.stream_options), {
        include_usage: request.streamOptions.includeUsage,
        include_obfuscation: request.streamOptions.obfuscation
      })
  })
}

/** The field table of a request. */
export const fields: Fields.Fields<CanonicalRequest, Request, Crossing> = [
  plain("model", "model", itself, itself),
  toolChoice,
  parallelToolCalls,
  maxOutputTokens,
  { ...plain("temperature", "temperature", itself, itself), put: (request, _, place) => encodeTemperature(request, place) },
  plain("topP", "top_p", itself, itself),
  compatible("topK", "top_k"),
  stop,
  seed,
  plain("presencePenalty", "presence_penalty", itself, itself),
  plain("frequencyPenalty", "frequency_penalty", itself, itself),
  plain("logitBias", "logit_bias", itself, itself),
  logprobs,
  plain("candidates", "n", itself, itself),
  modalities,
  audioOutput,
  Reasoning.intentField,
  plain("verbosity", "verbosity", itself, itself),
  responseFormat,
  prediction,
  plain("cacheKey", "prompt_cache_key", itself, itself),
  plain("cacheRetention", "prompt_cache_retention", itself, itself),
  plain("metadata", "metadata", itself, itself),
  plain("user", "user", itself, itself),
  plain("safetyIdentifier", "safety_identifier", itself, itself),
  serviceTier,
  plain("store", "store", itself, itself),
  plain("webSearch", "web_search_options", itself, itself),
  plain("stream", "stream", itself, itself),
  streamOptions
]

const structural: ReadonlySet<string> = new Set(["messages", "tools", "functions"])
const handled: ReadonlySet<string> = new Set(["headers", "instructions", "turns", "tools"])

const meaningful: ReadonlySet<string> = new Set(["previousResponse", "conversation", "cachedContent"])

/** An answer that is wanted at once loses nothing where there is no background. */
const weightOf = (request: CanonicalRequest) => (field: string): Loss.Loss["weight"] =>
  meaningful.has(field) || (field === "background" && request.background === true) ? "meaning" : "hint"

/** Keys without a canonical home: a response format of a kind that only compatible providers know, and the second of two limits, among them. */
const homeless = (wire: Request): ReadonlyArray<string> | undefined => {
  const keys = Fields.foreignKeys(fields, wire, structural) ?? []
  const hasOwnFormat = isObject(wire.response_format) && getFormat(wire.response_format) === undefined
  // Two limits cannot both hold: OpenAI refuses them, others take the newer key, and so is it read here.
  const hasTwoLimits = typeof wire.max_tokens === "number" && typeof wire.max_completion_tokens === "number" && wire.max_tokens !== wire.max_completion_tokens
  const all = [...keys, ...(hasOwnFormat ? ["response_format"] : []), ...(hasTwoLimits ? ["max_tokens"] : [])]
  return all.length === 0 ? undefined : all
}

const checked = check(Request)

/** A request body in canonical words; a body that is no chat completion request fails with the path that is wrong. */
export const decode = ({ body, headers }: RequestInput): Result.Result<CanonicalRequest, Failure> =>
  Result.map(checked(body), (wire) => ({
    model: wire.model,
    ...Fields.get(fields, wire, ""),
    ...decodeTurns(wire.messages, "/messages"),
    ...present({
      tools: decodeTools(wire, ""),
      headers: Object.keys(headers).length === 0 ? undefined : headers,
      foreign: homeless(wire)
    }),
    wire: { dialect: id, value: body },
    at: "",
    places: {
      ...Fields.places(fields, wire, ""),
      turns: "/messages",
      instructions: "/messages",
      ...(Array.isArray(wire.tools) ? { tools: "/tools" } : {}),
      ...(wire.response_format?.type === "json_schema" ? { responseFormat: "/response_format/json_schema" } : {})
    }
  }))

/** What is wrong with a request body, if anything is. */
export const refusal = ({ body }: RequestInput): Failure | undefined =>
  Result.match(checked(body), { onFailure: (failure) => failure, onSuccess: () => undefined })

/** The request a canonical one came from, when it came from this dialect. */
const ownRequest = (request: CanonicalRequest): Request | undefined => {
  const value = valueIn(id, request)
  // A wire value of this dialect was checked by the schema when it was decoded.
  return isObject(value) ? value as unknown as Request : undefined
}

/** A canonical request as a body of this dialect, with what could not be said. */
export const encode = (request: CanonicalRequest): EncodedRequest => {
  const origin = ownRequest(request)
  const isOwn = origin !== undefined
  const sink = Loss.sink()
  const place: Place = { canonical: "", at: request.at ?? "", sink, context: { isOwn, renamed: new Map(), flat: ToolNames.among(request.tools) } }
  const messages = encodeTurns(request, origin?.messages, place)
  const tools = encodeTools(request, origin, place)
  const rest = Fields.put(fields, request, origin, place)
  Fields.loseRest(fields, request, handled, place, weightOf(request), isOwn)
  if (!isOwn && request.headers !== undefined) Fields.lose(place, request, "headers", { reason: "dropped", weight: "hint", before: request.headers })
  const { model, ...others } = rest
  const body = isOwn
    ? Fields.patched(rest, { messages, ...tools })
    : { ...Fields.patched({}, { model, messages, ...tools }), ...others }
  return { body, headers: isOwn ? request.headers ?? {} : {}, losses: sink.losses, renamed: place.context.renamed }
}
