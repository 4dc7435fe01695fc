/**
 * What Responses bodies look like: the official specification, and the deviations seen in traffic of compatible providers. Used
 * as guards on parsed JSON, never as transformations: unknown keys stay where they are. Answers are read by hand, item by item.
 */
import { AnyJson, AnyObject, maybe } from "@sluice/protocol/Guard"
import { DialectId } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"

/** The name of this dialect. */
export const id: DialectId = DialectId.make("openai-responses")

export { asJson, asObject } from "@sluice/protocol/Guard"

const cacheKeys = { prompt_cache_breakpoint: maybe(AnyObject) }

/** Text of a message: `input_text` of callers, `output_text` of models, `text` and `summary_text` of both. */
export const TextContent = Schema.Struct({
  type: Schema.Literals(["input_text", "output_text", "text", "summary_text", "reasoning_text"]),
  text: Schema.String,
  annotations: maybe(Schema.Array(AnyObject)),
  ...cacheKeys
})

/** An image by URL, data URL or file id. */
export const ImageContent = Schema.Struct({
  type: Schema.Literal("input_image"),
  image_url: maybe(Schema.String),
  file_id: maybe(Schema.String),
  detail: maybe(Schema.String),
  ...cacheKeys
})

/** A file by its bytes, URL or file id. `file_data` is a data URL or bare base64. */
export const FileContent = Schema.Struct({
  type: Schema.Literal("input_file"),
  file_data: maybe(Schema.String),
  file_url: maybe(Schema.String),
  file_id: maybe(Schema.String),
  filename: maybe(Schema.String),
  ...cacheKeys
})

/** The words in which a model declined; some clients call them `text`. */
export const RefusalContent = Schema.Struct({ type: Schema.Literal("refusal"), refusal: maybe(Schema.String), text: maybe(Schema.String) })

const knownContent = new Set(["input_text", "output_text", "text", "summary_text", "reasoning_text", "input_image", "input_file", "refusal"])

const other = (known: ReadonlySet<string>, expected: string) =>
  Schema.String.check(Schema.makeFilter((type: string) => !known.has(type), { expected })).pipe(Schema.brand("Other"))

/** Content that the specification does not know. */
export const OtherContent = Schema.Struct({ type: other(knownContent, "a content type of its own") })

/** A part of content. */
export const Content = Schema.Union([TextContent, ImageContent, FileContent, RefusalContent, OtherContent])

/** A part of content. */
export type Content = typeof Content.Type

/** Content of a message or of a tool's output: text or parts. */
export const Contents = Schema.Union([Schema.String, Schema.Array(Content)])

/** Content of a message or of a tool's output. */
export type Contents = typeof Contents.Type

const itemKeys = { id: maybe(Schema.String), status: maybe(Schema.String) }

/** A message; the type may be left out. */
export const MessageItem = Schema.Struct({
  type: Schema.optionalKey(Schema.Literal("message")),
  role: Schema.String,
  content: maybe(Contents),
  phase: maybe(Schema.String),
  ...itemKeys
})

/** A call of a function. */
export const FunctionCallItem = Schema.Struct({
  type: Schema.Literal("function_call"),
  call_id: Schema.String,
  name: Schema.String,
  namespace: maybe(Schema.String),
  arguments: maybe(Schema.String),
  ...itemKeys
})

/** A call of a custom tool. */
export const CustomCallItem = Schema.Struct({
  type: Schema.Literal("custom_tool_call"),
  call_id: Schema.String,
  name: Schema.String,
  namespace: maybe(Schema.String),
  input: maybe(Schema.String),
  ...itemKeys
})

/** What a function or a custom tool answered. Some clients send an object as the output. */
export const OutputItem = Schema.Struct({
  type: Schema.Literals(["function_call_output", "custom_tool_call_output"]),
  call_id: maybe(Schema.String),
  name: maybe(Schema.String),
  output: maybe(Schema.Union([Contents, AnyObject])),
  ...itemKeys
})

/** The model's thinking: what it summarised, what it thought, and the sealed copy. */
export const ReasoningItem = Schema.Struct({
  type: Schema.Literal("reasoning"),
  summary: maybe(Schema.Array(Schema.Struct({ type: maybe(Schema.String), text: Schema.String }))),
  content: maybe(Schema.Array(Schema.Struct({ type: maybe(Schema.String), text: maybe(Schema.String) }))),
  encrypted_content: maybe(Schema.String),
  ...itemKeys
})

const knownItems = new Set(["message", "function_call", "custom_tool_call", "function_call_output", "custom_tool_call_output", "reasoning"])

/** An item that only this dialect knows: searches, shells, references, compaction. */
export const OtherItem = Schema.Struct({ type: other(knownItems, "an item type of its own") })

/** An item of the input. */
export const Item = Schema.Union([FunctionCallItem, CustomCallItem, OutputItem, ReasoningItem, OtherItem, MessageItem])

/** An item of the input. */
export type Item = typeof Item.Type

/** A function the model may call. */
export const FunctionTool = Schema.Struct({
  type: Schema.Literal("function"),
  name: Schema.String,
  description: maybe(Schema.String),
  parameters: maybe(AnyObject),
  strict: maybe(Schema.Boolean),
  defer_loading: maybe(Schema.Boolean)
})

/** A tool called with free text, perhaps under a grammar. */
export const CustomTool = Schema.Struct({
  type: Schema.Literal("custom"),
  name: Schema.String,
  description: maybe(Schema.String),
  format: maybe(Schema.Struct({ type: Schema.String, syntax: maybe(Schema.String), definition: maybe(Schema.String) })),
  defer_loading: maybe(Schema.Boolean)
})

/** Tools under one name. */
export const NamespaceTool = Schema.Struct({
  type: Schema.Literal("namespace"),
  name: Schema.String,
  description: maybe(Schema.String),
  tools: Schema.Array(AnyObject)
})

const knownTools = new Set(["function", "custom", "namespace"])

/** A tool that the provider runs or defines. */
export const OtherTool = Schema.Struct({ type: other(knownTools, "a tool type of its own") })

/** An entry of `tools`. */
export const Tool = Schema.Union([FunctionTool, CustomTool, NamespaceTool, OtherTool])

/** An entry of `tools`. */
export type Tool = typeof Tool.Type

/** `reasoning`; `generate_summary` is the old name of `summary`. */
export const ReasoningOptions = Schema.Struct({ effort: maybe(Schema.String), summary: maybe(Schema.String), generate_summary: maybe(Schema.String) })

/** `text.format`. */
export const Format = Schema.Struct({
  type: Schema.String,
  name: maybe(Schema.String),
  description: maybe(Schema.String),
  schema: maybe(AnyObject),
  strict: maybe(Schema.Boolean)
})

/** `text`. */
export const TextOptions = Schema.Struct({ format: maybe(Format), verbosity: maybe(Schema.String) })

/** The body of a request. */
export const Request = Schema.Struct({
  model: Schema.String,
  input: maybe(Schema.Union([Schema.String, Schema.Array(Item)])),
  instructions: maybe(Schema.Union([Schema.String, Schema.Array(Item)])),
  tools: maybe(Schema.Array(Tool)),
  tool_choice: maybe(Schema.Union([Schema.String, AnyObject])),
  parallel_tool_calls: maybe(Schema.Boolean),
  max_output_tokens: maybe(Schema.Number),
  temperature: maybe(Schema.Number),
  top_p: maybe(Schema.Number),
  top_logprobs: maybe(Schema.Number),
  reasoning: maybe(ReasoningOptions),
  text: maybe(TextOptions),
  include: maybe(Schema.Array(Schema.String)),
  prompt_cache_key: maybe(Schema.String),
  prompt_cache_retention: maybe(Schema.String),
  metadata: maybe(Schema.Record(Schema.String, Schema.String)),
  user: maybe(Schema.String),
  safety_identifier: maybe(Schema.String),
  service_tier: maybe(Schema.String),
  store: maybe(Schema.Boolean),
  previous_response_id: maybe(Schema.String),
  conversation: Schema.optionalKey(AnyJson),
  background: maybe(Schema.Boolean),
  truncation: Schema.optionalKey(AnyJson),
  stream: maybe(Schema.Boolean),
  stream_options: maybe(Schema.Struct({ include_obfuscation: maybe(Schema.Boolean) }))
})

/** The body of a request. */
export type Request = typeof Request.Type
