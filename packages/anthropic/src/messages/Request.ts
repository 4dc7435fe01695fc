/**
 * The body of a request to and from the canonical request: one row per field, in the order in which a new body is written.
 * What Anthropic asks of a foreign request as a whole is in Fit.ts.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { EncodedRequest, ModelFacts, RequestInput } from "@sluice/protocol/Dialect"
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import * as ToolNames from "@sluice/protocol/ToolNames"
import { isObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { cacheField } from "./Cache.ts"
import { type Crossing, fieldOf, originOf, type Place } from "./Crossing.ts"
import { fit } from "./Fit.ts"
import { output } from "./Output.ts"
import { decodeToolChoice, decodeTools, encodeToolChoice, encodeTools } from "./Tools.ts"
import { decodeInstructions, decodeTurns, encodeInstructions, encodeTurns } from "./Turns.ts"
import * as Wire from "./Wire.ts"

type Row = Fields.Field<CanonicalRequest, Wire.Request, Crossing>

const plain = Fields.plain<CanonicalRequest, Wire.Request, Crossing>()
const itself = <A>(value: A): A => value

/** Where the path names the model, the body does not. */
const model: Row = {
  of: ["model"],
  keys: ["model"],
  get: (wire) => present({ model: wire.model }),
  put: (request, wire) => wire.messages !== undefined && wire.model === undefined ? {} : { model: request.model }
}

const instructions: Row = {
  of: ["instructions"],
  keys: ["system"],
  get: (wire, at) => present({ instructions: decodeInstructions(wire.system, Pointer.child(at, "system")) }),
  put: (request, wire, place) => ({ system: encodeInstructions(request.instructions ?? [], wire.system, fieldOf(place, request, "instructions")) })
}

const turns: Row = {
  of: ["turns"],
  keys: ["messages"],
  get: (wire, at) => ({ turns: decodeTurns(wire.messages, Pointer.child(at, "messages")) }),
  put: (request, wire, place) => ({ messages: encodeTurns(request.turns, wire.messages, fieldOf(place, request, "turns")) })
}

const tools: Row = {
  of: ["tools"],
  keys: ["tools"],
  get: (wire, at) => wire.tools === undefined || wire.tools === null ? {} : { tools: decodeTools(wire.tools, Pointer.child(at, "tools")) },
  put: (request, wire, place) => {
    if (request.tools === undefined) return { tools: undefined }
    const origin = wire.tools === undefined || wire.tools === null ? undefined : Wire.asJson(wire.tools)
    return { tools: encodeTools(request.tools, origin, fieldOf(place, request, "tools")) }
  }
}

const toolChoice: Row = {
  of: ["toolChoice", "parallelToolCalls"],
  keys: ["tool_choice"],
  get: (wire) => decodeToolChoice(wire.tool_choice),
  put: (request, wire, place) => ({ tool_choice: encodeToolChoice(request, wire.tool_choice, place) })
}

/** Anthropic's metadata is one opaque user id; other keys stay on the wire. */
const user: Row = {
  of: ["user"],
  keys: ["metadata"],
  get: (wire) => present({ user: wire.metadata?.user_id ?? undefined }),
  put: (request, wire) => {
    const metadata = Fields.patched(Wire.asObject(wire.metadata), { user_id: request.user })
    return { metadata: Object.keys(metadata).length === 0 ? undefined : metadata }
  }
}

const tiers: ReadonlyMap<string, string> = new Map([["auto", "auto"], ["standard_only", "standard_only"], ["default", "standard_only"]])

const serviceTier: Row = {
  ...plain("serviceTier", "service_tier", itself, itself),
  put: (request, wire, place) => {
    const before = request.serviceTier
    const after = before === undefined || wire.messages !== undefined ? before : tiers.get(before)
    if (before !== after) {
      const reason = after === undefined ? "dropped" : "approximated"
      Fields.lose(place, request, "serviceTier", present({ reason, weight: "hint", before, after }))
    }
    return { service_tier: after }
  }
}

/** The field table of a request. */
export const fields: Fields.Fields<CanonicalRequest, Wire.Request, Crossing> = [
  model,
  plain("maxOutputTokens", "max_tokens", itself, itself),
  instructions,
  turns,
  tools,
  toolChoice,
  output,
  plain("temperature", "temperature", itself, itself),
  plain("topP", "top_p", itself, itself),
  plain("topK", "top_k", itself, itself),
  plain("stop", "stop_sequences", itself, itself),
  user,
  serviceTier,
  cacheField(),
  plain("container", "container", itself, itself),
  plain("mcpServers", "mcp_servers", itself, itself),
  plain("stream", "stream", itself, itself)
]

const noKeys: ReadonlySet<string> = new Set()

/** Objects of which the canonical model knows some keys: with others in them they count as unknown, too. */
const nested: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["metadata", new Set(["user_id"])],
  ["output_config", new Set(["effort", "format"])]
])

const foreignKeys = (wire: Wire.Request): ReadonlyArray<string> | undefined => {
  const outer = Fields.foreignKeys(fields, wire, noKeys) ?? []
  const inner = Object.entries(wire).filter(([key, value]) => isObject(value) && Object.keys(value).some((name) => nested.get(key)?.has(name) === false))
  const keys = [...outer, ...inner.map(([key]) => key)]
  return keys.length === 0 ? undefined : keys
}

const checked = Wire.check(Wire.Request)

/**
 * Message threads live in the provider's storage, which a gateway does not have. The code makes Anthropic's SDK send the whole
 * conversation instead.
 */
const refuseThread: Failure = {
  ...Wire.invalid("/thread", "Message threads are not supported here; send the whole conversation"),
  code: "thread_unsupported_request"
}

const refused = (wire: Wire.Request, path: RequestInput["path"]): Failure | undefined => {
  if (wire.thread !== undefined && wire.thread !== null) return refuseThread
  return wire.model === undefined && path.model === undefined ? Wire.invalid("/model", "Field required") : undefined
}

/** Headers that ask for something. The protocol's version says how to read the body, which a crossing has done. */
const asked = ({ "anthropic-version": _version, ...rest }: RequestInput["headers"]): RequestInput["headers"] | undefined =>
  Object.keys(rest).length === 0 ? undefined : rest

/** A request body in canonical words; a body that is no Messages request fails with the path that is wrong. */
export const decode = ({ body, headers, path }: RequestInput): Result.Result<CanonicalRequest, Failure> =>
  Result.flatMap(checked(body), (wire) => {
    const failure = refused(wire, path)
    if (failure !== undefined) return Result.fail(failure)
    return Result.succeed({
      turns: [],
      ...Fields.get(fields, wire, ""),
      model: wire.model ?? path.model ?? "",
      ...present({
        headers: asked(headers),
        foreign: foreignKeys(wire)
      }),
      wire: { dialect: Wire.id, value: body },
      at: "",
      places: Fields.places(fields, wire, "")
    })
  })

/** What is wrong with a request body, if anything is. */
export const refusal = ({ body, path }: RequestInput): Failure | undefined =>
  Result.match(checked(body), { onFailure: (failure) => failure, onSuccess: (wire) => refused(wire, path) })

const isRequest = Schema.is(Wire.Request)

/** What the encoder reads for itself, and what asks nothing of the provider: stream options are read by the client's own encoder. */
const handled: ReadonlySet<string> = new Set(["headers", "streamOptions"])

const meaningful: ReadonlySet<string> = new Set(["previousResponse", "conversation", "audioOutput", "cachedContent"])

const weightOf = (request: CanonicalRequest) => (field: string): Loss.Loss["weight"] => {
  switch (field) {
    case "candidates":
      return (request.candidates ?? 1) > 1 ? "meaning" : "hint"
    case "background":
      return request.background === true ? "meaning" : "hint"
    case "modalities":
      return request.modalities?.some((kind) => kind !== "text") === true ? "meaning" : "hint"
    default:
      return meaningful.has(field) ? "meaning" : "hint"
  }
}

const callsOf = (request: CanonicalRequest): ReadonlyMap<string, string> =>
  new Map(request.turns.flatMap((turn) => turn.parts.flatMap((part) => part.type === "tool-call" ? [[part.id, part.name] as const] : [])))

/** A canonical request as a body of this dialect, with what could not be said. */
export const encode = (request: CanonicalRequest, facts?: ModelFacts): EncodedRequest => {
  const origin = originOf(isRequest, request)
  const isOwn = origin !== undefined
  const sink = Loss.sink()
  const context: Crossing = {
    isAnswer: false,
    model: request.model,
    thinking: facts?.thinking,
    renamed: new Map(),
    calls: isOwn ? new Map() : callsOf(request),
    flat: ToolNames.among(request.tools),
    allowed: !isOwn && request.toolChoice?.type === "allowed" ? new Set(request.toolChoice.names) : undefined
  }
  const place: Place = { canonical: "", at: request.at ?? "", sink, context }
  const fitted = isOwn ? request : fit(request, place)
  const body = Fields.put(fields, fitted, origin, place)
  Fields.loseRest(fields, fitted, handled, place, weightOf(request), isOwn)
  if (!isOwn && request.headers !== undefined) Fields.lose(place, request, "headers", { reason: "dropped", weight: "hint", before: request.headers })
  return { body, headers: isOwn ? request.headers ?? {} : {}, losses: sink.losses, renamed: context.renamed }
}
