/** A reader of chat completion streams as strict as the strictest clients: what it complains about breaks somebody's program. */
import * as Json from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"

const reasons = new Set(["stop", "length", "tool_calls", "content_filter", "function_call"])

const objects = (value: unknown): ReadonlyArray<JsonObject> => Array.isArray(value) ? value.filter(isObject) : []

interface Seen {
  readonly calls: Set<number>
  finished: boolean
}

const ofCall = (call: JsonObject, seen: Seen): string | undefined => {
  const index = call["index"]
  if (typeof index !== "number") return "a call without an index"
  if (seen.calls.has(index)) return undefined
  if (index !== seen.calls.size) return `the call ${index} comes after ${seen.calls.size} calls`
  seen.calls.add(index)
  const inner = call["type"] === "custom" ? call["custom"] : call["function"]
  const isNamed = isObject(inner) && typeof inner["name"] === "string" && inner["name"] !== ""
  return typeof call["id"] === "string" && call["id"] !== "" && isNamed ? undefined : "a call begins without id, type and name"
}

const ofChoice = (choice: JsonObject, choices: Map<number, Seen>): string | undefined => {
  const index = typeof choice["index"] === "number" ? choice["index"] : -1
  const known = choices.get(index)
  const delta = choice["delta"]
  if (!isObject(delta)) return "a choice without a delta"
  if (known === undefined && delta["role"] !== "assistant") return `the first chunk of choice ${index} has no role`
  const seen = known ?? { calls: new Set(), finished: false }
  choices.set(index, seen)
  if (seen.finished) return `something follows the finish of choice ${index}`
  for (const call of objects(delta["tool_calls"])) {
    const wrong = ofCall(call, seen)
    if (wrong !== undefined) return wrong
  }
  const reason = choice["finish_reason"]
  if (reason === null) return undefined
  seen.finished = true
  return typeof reason === "string" && reasons.has(reason) ? undefined : `the unknown finish reason ${JSON.stringify(reason)}`
}

/** What a strict client would complain about; nothing when all is well. `isUsageAsked`: the request set `include_usage`. */
export const read = (events: ReadonlyArray<WireEvent>, isUsageAsked: boolean): string | undefined => {
  const values = events.map((event) => Result.getOrElse(Json.parse(event.data), () => event.data))
  const last = values.at(-1)
  const failed = isObject(last) && isObject(last["error"])
  if (!failed && last !== "[DONE]") return "the stream does not end with [DONE]"
  const chunks = (failed || last === "[DONE]" ? values.slice(0, -1) : values).filter((value): value is JsonObject => isObject(value))
  if (chunks.length !== values.length - 1) return "something is no chunk"
  if (new Set(chunks.map((chunk) => chunk["id"])).size > 1) return "the id changes"
  const choices = new Map<number, Seen>()
  for (const [position, chunk] of chunks.entries()) {
    const listed = objects(chunk["choices"])
    const usage = chunk["usage"]
    if (!isUsageAsked && usage !== undefined) return "usage that nobody asked for"
    if (isObject(usage) && (listed.length > 0 || position !== chunks.length - 1)) return "usage that is not in a last chunk of its own"
    if (!isObject(usage) && listed.length === 0) return "a chunk that says nothing"
    for (const choice of listed) {
      const wrong = ofChoice(choice, choices)
      if (wrong !== undefined) return wrong
    }
  }
  return failed || [...choices.values()].every((seen) => seen.finished) ? undefined : "a choice without a finish reason"
}
