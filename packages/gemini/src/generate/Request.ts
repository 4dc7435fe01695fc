/**
 * The body of a request to and from the canonical request: one row per field, in the order in which a new body is written. Model and
 * stream are told by the path; how the answer is made stands in Generation.ts.
 */
import type { ToolCallPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { EncodedRequest, ModelFacts, RequestInput } from "@sluice/protocol/Dialect"
import * as Fields from "@sluice/protocol/Fields"
import type { Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import * as Pointer from "@sluice/protocol/Pointer"
import * as ToolNames from "@sluice/protocol/ToolNames"
import { isObject, type Json } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { type Crossing, drop, fieldOf, originOf, type Place } from "./Crossing.ts"
import * as Generation from "./Generation.ts"
import * as Keys from "./Keys.ts"
import { decodeToolChoice, decodeTools, encodeToolChoice, encodeTools } from "./Tools.ts"
import { askInstructions, decodeInstructions, decodeTurns, encodeInstructions, encodeTurns } from "./Turns.ts"
import * as Wire from "./Wire.ts"

type Row = Fields.Field<CanonicalRequest, Wire.Request, Crossing>

const plain = Keys.plain<CanonicalRequest, Wire.Request, Crossing>()
const itself = <A>(value: A): A => value

const prefix = "models/"

const plainName = (name: string): string => name.startsWith(prefix) ? name.slice(prefix.length) : name

/** The path tells the model; some libraries repeat it in the body, as a resource name. */
const model: Row = {
  of: ["model"],
  keys: ["model"],
  get: (wire) => typeof wire.model === "string" ? { model: plainName(wire.model) } : {},
  put: (request, wire) => typeof wire.model === "string" ? { model: wire.model.startsWith(prefix) ? `${prefix}${request.model}` : request.model } : {}
}

const instructions: Row = {
  of: ["instructions"],
  keys: Keys.spelled("systemInstruction"),
  get: (wire, at) => {
    const content = Keys.read(wire, "systemInstruction")
    return content === undefined ? {} : { instructions: decodeInstructions(content, Pointer.child(at, Keys.nameIn(wire, "systemInstruction"))) }
  },
  put: (request, wire, place) => {
    const origin = Keys.read(wire, "systemInstruction")
    const written = request.instructions === undefined ? undefined : encodeInstructions(request.instructions, origin, fieldOf(place, request, "instructions"))
    return { [Keys.nameIn(wire, "systemInstruction")]: written }
  }
}

const turns: Row = {
  of: ["turns"],
  keys: ["contents"],
  get: (wire, at) => ({ turns: decodeTurns(wire.contents ?? [], Pointer.child(at, "contents")) }),
  put: (request, wire, place) => ({ contents: encodeTurns(request.turns, wire.contents, fieldOf(place, request, "turns")) })
}

const tools: Row = {
  of: ["tools"],
  keys: ["tools"],
  get: (wire, at) => wire.tools === undefined || wire.tools === null ? {} : { tools: decodeTools(wire.tools, Pointer.child(at, "tools")) },
  put: (request, wire, place) => ({
    tools: request.tools === undefined ? undefined : encodeTools(request.tools, wire.tools ?? [], fieldOf(place, request, "tools"))
  })
}

const configOf = (wire: Partial<Wire.Request>): Wire.FunctionCallingConfig | undefined => {
  const config = Keys.read(wire, "toolConfig")
  return config === undefined ? undefined : Keys.read(config, "functionCallingConfig")
}

const toolChoice: Row = {
  of: ["toolChoice"],
  keys: Keys.spelled("toolConfig"),
  get: (wire) => present({ toolChoice: decodeToolChoice(configOf(wire) ?? {}) }),
  put: (request, wire, place) => {
    const outer = Keys.read(wire, "toolConfig") ?? {}
    const written = Fields.patched(Wire.asObject(outer), {
      [Keys.nameIn(outer, "functionCallingConfig")]: encodeToolChoice(request, configOf(wire) ?? {}, fieldOf(place, request, "toolChoice"))
    })
    return { [Keys.nameIn(wire, "toolConfig")]: Object.keys(written).length === 0 ? undefined : written }
  }
}

const isSafety = (setting: Json): boolean =>
  isObject(setting) && (typeof setting["category"] === "number" || String(setting["category"]).startsWith("HARM_CATEGORY_"))

/** Settings in another provider's words are none here. */
const safetySettings: Row = {
  ...plain("safetySettings", "safetySettings", itself, (settings) => settings),
  put: (request, wire, place) => {
    const settings = request.safetySettings
    const isKnown = settings === undefined || settings.every(isSafety)
    if (!isKnown) drop(fieldOf(place, request, "safetySettings"), settings, "hint")
    return { [Keys.nameIn(wire, "safetySettings")]: isKnown ? settings : undefined }
  }
}

/** Only Vertex AI takes labels, so that they are not put where there were none. */
const labels: Row = {
  of: ["metadata"],
  keys: ["labels"],
  get: (wire) => present({ metadata: wire.labels ?? undefined }),
  put: (request, wire, place) => {
    if (wire.labels !== undefined && wire.labels !== null) return { labels: request.metadata }
    if (request.metadata !== undefined) drop(fieldOf(place, request, "metadata"), request.metadata, "hint")
    return {}
  }
}

/** The field table of a request. */
export const fields: Fields.Fields<CanonicalRequest, Wire.Request, Crossing> = [
  model,
  instructions,
  turns,
  tools,
  toolChoice,
  Keys.nested<CanonicalRequest, Wire.Request, Crossing>()("generationConfig", (wire) => Keys.read(wire, "generationConfig"), Generation.fields),
  safetySettings,
  plain("cachedContent", "cachedContent", itself, itself),
  labels
]

const noKeys: ReadonlySet<string> = new Set()

/** Objects of which the canonical model knows some keys: with others in them they count as unknown, too. */
const nested: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["generationConfig", new Set(Generation.fields.flatMap((field) => field.keys))],
  ["toolConfig", new Set(Keys.spelled("functionCallingConfig"))]
])

const foreignKeys = (wire: Wire.Request): ReadonlyArray<string> | undefined => {
  const outer = Fields.foreignKeys(fields, wire, noKeys) ?? []
  const inner = [...nested].flatMap(([key, known]) => {
    const name = Keys.nameIn(wire, key)
    const value = Wire.asObject(wire)[name]
    return isObject(value) && Keys.said(value).some((each) => !known.has(each)) ? [name] : []
  })
  const keys = [...outer, ...inner]
  return keys.length === 0 ? undefined : keys
}

/** Where the fields are, those of `generationConfig` in it: also where they would be. */
const placesOf = (wire: Wire.Request): { readonly [field: string]: string } => {
  const config = Keys.read(wire, "generationConfig")
  if (config === undefined) return Fields.places(fields, wire, "")
  const at = Pointer.child("", Keys.nameIn(wire, "generationConfig"))
  const absent = Generation.fields.flatMap(({ keys, of }) => of.map((field) => [field, Pointer.child(at, keys[0] ?? field)] as const))
  return { ...Fields.places(fields, wire, ""), ...Object.fromEntries(absent), ...Fields.places(Generation.fields, config, at) }
}

const checked = Wire.check(Wire.Request)

const refused = (wire: Wire.Request): Failure | undefined =>
  wire.contents === undefined && Keys.read(wire, "generateContentRequest") === undefined ? Wire.invalid("/contents", "is missing") : undefined

/** A request body in canonical words; a body that is no generateContent request fails with the path that is wrong. */
export const decode = ({ body, headers, path }: RequestInput): Result.Result<CanonicalRequest, Failure> =>
  Result.flatMap(checked(body), (wire) => {
    const failure = refused(wire)
    if (failure !== undefined) return Result.fail(failure)
    const read = Fields.get(fields, wire, "")
    return Result.succeed({
      turns: [],
      ...read,
      model: path.model === undefined ? read.model ?? "" : plainName(path.model),
      ...present({
        stream: path.stream,
        headers: Object.keys(headers).length === 0 ? undefined : headers,
        foreign: foreignKeys(wire)
      }),
      wire: { dialect: Wire.id, value: body },
      at: "",
      places: placesOf(wire)
    })
  })

/** What is wrong with a request body, if anything is. */
export const refusal = ({ body }: RequestInput): Failure | undefined => Result.match(checked(body), { onFailure: (failure) => failure, onSuccess: refused })

const isRequest = Schema.is(Wire.Request)

/** Told by the path, or asking nothing of the provider. */
const handled: ReadonlySet<string> = new Set(["headers", "stream", "streamOptions"])

const meaningful: ReadonlySet<string> = new Set(["previousResponse", "conversation"])

const weightOf = (request: CanonicalRequest) => (field: string): Loss.Loss["weight"] =>
  meaningful.has(field) || (field === "background" && request.background === true) ? "meaning" : "hint"

const callName = ({ name, namespace }: ToolCallPart): string => namespace === undefined ? name : ToolNames.flat(namespace, name)

/** The names of calls by their ids, as they are written. */
const callsOf = (request: CanonicalRequest): ReadonlyMap<string, string> =>
  new Map(request.turns.flatMap((turn) => turn.parts.flatMap((part) => part.type === "tool-call" ? [[part.id, callName(part)] as const] : [])))

const isForced = ({ toolChoice: choice }: CanonicalRequest): boolean =>
  choice?.type === "required" || choice?.type === "named" || choice?.type === "provider" || (choice?.type === "allowed" && choice.mode === "required")

/** What Gemini asks of a foreign request as a whole: a content, and tools where there is a choice. */
const fit = (request: CanonicalRequest, place: Place): CanonicalRequest => {
  const { instructions: said, toolChoice: choice, ...rest } = request
  const isAsked = request.turns.length > 0 || said === undefined || said.length === 0
  const hasTools = (request.tools ?? []).some((tool) => tool.type !== "provider" || tool.dialect === Wire.id)
  if (choice !== undefined && !hasTools) drop(fieldOf(place, request, "toolChoice"), choice, isForced(request) ? "meaning" : "hint")
  return {
    ...rest,
    ...(isAsked ? present({ instructions: said }) : { turns: askInstructions(said, place) }),
    ...(hasTools ? present({ toolChoice: choice }) : {})
  }
}

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
    calls: callsOf(request),
    flat: ToolNames.among(request.tools)
  }
  const place: Place = { canonical: "", at: request.at ?? "", sink, context }
  const fitted = isOwn ? request : fit(request, place)
  const body = Fields.put(fields, fitted, origin, place)
  Fields.loseRest(fields, fitted, handled, place, weightOf(request), isOwn)
  if (!isOwn && request.headers !== undefined) Fields.lose(place, request, "headers", { reason: "dropped", weight: "hint", before: request.headers })
  return { body, headers: isOwn ? request.headers ?? {} : {}, losses: sink.losses, renamed: context.renamed }
}
