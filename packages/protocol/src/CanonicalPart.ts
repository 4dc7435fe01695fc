/**
 * The parts of a turn or an answer: text, media, tool calls and results, reasoning. One closed union, wide enough that
 * every dialect's content blocks and items embed in it; what only one dialect knows is a `foreign` part.
 */
import type { Annotation } from "./CanonicalAnnotation.ts"
import type { DialectId, Json, Node } from "./Wire.ts"

/** Opaque proof or ciphertext that only its issuer can read: thinking signatures, encrypted reasoning, thought signatures. */
export interface Sealed {
  /** The dialect whose providers issued it; to any other it is a loss. */
  readonly by: DialectId
  readonly value: string
}

/** Asks the provider to cache the prompt up to and including this node. */
export interface CacheHint {
  /** How long the provider should keep it; absent = the provider's own default (Anthropic: 5 minutes). */
  readonly ttl?: "5m" | "1h"
}

interface PartFields extends Node {
  readonly signature?: Sealed
  readonly encrypted?: Sealed
  readonly cache?: CacheHint
}

/** Visible text. */
export interface TextPart extends PartFields {
  readonly type: "text"
  readonly text: string
  readonly annotations?: ReadonlyArray<Annotation>
}

/** Where the bytes of a media part are. */
export type Source =
  | { readonly type: "base64"; readonly mime?: string; readonly data: string }
  | { readonly type: "url"; readonly url: string; readonly mime?: string }
  | { readonly type: "file"; readonly provider: DialectId; readonly id: string; readonly mime?: string }
  | { readonly type: "text"; readonly text: string; readonly mime?: string }
  | { readonly type: "parts"; readonly parts: ReadonlyArray<Part> }

/** An image, document, sound or film. */
export interface MediaPart extends PartFields {
  readonly type: "image" | "document" | "audio" | "video"
  readonly source: Source
  /** File name or title. */
  readonly title?: string
  /** What the document is about, for the model only. */
  readonly context?: string
  /** How closely the model should look: `low`, `high`, `auto` or a provider's own word. */
  readonly detail?: string
  /** Whether the answer should cite this document. */
  readonly citations?: boolean
  /** What was said, when the media is sound with a transcript. */
  readonly transcript?: string
}

/** The model asks for a tool. */
export interface ToolCallPart extends PartFields {
  readonly type: "tool-call"
  /** `function` takes JSON arguments, `custom` free text. */
  readonly kind: "function" | "custom"
  readonly id: string
  readonly name: string
  readonly namespace?: string
  /** Arguments as raw text: what the model wrote, even when it is not valid JSON. `parseArguments` reads it. */
  readonly arguments: string
}

/** What the tool answered. */
export interface ToolResultPart extends PartFields {
  readonly type: "tool-result"
  /** The id of the call it answers. */
  readonly id: string
  readonly kind: "function" | "custom"
  readonly name?: string
  readonly parts: ReadonlyArray<Part>
  /** The tool failed; absent = not said. */
  readonly isError?: boolean
}

/** A JSON value as content, where a dialect's tool results are objects and not text. */
export interface JsonPart extends PartFields {
  readonly type: "json"
  readonly value: Json
}

/** The model's thinking. Redacted or encrypted thinking has an empty `text` and `encrypted`. */
export interface ReasoningPart extends PartFields {
  readonly type: "reasoning"
  /** `raw` is the thinking itself, `summary` the provider's account of it. */
  readonly form: "raw" | "summary"
  readonly text: string
}

/** The model declines, in words meant for the user. */
export interface RefusalPart extends PartFields {
  readonly type: "refusal"
  readonly text: string
}

/** A part that only its dialect knows: server tools and their results, code execution, compaction. */
export interface ForeignPart extends PartFields {
  readonly type: "foreign"
  readonly dialect: DialectId
  /** The dialect's own name of it: `server_tool_use`, `web_search_call`. */
  readonly name: string
  readonly value: Json
}

/** A piece of a turn or an answer. */
export type Part = TextPart | MediaPart | ToolCallPart | ToolResultPart | JsonPart | ReasoningPart | RefusalPart | ForeignPart

/** The visible text of parts, joined; media, calls and reasoning are left out. */
export const textOf = (parts: ReadonlyArray<Part>): string => parts.map((part) => part.type === "text" ? part.text : "").join("")
