/**
 * What Chat Completions bodies look like: the official specification, and the deviations seen in traffic of compatible
 * providers. Used as guards on parsed JSON, never as transformations: unknown keys stay where they are. What a wrong body is
 * told comes from `check`.
 */
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Guard from "@sluice/protocol/Guard"
import { AnyJson, AnyObject, maybe } from "@sluice/protocol/Guard"
import { DialectId, type Json } from "@sluice/protocol/Wire"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** The name of this dialect. */
export const id: DialectId = DialectId.make("openai-chat")

/** `cache_control` of compatible providers (OpenRouter, Alibaba), in Anthropic's words. */
export const CacheControl = Schema.Struct({ type: Schema.String, ttl: maybe(Schema.String) })

const cacheKeys = { cache_control: maybe(CacheControl), prompt_cache_breakpoint: maybe(AnyObject) }

/** A content part of type `text`. */
export const TextBlock = Schema.Struct({ type: Schema.Literal("text"), text: maybe(Schema.String), ...cacheKeys })

/** A content part of type `image_url`; Mistral also takes the bare URL. */
export const ImageBlock = Schema.Struct({
  type: Schema.Literal("image_url"),
  image_url: Schema.NullOr(Schema.Union([Schema.String, Schema.Struct({ url: Schema.String, detail: maybe(Schema.String) })])),
  ...cacheKeys
})

/** A content part of type `input_audio`; Mistral also takes the bare base64 text. */
export const AudioBlock = Schema.Struct({
  type: Schema.Literal("input_audio"),
  input_audio: Schema.Union([Schema.String, Schema.Struct({ data: Schema.String, format: maybe(Schema.String) })]),
  ...cacheKeys
})

/** A content part of type `file`. `file_data` is a data URL or bare base64. */
export const FileBlock = Schema.Struct({
  type: Schema.Literal("file"),
  file: Schema.Struct({ file_data: maybe(Schema.String), file_id: maybe(Schema.String), filename: maybe(Schema.String) }),
  ...cacheKeys
})

/** A content part of type `video_url` (Alibaba, OpenRouter, vLLM). */
export const VideoBlock = Schema.Struct({ type: Schema.Literal("video_url"), video_url: Schema.Struct({ url: Schema.String }), ...cacheKeys })

/** A content part of type `document_url` (Mistral). */
export const DocumentBlock = Schema.Struct({
  type: Schema.Literal("document_url"),
  document_url: Schema.String,
  document_name: maybe(Schema.String)
})

/** A content part of type `refusal` in an assistant message. */
export const RefusalBlock = Schema.Struct({ type: Schema.Literal("refusal"), refusal: Schema.String })

/** A content part of type `thinking` (Mistral): its text is a list of text parts. */
export const ThinkingBlock = Schema.Struct({
  type: Schema.Literal("thinking"),
  thinking: Schema.Array(Schema.Struct({ type: Schema.String, text: maybe(Schema.String) }))
})

const knownBlocks = new Set(["text", "image_url", "input_audio", "file", "video_url", "document_url", "refusal", "thinking"])

/** A content part that the specification does not know. */
export const OtherBlock = Schema.Struct({
  type: Schema.String.check(Schema.makeFilter((type: string) => !knownBlocks.has(type), { expected: "a content type of its own" })).pipe(
    Schema.brand("OtherBlock")
  )
})

/** A content part. */
export const Block = Schema.Union([TextBlock, ImageBlock, AudioBlock, FileBlock, VideoBlock, DocumentBlock, RefusalBlock, ThinkingBlock, OtherBlock])

/** A content part. */
export type Block = typeof Block.Type

/** Content of a message: text or parts. */
export const Content = Schema.Union([Schema.String, Schema.Array(Block)])

/** Content of a message: text or parts. */
export type Content = typeof Content.Type

/** A call of a tool in a whole message. Some clients send arguments as an object. */
export const ToolCall = Schema.Struct({
  id: maybe(Schema.String),
  type: maybe(Schema.String),
  function: maybe(Schema.Struct({ name: Schema.String, arguments: maybe(Schema.Union([Schema.String, AnyObject])) })),
  custom: maybe(Schema.Struct({ name: Schema.String, input: maybe(Schema.String) }))
})

/** A call of a tool in a whole message. */
export type ToolCall = typeof ToolCall.Type

/** One entry of `reasoning_details` (OpenRouter): `reasoning.text`, `reasoning.summary` or `reasoning.encrypted`. */
export const ReasoningDetail = Schema.Struct({
  type: maybe(Schema.String),
  text: maybe(Schema.String),
  summary: maybe(Schema.String),
  data: maybe(Schema.String),
  signature: maybe(Schema.String),
  id: maybe(Schema.String),
  format: maybe(Schema.String),
  index: maybe(Schema.Number)
})

/** One entry of `reasoning_details`. */
export type ReasoningDetail = typeof ReasoningDetail.Type

/** Spoken output: `id` names it in a later request; the rest is in answers only. */
export const Audio = Schema.Struct({ id: maybe(Schema.String), data: maybe(Schema.String), transcript: maybe(Schema.String), expires_at: maybe(Schema.Number) })

const messageKeys = {
  refusal: maybe(Schema.String),
  audio: maybe(Audio),
  tool_calls: maybe(Schema.Array(ToolCall)),
  function_call: maybe(Schema.Struct({ name: Schema.String, arguments: maybe(Schema.String) })),
  reasoning_content: maybe(Schema.String),
  reasoning: maybe(Schema.String),
  reasoning_details: maybe(Schema.Array(ReasoningDetail)),
  annotations: maybe(Schema.Array(AnyObject))
}

/** A message of a request: one shape for all roles, because unknown roles and stray keys occur. */
export const Message = Schema.Struct({
  role: Schema.String,
  content: maybe(Content),
  name: maybe(Schema.String),
  tool_call_id: maybe(Schema.String),
  ...messageKeys
})

/** A message of a request. */
export type Message = typeof Message.Type

const FunctionDefinition = Schema.Struct({
  name: Schema.String,
  description: maybe(Schema.String),
  parameters: maybe(AnyObject),
  strict: maybe(Schema.Boolean)
})

const knownTools = new Set(["function", "custom"])

/** A function the model may call. */
export const FunctionTool = Schema.Struct({
  type: Schema.optionalKey(Schema.Literal("function")),
  function: FunctionDefinition,
  cache_control: maybe(CacheControl)
})

/** A tool called with free text, perhaps under a grammar. */
export const CustomTool = Schema.Struct({
  type: Schema.Literal("custom"),
  custom: Schema.Struct({
    name: Schema.String,
    description: maybe(Schema.String),
    format: maybe(
      Schema.Struct({ type: Schema.String, grammar: Schema.optionalKey(Schema.Struct({ syntax: Schema.String, definition: Schema.String })) })
    )
  }),
  cache_control: maybe(CacheControl)
})

/** A tool that only its provider knows. */
export const OtherTool = Schema.Struct({
  type: Schema.String.check(Schema.makeFilter((type: string) => !knownTools.has(type), { expected: "a tool type of its own" })).pipe(Schema.brand("OtherTool"))
})

/** An entry of `tools`. */
export const Tool = Schema.Union([FunctionTool, CustomTool, OtherTool])

/** An entry of `tools`. */
export type Tool = typeof Tool.Type

/** An entry of the deprecated `functions`. */
export type LegacyFunction = typeof FunctionDefinition.Type

/** `tool_choice`: a mode, or an object whose `type` says which kind. */
export const ToolChoice = Schema.Union([Schema.String, AnyObject])

/** `response_format`. */
export const ResponseFormat = Schema.Struct({
  type: Schema.String,
  json_schema: maybe(
    Schema.Struct({ name: maybe(Schema.String), description: maybe(Schema.String), schema: maybe(AnyObject), strict: maybe(Schema.Boolean) })
  )
})

/** `reasoning` of OpenRouter. */
export const ReasoningOptions = Schema.Struct({
  effort: maybe(Schema.String),
  max_tokens: maybe(Schema.Number),
  enabled: maybe(Schema.Boolean),
  exclude: maybe(Schema.Boolean)
})

/** `thinking` of DeepSeek, Zhipu, Moonshot and others. */
export const Thinking = Schema.Struct({ type: maybe(Schema.String), budget_tokens: maybe(Schema.Number) })

const effortFields = {
  reasoning_effort: maybe(Schema.String),
  reasoning: maybe(ReasoningOptions),
  thinking: maybe(Thinking),
  enable_thinking: maybe(Schema.Boolean),
  thinking_budget: maybe(Schema.Number)
}

/** The keys that tell how much the model should think. */
export const Efforts = Schema.Struct(effortFields)

/** The body of a request. */
export const Request = Schema.Struct({
  model: Schema.String,
  messages: Schema.Array(Message),
  tools: maybe(Schema.Array(Tool)),
  tool_choice: maybe(ToolChoice),
  functions: maybe(Schema.Array(FunctionDefinition)),
  function_call: maybe(ToolChoice),
  parallel_tool_calls: maybe(Schema.Boolean),
  max_completion_tokens: maybe(Schema.Number),
  max_tokens: maybe(Schema.Number),
  temperature: maybe(Schema.Number),
  top_p: maybe(Schema.Number),
  top_k: maybe(Schema.Number),
  stop: maybe(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  seed: maybe(Schema.Number),
  random_seed: maybe(Schema.Number),
  presence_penalty: maybe(Schema.Number),
  frequency_penalty: maybe(Schema.Number),
  logit_bias: maybe(Schema.Record(Schema.String, Schema.Number)),
  logprobs: maybe(Schema.Boolean),
  top_logprobs: maybe(Schema.Number),
  n: maybe(Schema.Number),
  modalities: maybe(Schema.Array(Schema.String)),
  audio: Schema.optionalKey(AnyJson),
  ...effortFields,
  verbosity: maybe(Schema.String),
  response_format: maybe(ResponseFormat),
  prediction: maybe(Schema.Struct({ type: Schema.String, content: Content })),
  prompt_cache_key: maybe(Schema.String),
  prompt_cache_retention: maybe(Schema.String),
  metadata: maybe(Schema.Record(Schema.String, Schema.String)),
  user: maybe(Schema.String),
  safety_identifier: maybe(Schema.String),
  service_tier: maybe(Schema.String),
  store: maybe(Schema.Boolean),
  web_search_options: Schema.optionalKey(AnyJson),
  stream: maybe(Schema.Boolean),
  stream_options: maybe(Schema.Struct({ include_usage: maybe(Schema.Boolean), include_obfuscation: maybe(Schema.Boolean) }))
})

/** The body of a request. */
export type Request = typeof Request.Type

/** A refusal that names the field. */
const invalid = (param: string, problem: string): Failure => ({ class: "bad-request", param, message: `${param === "" ? "The body" : param}: ${problem}` })

const wordsOf = (complaint: Guard.Complaint): string => complaint === undefined ? "is not valid" : complaint === "missing" ? "is missing" : complaint.expected

/** Narrows parsed JSON by a schema; the failure names the deepest place that is wrong and what was expected there. */
export const check = <S extends Schema.Decoder<unknown>>(schema: S): (value: Json) => Result.Result<S["Type"], Failure> =>
  Guard.check(schema, (param, complaint) => invalid(param, wordsOf(complaint)))
