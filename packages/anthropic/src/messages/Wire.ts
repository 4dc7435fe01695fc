/**
 * What Messages bodies look like: the official specification, and null wherever real traffic has it. Used as guards on parsed
 * JSON, never as transformations: unknown keys stay where they are. What a wrong body is told comes from `check`.
 */
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Guard from "@sluice/protocol/Guard"
import { AnyJson, AnyObject, maybe } from "@sluice/protocol/Guard"
import * as Pointer from "@sluice/protocol/Pointer"
import { DialectId, type Json } from "@sluice/protocol/Wire"
import type * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** The name of this dialect. */
export const id: DialectId = DialectId.make("anthropic-messages")

export { asJson, asObject } from "@sluice/protocol/Guard"

/** Stands in the types for every `type` that the unions below do not name: a literal, so that a switch over `type` narrows. */
export type Other = "(other)"

/**
 * A filter and not a declaration, which would keep the structs that hold it from being compiled. A filter leaves its type as it was:
 * the cast says what it lets through.
 */
const other = (known: ReadonlyArray<string>) =>
  Schema.String.check(Schema.makeFilter((type: string) => !known.includes(type), { expected: "a type of its own" })) as unknown as Schema.Codec<Other>

/** `cache_control`. */
export const CacheControl = Schema.Struct({ type: Schema.String, ttl: maybe(Schema.String) })

const cached = { cache_control: maybe(CacheControl) }

/** Bytes inside the body. */
const Base64Source = Schema.Struct({ type: Schema.Literal("base64"), media_type: Schema.String, data: Schema.String })

/** Bytes behind an address. */
const UrlSource = Schema.Struct({ type: Schema.Literal("url"), url: Schema.String })

/** Bytes uploaded before. */
const FileSource = Schema.Struct({ type: Schema.Literal("file"), file_id: Schema.String })

/** A document as plain text. */
const TextSource = Schema.Struct({ type: Schema.Literal("text"), media_type: maybe(Schema.String), data: Schema.String })

/** Visible text, with the citations an answer gave it. */
export const TextBlock = Schema.Struct({ type: Schema.Literal("text"), text: Schema.String, citations: maybe(Schema.Array(AnyObject)), ...cached })

/** An image. Text and blocks are sources of documents only. */
export const ImageBlock = Schema.Struct({
  type: Schema.Literal("image"),
  source: Schema.Union([Base64Source, UrlSource, FileSource, Schema.Struct({ type: other(["base64", "url", "file", "text", "content"]) })]),
  ...cached
})

/** Content of a document made of blocks. */
const ContentSource = Schema.Struct({
  type: Schema.Literal("content"),
  content: Schema.Union([Schema.String, Schema.Array(Schema.Union([TextBlock, ImageBlock, Schema.Struct({ type: other(["text", "image"]) })]))])
})

const Citations = Schema.Struct({ enabled: maybe(Schema.Boolean) })

/** A document. */
export const DocumentBlock = Schema.Struct({
  type: Schema.Literal("document"),
  source: Schema.Union([
    Base64Source,
    UrlSource,
    FileSource,
    TextSource,
    ContentSource,
    Schema.Struct({ type: other(["base64", "url", "file", "text", "content"]) })
  ]),
  title: maybe(Schema.String),
  context: maybe(Schema.String),
  citations: maybe(Citations),
  ...cached
})

/** A search result the caller found by itself. */
export const SearchResultBlock = Schema.Struct({
  type: Schema.Literal("search_result"),
  source: Schema.String,
  title: Schema.String,
  content: Schema.Array(Schema.Union([TextBlock, Schema.Struct({ type: other(["text"]) })])),
  citations: maybe(Citations),
  ...cached
})

/** Thinking with its proof. */
export const ThinkingBlock = Schema.Struct({ type: Schema.Literal("thinking"), thinking: Schema.String, signature: maybe(Schema.String) })

/** Thinking that only its issuer can read. */
export const RedactedThinkingBlock = Schema.Struct({ type: Schema.Literal("redacted_thinking"), data: Schema.String })

/** The model asks for a tool of the caller. `input` is an object by the specification. */
export const ToolUseBlock = Schema.Struct({
  type: Schema.Literal("tool_use"),
  id: Schema.String,
  name: Schema.String,
  input: Schema.optionalKey(AnyJson),
  ...cached
})

/** What a tool of the caller answered. */
export const ToolResultBlock = Schema.Struct({
  type: Schema.Literal("tool_result"),
  tool_use_id: Schema.String,
  content: maybe(Schema.Union([
    Schema.String,
    Schema.Array(
      Schema.Union([
        TextBlock,
        ImageBlock,
        DocumentBlock,
        SearchResultBlock,
        Schema.Struct({ type: other(["text", "image", "document", "search_result"]) })
      ])
    )
  ])),
  is_error: maybe(Schema.Boolean),
  ...cached
})

/** A block that the canonical model has no part for: server tools and their results, compaction, uploads, what is yet to come. */
export const OtherBlock = Schema.Struct({
  type: other(["text", "image", "document", "search_result", "thinking", "redacted_thinking", "tool_use", "tool_result"]),
  ...cached
})

/** A content block. */
export const Block = Schema.Union([
  TextBlock,
  ImageBlock,
  DocumentBlock,
  SearchResultBlock,
  ThinkingBlock,
  RedactedThinkingBlock,
  ToolUseBlock,
  ToolResultBlock,
  OtherBlock
])

/** A content block. */
export type Block = typeof Block.Type

/** Content of a message: text or blocks. */
export const Content = Schema.Union([Schema.String, Schema.Array(Block)])

/** Content of a message: text or blocks. */
export type Content = typeof Content.Type

/** One message. Roles are `user`, `assistant` and, on newer models, `system`. */
export const Message = Schema.Struct({ role: Schema.String, content: Content })

/** One message. */
export type Message = typeof Message.Type

/** A tool with JSON arguments. */
export const FunctionTool = Schema.Struct({
  type: maybe(Schema.Literal("custom")),
  name: Schema.String,
  description: maybe(Schema.String),
  input_schema: Schema.Union([AnyObject, Schema.Boolean]),
  strict: maybe(Schema.Boolean),
  defer_loading: maybe(Schema.Boolean),
  ...cached
})

/** A tool Anthropic defines: `web_search_20250305`, `computer_20250124`, `mcp_toolset`. */
export const OtherTool = Schema.Struct({ type: other(["custom"]), ...cached })

/** An entry of `tools`. */
export const Tool = Schema.Union([FunctionTool, OtherTool])

/** An entry of `tools`. */
export type Tool = typeof Tool.Type

/** `tool_choice`. */
export const ToolChoice = Schema.Struct({ type: Schema.String, name: maybe(Schema.String), disable_parallel_tool_use: maybe(Schema.Boolean) })

/** `thinking`. */
export const Thinking = Schema.Struct({ type: Schema.String, budget_tokens: maybe(Schema.Number), display: maybe(Schema.String) })

/** The form of a structured answer. */
export const OutputFormat = Schema.Struct({ type: Schema.String, schema: maybe(AnyObject) })

/** `output_config`. */
export const OutputConfig = Schema.Struct({ effort: maybe(Schema.String), format: maybe(OutputFormat) })

/** The body of POST /v1/messages. `model` is absent where the path names it. */
export const Request = Schema.Struct({
  model: Schema.optionalKey(Schema.String),
  messages: Schema.Array(Message),
  max_tokens: maybe(Schema.Number),
  system: maybe(Content),
  temperature: maybe(Schema.Number),
  top_p: maybe(Schema.Number),
  top_k: maybe(Schema.Number),
  stop_sequences: maybe(Schema.Array(Schema.String)),
  stream: maybe(Schema.Boolean),
  metadata: maybe(Schema.Struct({ user_id: maybe(Schema.String) })),
  service_tier: maybe(Schema.String),
  container: maybe(AnyJson),
  mcp_servers: maybe(Schema.Array(AnyObject)),
  cache_control: maybe(CacheControl),
  thinking: maybe(Thinking),
  output_config: maybe(OutputConfig),
  output_format: maybe(OutputFormat),
  tools: maybe(Schema.Array(Tool)),
  tool_choice: maybe(ToolChoice),
  thread: maybe(AnyJson)
})

/** The body of POST /v1/messages. */
export type Request = typeof Request.Type

/** `usage`, of a whole answer, a message_start or a message_delta. */
export const Usage = Schema.Struct({
  input_tokens: maybe(Schema.Number),
  output_tokens: maybe(Schema.Number),
  cache_read_input_tokens: maybe(Schema.Number),
  cache_creation_input_tokens: maybe(Schema.Number),
  cache_creation: maybe(Schema.Struct({ ephemeral_5m_input_tokens: maybe(Schema.Number), ephemeral_1h_input_tokens: maybe(Schema.Number) })),
  output_tokens_details: maybe(Schema.Struct({ thinking_tokens: maybe(Schema.Number) })),
  service_tier: maybe(AnyJson)
})

/** `usage`. */
export type Usage = typeof Usage.Type

/** Anything with a type: blocks of answers are read leniently. */
const AnyBlock = Schema.Struct({ type: Schema.String })

/** A whole answer; also the opening of a stream, then without content and stop reason. */
export const Answer = Schema.Struct({
  id: maybe(Schema.String),
  model: maybe(Schema.String),
  content: maybe(Schema.Array(AnyBlock)),
  stop_reason: maybe(Schema.String),
  stop_sequence: maybe(Schema.String),
  stop_details: maybe(AnyJson),
  usage: maybe(Usage)
})

/** message_start. */
export const MessageStart = Schema.Struct({ type: Schema.Literal("message_start"), message: Answer })

/** content_block_start. */
export const BlockStart = Schema.Struct({ type: Schema.Literal("content_block_start"), index: Schema.Number, content_block: AnyBlock })

/** message_delta. */
export const MessageDelta = Schema.Struct({
  type: Schema.Literal("message_delta"),
  delta: Schema.Struct({ stop_reason: maybe(Schema.String), stop_sequence: maybe(Schema.String), stop_details: maybe(AnyJson) }),
  usage: maybe(Usage)
})

/** A refusal that names the field, as a JSON Pointer and in Anthropic's own dotted way. */
export const invalid = (param: string, problem: string): Failure => ({
  class: "bad-request",
  status: 400,
  type: "invalid_request_error",
  message: `${param === "" ? "body" : Pointer.steps(param).join(".")}: ${problem}`,
  param
})

const wordsOf = (complaint: Guard.Complaint): string =>
  complaint === undefined ? "not of the expected form" : complaint === "missing" ? "Field required" : complaint.expected

/** Narrows parsed JSON by a schema; the failure names the deepest place that is wrong and what was expected there. */
export const check = <S extends Schema.Decoder<unknown>>(schema: S): (value: Json) => Result.Result<S["Type"], Failure> =>
  Guard.check(schema, (param, complaint) => invalid(param, wordsOf(complaint)))
