/**
 * What a scenario may know about a request, in no dialect's words. Every provider reads its own wire request
 * into these facts; scenarios and `auto` look at nothing else.
 */
import type { JsonObject } from "./Json.ts"

/** What a call says of the tool it calls; a custom one takes free text instead of JSON arguments. */
export interface ToolName {
  readonly name: string
  readonly namespace?: string
  readonly custom?: boolean
}

/** A tool offered to the model, with the JSON Schema of its arguments. */
export interface OfferedTool extends ToolName {
  readonly schema: JsonObject
  readonly description?: string
}

/** How the caller constrains tool use; a named tool is an object. */
export type ToolChoice = "auto" | "none" | "required" | { readonly name: string }

/** The facts of one generation request. Characters are UTF-16 units of all text and tool schemas in the request. */
export interface Facts {
  readonly model: string
  readonly stream: boolean
  readonly lastIsToolResult: boolean
  readonly lastUserText: string
  readonly toolResults: ReadonlyArray<string>
  readonly tools: ReadonlyArray<OfferedTool>
  readonly toolChoice: ToolChoice
  readonly parallelTools: boolean
  readonly responseSchema: JsonObject | undefined
  readonly images: number
  readonly reasoning: boolean
  readonly choices: number
  readonly logprobs: boolean
  readonly topLogprobs: number
  readonly includeUsage: boolean
  readonly maxOutputTokens: number | undefined
  readonly stopSequences: ReadonlyArray<string>
  readonly characters: number
  readonly cacheWrite5mCharacters: number
  readonly cacheWrite1hCharacters: number
}

/** A request the provider refuses: its HTTP status, the words of the error body, the milliseconds to wait where they are known. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly code?: string
  readonly parameter?: string
  readonly retryMillis?: number
}

/** Whether a provider's reading ended in a refusal. */
export const isRefusal = (value: Facts | Refusal): value is Refusal => "status" in value
