/**
 * A canonical request as what Effect's language models are asked: a prompt, tools, a choice among them and a form of the answer, as the
 * JSON an executor is handed. All else of a request has no place there and is a loss. Pure.
 */
import type { MediaPart, Part, ToolResultPart } from "@sluice/protocol/CanonicalPart"
import type { CanonicalRequest, FunctionTool, ToolChoice, Turn } from "@sluice/protocol/CanonicalRequest"
import type { EncodedRequest } from "@sluice/protocol/Dialect"
import { parse } from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import { type Json, type JsonObject, nodeKeys } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"

/** Fields that say what is meant; what else has no place is a hint. */
const meaningful: ReadonlySet<string> = new Set([
  "candidates",
  "modalities",
  "audioOutput",
  "previousResponse",
  "conversation",
  "background",
  "container",
  "mcpServers",
  "cachedContent",
  "webSearch"
])

/** Fields that are carried, or say only how the answer travels. */
const handled: ReadonlySet<string> = new Set(["model", "instructions", "turns", "tools", "toolChoice", "responseFormat", "stream", "streamOptions"])

interface Place {
  readonly sink: Loss.LossSink
  /** JSON Pointer in the canonical model. */
  readonly canonical: string
}

type Facts = Partial<Pick<Loss.Loss, "reason" | "weight" | "after">>

const lose = ({ canonical, sink }: Place, node: { readonly at?: string }, before: unknown, facts: Facts = {}): void =>
  sink.add({ at: node.at ?? canonical, canonical, reason: "dropped", weight: "meaning", before, ...facts })

const mimes = { image: "image/*", audio: "audio/*", video: "video/*", document: "application/octet-stream" } as const

const file = (part: MediaPart): JsonObject | undefined => {
  const { source, title } = part
  const named = title === undefined ? {} : { fileName: title }
  if (source.type === "base64") return { type: "file", mediaType: source.mime ?? mimes[part.type], data: source.data, ...named }
  if (source.type === "url") return { type: "file", mediaType: source.mime ?? mimes[part.type], data: { _tag: "URL", href: source.url }, ...named }
  return source.type === "text"
    ? { type: "file", mediaType: source.mime ?? "text/plain", data: Buffer.from(source.text).toString("base64"), ...named }
    : undefined
}

/** Arguments are what a model wrote: text, where they are not JSON. */
const argumentsOf = (text: string): Json => Result.getOrElse(parse(text === "" ? "{}" : text), () => text)

const plainParts = (parts: ReadonlyArray<Part>, place: Place): ReadonlyArray<JsonObject> =>
  parts.flatMap((part, index) => {
    const made = part.type === "text"
      ? { type: "text", text: part.text }
      : part.type === "json"
      ? { type: "text", text: JSON.stringify(part.value) }
      : media(part)
    if (made === undefined) lose({ ...place, canonical: `${place.canonical}/parts/${index}` }, part, part)
    return made === undefined ? [] : [made]
  })

const media = (part: Part): JsonObject | undefined =>
  part.type === "image" || part.type === "document" || part.type === "audio" || part.type === "video" ? file(part) : undefined

const result = (part: ToolResultPart, names: ReadonlyMap<string, string>, place: Place): JsonObject => {
  const parts = plainParts(part.parts, place)
  const text = parts.flatMap((each) => typeof each["text"] === "string" ? [each["text"]] : []).join("")
  return {
    type: "tool-result",
    id: part.id,
    name: part.name ?? names.get(part.id) ?? "tool",
    isFailure: part.isError === true,
    result: text,
    ...(parts.every((each) => each["type"] === "text") ? {} : { modelOutput: parts })
  }
}

/** The part of a message; `undefined` where there is none for it, which is a loss. */
const toPart = (part: Part, names: ReadonlyMap<string, string>, place: Place): JsonObject | undefined => {
  // Proofs and hints are read by providers that have words for them
  for (const key of ["signature", "encrypted", "cache"] as const) {
    if (part[key] !== undefined) lose({ ...place, canonical: `${place.canonical}/${key}` }, {}, part[key], { weight: "hint" })
  }
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text }
    case "json":
      return { type: "text", text: JSON.stringify(part.value) }
    case "refusal":
      lose(place, part, part, { reason: "approximated", weight: "hint", after: { type: "text", text: part.text } })
      return { type: "text", text: part.text }
    case "reasoning":
      return { type: "reasoning", text: part.text }
    case "tool-call":
      if (part.kind === "custom") break
      return { type: "tool-call", id: part.id, name: part.name, params: argumentsOf(part.arguments) }
    case "tool-result":
      return result(part, names, place)
    case "foreign":
      break
    default: {
      const made = file(part)
      if (made !== undefined) return made
    }
  }
  lose(place, part, part)
  return undefined
}

/** What a turn says, as messages: results of tools stand in one of their own. */
const toMessages = (turn: Turn, names: ReadonlyMap<string, string>, place: Place): ReadonlyArray<JsonObject> => {
  if (turn.name !== undefined) lose({ ...place, canonical: `${place.canonical}/name` }, {}, turn.name, { weight: "hint" })
  if (turn.role === "system" || turn.role === "developer") {
    const parts = plainParts(turn.parts, place)
    return [{ role: "system", content: parts.flatMap((part) => typeof part["text"] === "string" ? [part["text"]] : []).join("\n") }]
  }
  if (turn.role === "foreign") {
    lose(place, turn, turn)
    return []
  }
  const parts = turn.parts.flatMap((part, index) => {
    const made = toPart(part, names, { ...place, canonical: `${place.canonical}/parts/${index}` })
    return made === undefined ? [] : [made]
  })
  const results = parts.filter((part) => part["type"] === "tool-result")
  const others = parts.filter((part) => part["type"] !== "tool-result")
  return [
    ...(results.length === 0 ? [] : [{ role: "tool", content: results }]),
    ...(others.length === 0 ? [] : [{ role: turn.role === "assistant" ? "assistant" : "user", content: others }])
  ]
}

const toTool = ({ description, name, parameters }: FunctionTool): JsonObject => ({
  name,
  ...(description === undefined ? {} : { description }),
  parameters: parameters ?? { type: "object", properties: {} }
})

const toChoice = (choice: ToolChoice): Json | undefined => {
  switch (choice.type) {
    case "auto":
    case "none":
    case "required":
      return choice.type
    case "named":
      return choice.kind === "function" ? { tool: choice.name } : undefined
    case "allowed":
      return { mode: choice.mode, oneOf: [...choice.names] }
    default:
      return undefined
  }
}

/** The request as JSON: `prompt`, `tools`, `toolChoice`, `schema`. */
export const encode = (request: CanonicalRequest): EncodedRequest => {
  const sink = Loss.sink()
  const at = (canonical: string): Place => ({ sink, canonical })
  for (const [field, value] of Object.entries(request)) {
    if (value === undefined || handled.has(field) || nodeKeys.has(field)) continue
    sink.add({
      at: request.places?.[field] ?? `/${field}`,
      canonical: `/${field}`,
      reason: "dropped",
      weight: meaningful.has(field) ? "meaning" : "hint",
      before: value
    })
  }
  const names = new Map(request.turns.flatMap(({ parts }) => parts.flatMap((part) => part.type === "tool-call" ? [[part.id, part.name] as const] : [])))
  const content = [
    ...(request.instructions ?? []).flatMap((turn, index) => toMessages(turn, names, at(`/instructions/${index}`))),
    ...request.turns.flatMap((turn, index) => toMessages(turn, names, at(`/turns/${index}`)))
  ]
  const tools = (request.tools ?? []).flatMap((tool, index) => {
    if (tool.type === "function") return [toTool(tool)]
    lose(at(`/tools/${index}`), tool, tool)
    return []
  })
  const toolChoice = request.toolChoice === undefined ? undefined : toChoice(request.toolChoice)
  if (request.toolChoice !== undefined && toolChoice === undefined) lose(at("/toolChoice"), {}, request.toolChoice)
  const { responseFormat } = request
  if (responseFormat?.type === "json") lose(at("/responseFormat"), {}, responseFormat)
  return {
    body: {
      model: request.model,
      prompt: { content },
      ...(tools.length === 0 ? {} : { tools }),
      ...(toolChoice === undefined ? {} : { toolChoice }),
      ...(responseFormat?.type === "json-schema" ? { schema: { name: responseFormat.name ?? "answer", schema: responseFormat.schema } } : {})
    },
    headers: {},
    losses: sink.losses,
    renamed: new Map()
  }
}
