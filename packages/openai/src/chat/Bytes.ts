/**
 * What the byte lane needs to know of a chunk without decoding it, by searching its text: inside JSON strings every quote is
 * escaped, so that `"usage":` can only be a key.
 */
import { parse, stringLength } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"

/** A finish, usage or error; another choice or call than the first; deprecated calls and reasoning details, whose beginnings look like their continuations. */
const told = /"(?:finish_reason|usage|error|function_call|reasoning_details)"\s*:(?!\s*null)|"index"\s*:\s*[1-9]/

const begun = /"(?:name|id)"\s*:\s*"/

/** The keys of a delta whose JSON strings hold content. */
const contents = /"(?:content|reasoning_content|reasoning|arguments|input|refusal|transcript|text)"\s*:\s*(?=")/g

/**
 * The length of a chunk that only continues content; `undefined` for all others: with a finish, usage or an error, with the
 * beginning of a tool call, of another choice than the first, without choices, and for `[DONE]`.
 */
export const deltaLength = ({ name, data }: WireEvent): number | undefined => {
  const delta = data.indexOf(`"delta"`)
  if (name !== undefined || delta === -1 || told.test(data)) return undefined
  const calls = data.indexOf(`"tool_calls"`, delta)
  if (calls !== -1 && begun.test(data.slice(calls))) return undefined
  let length = 0
  contents.lastIndex = delta
  while (contents.test(data)) length += stringLength(data, contents.lastIndex)
  return length
}

/** The keys that make a stream report its usage. */
export const askUsage = (body: JsonObject): JsonObject => {
  const options = body["stream_options"]
  return { stream_options: { ...(isObject(options) ? options : {}), include_usage: true } }
}

const usageNull = /,\s*"usage"\s*:\s*null/

/** Takes usage out of a stream: the chunk that says nothing else is dropped, the key is taken from the others. */
export const hideUsage = (event: WireEvent): WireEvent | undefined => {
  if (!event.data.includes(`"usage"`)) return event
  const plain = event.data.replace(usageNull, "")
  if (!plain.includes(`"usage"`)) return { ...event, data: plain }
  const parsed = parse(event.data)
  if (Result.isFailure(parsed) || !isObject(parsed.success)) return event
  const { usage, x_groq: groq, ...rest } = parsed.success
  const choices = rest["choices"]
  if (isObject(usage) && Array.isArray(choices) && choices.length === 0) return undefined
  const { usage: _, ...kept } = isObject(groq) ? groq : {}
  return { ...event, data: JSON.stringify({ ...rest, ...(isObject(groq) ? { x_groq: kept } : {}) }) }
}

/** The end of a stream. */
export const terminal: ReadonlyArray<WireEvent> = [{ data: "[DONE]" }]
