/**
 * The canonical request: what a caller asks of a model, in no provider's words. Every field is optional but the model and the
 * turns, and an absent field means the caller said nothing. docs/architecture.md has the table of where each dialect's fields live.
 */
import type { CacheHint, Part } from "./CanonicalPart.ts"
import { type DialectId, isObject, type Json, type JsonObject, type Node } from "./Wire.ts"

/** Who speaks. `system` and `developer` in the middle of a conversation stay where they are; `foreign` holds what only one dialect knows. */
export type Role = "user" | "assistant" | "tool" | "system" | "developer" | "foreign"

/** One message or item of the conversation. */
export interface Turn extends Node {
  /** A `foreign` turn without parts says nothing: it holds the place of an item that brought something else, as tools. */
  readonly role: Role
  readonly parts: ReadonlyArray<Part>
  /** The speaker's name. */
  readonly name?: string
  /** Identity of the item, where the dialect's conversation is made of items (Responses). */
  readonly item?: ItemFacts
}

/** What the Responses dialect says of an item beside its content. */
export interface ItemFacts {
  readonly id?: string
  readonly type?: string
  readonly status?: string
  readonly phase?: string
}

/** A tool the model may call with JSON arguments. */
export interface FunctionTool extends Node {
  readonly type: "function"
  readonly name: string
  readonly description?: string
  /** JSON Schema of the arguments. */
  readonly parameters?: JsonObject
  /** Arguments must satisfy the schema. */
  readonly strict?: boolean
  /** Loaded only when the model searches for it. */
  readonly deferred?: boolean
  readonly cache?: CacheHint
}

/** A tool the model calls with free text, perhaps under a grammar. */
export interface CustomTool extends Node {
  readonly type: "custom"
  readonly name: string
  readonly description?: string
  readonly grammar?: { readonly syntax: string; readonly definition: string }
  readonly deferred?: boolean
  readonly cache?: CacheHint
}

/** A tool the provider itself runs or defines: web search, code execution, computer use. */
export interface ProviderTool extends Node {
  readonly type: "provider"
  readonly dialect: DialectId
  /** The dialect's own name of it: `web_search_20250305`, `google_search`. */
  readonly name: string
  readonly value: Json
  readonly cache?: CacheHint
}

/** Tools under one name (Responses `namespace`). */
export interface NamespaceTool extends Node {
  readonly type: "namespace"
  readonly name: string
  readonly description?: string
  readonly tools: ReadonlyArray<FunctionTool | CustomTool>
}

/** Something the model may use. */
export type Tool = FunctionTool | CustomTool | ProviderTool | NamespaceTool

/** How freely the model may choose among the tools. */
export type ToolChoice =
  | { readonly type: "auto" | "none" | "required" }
  | { readonly type: "named"; readonly kind: "function" | "custom"; readonly name: string }
  | { readonly type: "allowed"; readonly mode: "auto" | "required"; readonly names: ReadonlyArray<string> }
  | { readonly type: "provider"; readonly dialect: DialectId; readonly value: Json }

/** Whether a choice names a tool that only providers of other dialects run: in this one nobody can be made to call it. */
export const isChoiceElsewhere = (choice: ToolChoice, tools: ReadonlyArray<Tool> | undefined, dialect: DialectId): boolean => {
  if (choice.type !== "named") return false
  const named = (tools ?? []).filter((tool) =>
    tool.type === "provider" ? isObject(tool.value) && tool.value["name"] === choice.name : tool.name === choice.name
  )
  return named.length > 0 && named.every((tool) => tool.type === "provider" && tool.dialect !== dialect)
}

/** How much the model should think, and what of it the caller wants to see. */
export interface ReasoningIntent {
  readonly effort?:
    | { readonly mode: "budget"; readonly tokens: number }
    | { readonly mode: "level"; readonly level: string }
    | { readonly mode: "auto" }
    | { readonly mode: "none" }
  /** `full` thinking, a `summary` (its kind in `summary`, absent = as the provider likes), or nothing. */
  readonly visibility?: "full" | "summary" | "hidden"
  readonly summary?: string
}

/** The form of the answer. */
export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json" }
  | { readonly type: "json-schema"; readonly name?: string; readonly description?: string; readonly schema: JsonObject; readonly strict?: boolean }

/** What the caller wants to see in a stream. */
export interface StreamOptions {
  readonly includeUsage?: boolean
  readonly obfuscation?: boolean
}

/** Log probabilities wanted, and how many alternatives. */
export interface LogprobsIntent {
  readonly enabled: boolean
  readonly top?: number
}

/** What a caller asks of a model. */
export interface CanonicalRequest extends Node {
  readonly model: string
  /** Request headers the dialect forwards to its own kind (`anthropic-beta`, `openai-beta`); a loss elsewhere. Lower-case names. */
  readonly headers?: { readonly [name: string]: string }
  /** System and developer messages before the first other turn. */
  readonly instructions?: ReadonlyArray<Turn>
  readonly turns: ReadonlyArray<Turn>
  readonly tools?: ReadonlyArray<Tool>
  readonly toolChoice?: ToolChoice
  readonly parallelToolCalls?: boolean
  readonly maxOutputTokens?: number
  readonly temperature?: number
  readonly topP?: number
  readonly topK?: number
  readonly stop?: ReadonlyArray<string>
  readonly seed?: number
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly logitBias?: { readonly [token: string]: number }
  readonly logprobs?: LogprobsIntent
  /** Number of alternative answers (`n`, `candidateCount`). */
  readonly candidates?: number
  /** Kinds of output wanted: `text`, `audio`, `image`. */
  readonly modalities?: ReadonlyArray<string>
  /** Voice and format of spoken output, in the dialect's own words. */
  readonly audioOutput?: Json
  readonly reasoning?: ReasoningIntent
  /** `low`, `medium`, `high`. */
  readonly verbosity?: string
  readonly responseFormat?: ResponseFormat
  /** Text the answer is expected to repeat. */
  readonly prediction?: ReadonlyArray<Part>
  readonly cache?: CacheHint
  readonly cacheKey?: string
  readonly cacheRetention?: string
  readonly metadata?: { readonly [key: string]: string }
  readonly user?: string
  readonly safetyIdentifier?: string
  readonly serviceTier?: string
  readonly store?: boolean
  readonly previousResponse?: string
  readonly conversation?: Json
  readonly background?: boolean
  readonly truncation?: Json
  readonly include?: ReadonlyArray<string>
  readonly container?: Json
  readonly mcpServers?: ReadonlyArray<Json>
  readonly cachedContent?: string
  readonly safetySettings?: ReadonlyArray<Json>
  /** Provider-side web search switched on by a request option and not by a tool (`web_search_options`). */
  readonly webSearch?: Json
  readonly stream?: boolean
  readonly streamOptions?: StreamOptions
}
