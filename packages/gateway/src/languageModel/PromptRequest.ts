/**
 * What Effect's language models are asked, as a canonical request: prompt, tools, choice, form of the answer. What has no place in it
 * is a loss, found where it stood in the prompt. Pure.
 */
import type { MediaPart, Part, Source } from "@sluice/protocol/CanonicalPart"
import type { FunctionTool, ResponseFormat, ToolChoice, Turn } from "@sluice/protocol/CanonicalRequest"
import type * as Dialect from "@sluice/protocol/Dialect"
import * as Loss from "@sluice/protocol/Loss"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import type * as LanguageModel from "effect/ai/LanguageModel"
import type * as Prompt from "effect/ai/Prompt"
import * as Tool from "effect/ai/Tool"
import * as Base64 from "effect/encoding/Base64"
import * as Schema from "effect/Schema"
import type { CompletionRequest } from "../CompletionModel.ts"
import * as Metadata from "./Metadata.ts"

/** A request and what it could not carry. */
export interface Asked {
  readonly request: CompletionRequest
  readonly losses: Dialect.EncodedRequest["losses"]
}

const lost = (at: string, before: unknown, weight: Loss.Loss["weight"] = "meaning"): Loss.Loss => ({ at, canonical: at, reason: "dropped", weight, before })

const kindOf = (mime: string): MediaPart["type"] =>
  mime.startsWith("image/") ? "image" : mime.startsWith("audio/") ? "audio" : mime.startsWith("video/") ? "video" : "document"

const sourceOf = ({ data, mediaType }: Prompt.FilePart): Source => {
  // A subtype of `*` says only what kind it is
  const mime = mediaType.endsWith("/*") ? {} : { mime: mediaType }
  if (data instanceof URL) return { type: "url", url: data.href, ...mime }
  if (typeof data !== "string") return { type: "base64", data: Base64.encode(data), ...mime }
  return /^https?:\/\//.test(data) ? { type: "url", url: data, ...mime } : { type: "base64", data: data.replace(/^data:[^,]*,/, ""), ...mime }
}

const file = (part: Prompt.FilePart): Part => ({
  type: kindOf(part.mediaType),
  source: sourceOf(part),
  ...(part.fileName === undefined ? {} : { title: part.fileName })
})

const resultParts = ({ modelOutput, result }: Prompt.ToolResultPart): ReadonlyArray<Part> => {
  if (modelOutput !== undefined) return modelOutput.map((part) => part.type === "text" ? { type: "text", text: part.text } : file(part))
  return [{ type: "text", text: typeof result === "string" ? result : JSON.stringify(result ?? null) }]
}

type AnyPart = Exclude<Prompt.Message["content"], string>[number]

/** The part; `undefined` where there is none for it. */
const toPart = (part: AnyPart): Part | undefined => {
  const seals = Metadata.sealsIn(part.options)
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text, ...seals }
    case "reasoning":
      return { type: "reasoning", form: "raw", text: part.text, ...seals }
    case "file":
      return file(part)
    case "tool-call":
      // A call that a provider made by itself is not one that anybody here has answered
      return part.providerExecuted
        ? undefined
        : { type: "tool-call", kind: "function", id: part.id, name: part.name, arguments: JSON.stringify(part.params ?? {}), ...seals }
    case "tool-result":
      return part.providerExecuted
        ? undefined
        : { type: "tool-result", kind: "function", id: part.id, name: part.name, parts: resultParts(part), ...(part.isFailure ? { isError: true } : {}) }
    default:
      return undefined
  }
}

/** Options of other providers mean nothing here. */
const foreignOptions = (options: { readonly [provider: string]: unknown }): boolean => Object.keys(options).some((key) => key !== Metadata.name)

const toTurn = (message: Prompt.Message, at: string, losses: Loss.LossSink): Turn => {
  if (foreignOptions(message.options)) losses.add(lost(`${at}/options`, message.options, "hint"))
  if (typeof message.content === "string") return { role: message.role, parts: [{ type: "text", text: message.content }] }
  const parts = message.content.flatMap((part, index) => {
    const where = `${at}/content/${index}`
    if (foreignOptions(part.options)) losses.add(lost(`${where}/options`, part.options, "hint"))
    const made = toPart(part)
    if (made === undefined) losses.add(lost(where, part))
    return made === undefined ? [] : [made]
  })
  return { role: message.role, parts }
}

const toTool = (tool: Tool.Any): FunctionTool => {
  const description = Tool.getDescription(tool)
  const strict = Tool.getStrictMode(tool)
  return {
    type: "function",
    name: tool.name,
    parameters: schemaOf(Tool.getJsonSchema(tool)),
    ...(description === undefined ? {} : { description }),
    ...(strict === undefined ? {} : { strict })
  }
}

// A JSON Schema is a JSON object by its definition; Effect's type of it says `unknown` inside
const schemaOf = (schema: object): JsonObject => isObject(schema) ? schema : {}

const toChoice = (choice: LanguageModel.ProviderOptions["toolChoice"]): ToolChoice => {
  if (typeof choice === "string") return { type: choice }
  // The tools were reduced to those of a choice among some
  return "tool" in choice ? { type: "named", kind: "function", name: choice.tool } : { type: choice.mode ?? "auto" }
}

const atRoot = /^#\/\$defs\/([^/]+)$/

/** The schema of an answer: an object of exactly these keys, since what is beyond them would be dropped when it is read. */
const closed = (schema: Schema.Constraint): JsonObject => {
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(schema, { onExcessProperty: "error" })
  const [, name] = typeof root["$ref"] === "string" ? atRoot.exec(root["$ref"]) ?? [] : []
  const whole = name === undefined ? root : definitions[name] ?? root
  return schemaOf(Object.keys(definitions).length === 0 ? whole : { ...whole, $defs: definitions })
}

const toFormat = (format: LanguageModel.ProviderOptions["responseFormat"]): ResponseFormat | undefined =>
  format.type === "text" ? undefined : { type: "json-schema", name: format.objectName, schema: closed(format.schema) }

/** The request. `more` stands where the prompt says nothing: bounds of the answer, sampling, thinking. */
export const make = (
  options: Pick<LanguageModel.ProviderOptions, "prompt" | "tools" | "toolChoice" | "responseFormat">,
  more: Partial<CompletionRequest>
): Asked => {
  const losses = Loss.sink()
  const turns = options.prompt.content.map((message, index) => toTurn(message, `/prompt/content/${index}`, losses))
  const first = turns.findIndex(({ role }) => role !== "system")
  const instructions = first < 0 ? turns : turns.slice(0, first)
  const tools = options.tools.flatMap((tool, index) => {
    if (Tool.isProviderDefined(tool)) {
      losses.add(lost(`/tools/${index}`, tool.name))
      return []
    }
    return [toTool(tool)]
  })
  const responseFormat = toFormat(options.responseFormat)
  return {
    request: {
      ...more,
      ...(instructions.length === 0 ? {} : { instructions }),
      turns: first < 0 ? [] : turns.slice(first),
      ...(tools.length === 0 ? {} : { tools, toolChoice: toChoice(options.toolChoice) }),
      ...(responseFormat === undefined ? {} : { responseFormat })
    },
    losses: losses.losses
  }
}
