/**
 * What generateContent bodies look like: the official specifications (Gemini API and Vertex AI), keys in both spellings, and null
 * wherever real traffic has it. Used as guards on parsed JSON, never as transformations: unknown keys stay where they are. What a
 * wrong body is told comes from `check`.
 */
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Guard from "@sluice/protocol/Guard"
import { AnyJson, AnyObject, maybe } from "@sluice/protocol/Guard"
import { DialectId, type Json } from "@sluice/protocol/Wire"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { both } from "./Keys.ts"

/** The name of this dialect. */
export const id: DialectId = DialectId.make("gemini-generate")

export { asJson, asObject } from "@sluice/protocol/Guard"

/** Enumerations are words, or their numbers in protobuf's JSON. */
const Enum = Schema.Union([Schema.String, Schema.Number])

/** An enumeration's word or number. */
export type Enum = typeof Enum.Type

/** `inlineData`: bytes inside the body. */
export const Blob = both({ mimeType: maybe(Schema.String), data: maybe(Schema.String), displayName: maybe(Schema.String) })

/** `inlineData`. */
export type Blob = typeof Blob.Type

/** `fileData`: bytes behind an address. */
export const FileData = both({ fileUri: maybe(Schema.String), mimeType: maybe(Schema.String), displayName: maybe(Schema.String) })

/** `fileData`. */
export type FileData = typeof FileData.Type

/** A piece of a call's arguments (Vertex, `streamFunctionCallArguments`). */
export const PartialArg = both({
  jsonPath: maybe(Schema.String),
  stringValue: maybe(Schema.String),
  numberValue: maybe(Schema.Number),
  boolValue: maybe(Schema.Boolean),
  nullValue: Schema.optionalKey(AnyJson),
  willContinue: maybe(Schema.Boolean)
})

/** A piece of a call's arguments. */
export type PartialArg = typeof PartialArg.Type

/** `functionCall`. The id is new; older clients and models leave it out. */
export const FunctionCall = both({
  id: maybe(Schema.String),
  name: maybe(Schema.String),
  args: maybe(AnyObject),
  partialArgs: maybe(Schema.Array(PartialArg)),
  willContinue: maybe(Schema.Boolean)
})

/** `functionCall`. */
export type FunctionCall = typeof FunctionCall.Type

/** A medium among the results of a function. */
export const ResultMedia = both({ inlineData: maybe(Blob), fileData: maybe(FileData) })

/** `functionResponse`. */
export const FunctionResponse = both({
  id: maybe(Schema.String),
  name: maybe(Schema.String),
  response: maybe(AnyObject),
  parts: maybe(Schema.Array(ResultMedia))
})

/** `functionResponse`. */
export type FunctionResponse = typeof FunctionResponse.Type

const MediaResolution = both({ level: maybe(Enum) })

/** A part: the one data key that is set says its kind. */
export const Part = both({
  text: maybe(Schema.String),
  thought: maybe(Schema.Boolean),
  thoughtSignature: maybe(Schema.String),
  inlineData: maybe(Blob),
  fileData: maybe(FileData),
  functionCall: maybe(FunctionCall),
  functionResponse: maybe(FunctionResponse),
  executableCode: maybe(AnyObject),
  codeExecutionResult: maybe(AnyObject),
  mediaResolution: maybe(MediaResolution)
})

/** A part. */
export type Part = typeof Part.Type

/** A content. Clients of older libraries write its only part without a list. */
export const Content = both({ role: maybe(Schema.String), parts: maybe(Schema.Union([Schema.Array(Part), Part])) })

/** A content. */
export type Content = typeof Content.Type

/** An entry of `functionDeclarations`. */
export const FunctionDeclaration = both({
  name: Schema.String,
  description: maybe(Schema.String),
  parameters: maybe(AnyObject),
  parametersJsonSchema: maybe(AnyObject)
})

/** An entry of `functionDeclarations`. */
export type FunctionDeclaration = typeof FunctionDeclaration.Type

/** An entry of `tools`: functions, and under every other key a tool of the provider. */
export const Tool = both({ functionDeclarations: maybe(Schema.Array(FunctionDeclaration)) })

/** An entry of `tools`. */
export type Tool = typeof Tool.Type

/** `functionCallingConfig`. */
export const FunctionCallingConfig = both({ mode: maybe(Enum), allowedFunctionNames: maybe(Schema.Array(Schema.String)) })

/** `functionCallingConfig`. */
export type FunctionCallingConfig = typeof FunctionCallingConfig.Type

/** `toolConfig`. */
export const ToolConfig = both({ functionCallingConfig: maybe(FunctionCallingConfig) })

/** `thinkingConfig`. */
export const ThinkingConfig = both({ includeThoughts: maybe(Schema.Boolean), thinkingBudget: maybe(Schema.Number), thinkingLevel: maybe(Enum) })

/** `thinkingConfig`. */
export type ThinkingConfig = typeof ThinkingConfig.Type

/** `generationConfig`. */
export const GenerationConfig = both({
  maxOutputTokens: maybe(Schema.Number),
  temperature: maybe(Schema.Number),
  topP: maybe(Schema.Number),
  topK: maybe(Schema.Number),
  stopSequences: maybe(Schema.Array(Schema.String)),
  seed: maybe(Schema.Number),
  presencePenalty: maybe(Schema.Number),
  frequencyPenalty: maybe(Schema.Number),
  responseLogprobs: maybe(Schema.Boolean),
  logprobs: maybe(Schema.Number),
  candidateCount: maybe(Schema.Number),
  responseModalities: maybe(Schema.Array(Enum)),
  speechConfig: maybe(AnyObject),
  thinkingConfig: maybe(ThinkingConfig),
  responseMimeType: maybe(Schema.String),
  responseSchema: maybe(AnyObject),
  responseJsonSchema: maybe(AnyObject),
  _responseJsonSchema: maybe(AnyObject)
})

/** `generationConfig`. */
export type GenerationConfig = typeof GenerationConfig.Type

/** The body of generateContent and streamGenerateContent; countTokens takes the same, or wraps it in `generateContentRequest`. */
export const Request = both({
  model: maybe(Schema.String),
  contents: maybe(Schema.Union([Schema.Array(Content), Content])),
  systemInstruction: maybe(Schema.Union([Schema.String, Content])),
  generationConfig: maybe(GenerationConfig),
  tools: maybe(Schema.Array(Tool)),
  toolConfig: maybe(ToolConfig),
  safetySettings: maybe(Schema.Array(AnyObject)),
  cachedContent: maybe(Schema.String),
  labels: maybe(Schema.Record(Schema.String, Schema.String)),
  generateContentRequest: maybe(AnyObject)
})

/** The body of a request. */
export type Request = typeof Request.Type

const Details = Schema.Array(Schema.Struct({ modality: maybe(Enum), tokenCount: maybe(Schema.Number) }))

/** `usageMetadata`. */
export const Usage = Schema.Struct({
  promptTokenCount: maybe(Schema.Number),
  cachedContentTokenCount: maybe(Schema.Number),
  candidatesTokenCount: maybe(Schema.Number),
  thoughtsTokenCount: maybe(Schema.Number),
  toolUsePromptTokenCount: maybe(Schema.Number),
  totalTokenCount: maybe(Schema.Number),
  promptTokensDetails: maybe(Details),
  cacheTokensDetails: maybe(Details),
  candidatesTokensDetails: maybe(Details),
  trafficType: maybe(AnyJson),
  serviceTier: maybe(AnyJson)
})

/** `usageMetadata`. */
export type Usage = typeof Usage.Type

/** A candidate of an answer or of a chunk of one. */
export const Candidate = Schema.Struct({
  index: maybe(Schema.Number),
  content: maybe(Schema.Struct({ parts: maybe(Schema.Array(Part)) })),
  finishReason: maybe(Enum),
  finishMessage: maybe(Schema.String),
  citationMetadata: maybe(AnyObject),
  groundingMetadata: maybe(AnyObject),
  urlContextMetadata: maybe(AnyObject),
  safetyRatings: maybe(Schema.Array(AnyJson)),
  logprobsResult: maybe(AnyObject)
})

/** A candidate of an answer. */
export type Candidate = typeof Candidate.Type

/** A whole answer or a chunk of one. */
export const Answer = Schema.Struct({
  candidates: maybe(Schema.Array(Candidate)),
  promptFeedback: maybe(Schema.Struct({ blockReason: maybe(Enum), blockReasonMessage: maybe(Schema.String), safetyRatings: maybe(Schema.Array(AnyJson)) })),
  usageMetadata: maybe(Usage),
  modelVersion: maybe(Schema.String),
  responseId: maybe(Schema.String),
  createTime: maybe(Schema.String)
})

/** A whole answer or a chunk of one. */
export type Answer = typeof Answer.Type

/** A refusal that names the field. */
export const invalid = (param: string, problem: string): Failure => ({
  class: "bad-request",
  status: 400,
  type: "INVALID_ARGUMENT",
  message: `${param === "" ? "The body" : param}: ${problem}`,
  param
})

const wordsOf = (complaint: Guard.Complaint): string =>
  complaint === undefined ? "is not of the expected form" : complaint === "missing" ? "is missing" : complaint.expected

/** Narrows parsed JSON by a schema; the failure names the deepest place that is wrong and what was expected there. */
export const check = <S extends Schema.Decoder<unknown>>(schema: S): (value: Json) => Result.Result<S["Type"], Failure> =>
  Guard.check(schema, (param, complaint) => invalid(param, wordsOf(complaint)))
