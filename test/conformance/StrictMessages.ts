/** A reader of Messages streams as strict as the strictest clients: what it complains about breaks somebody's program. */
import * as Json from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"

const inner = (value: JsonObject, key: string): JsonObject => {
  const found = value[key]
  return isObject(found) ? found : {}
}

/** Which deltas a block may hold. */
const holds: { readonly [block: string]: ReadonlyArray<string> } = {
  text: ["text_delta", "citations_delta"],
  thinking: ["thinking_delta", "signature_delta"],
  redacted_thinking: [],
  tool_use: ["input_json_delta"],
  server_tool_use: ["input_json_delta"]
}

interface State {
  /** Blocks begun so far. */
  blocks: number
  open: { readonly index: number; readonly type: string } | undefined
  hasStarted: boolean
  hasFinished: boolean
}

const begin = (value: JsonObject, state: State): string | undefined => {
  const block = inner(value, "content_block")
  if (state.open !== undefined) return "a block begins before the last one ended"
  if (value["index"] !== state.blocks) return `the block ${JSON.stringify(value["index"])} comes after ${state.blocks} blocks`
  state.open = { index: state.blocks, type: String(block["type"]) }
  state.blocks += 1
  if (block["type"] === "thinking" && (typeof block["thinking"] !== "string" || typeof block["signature"] !== "string")) return "thinking begins without texts"
  if (block["type"] === "tool_use" && !(isObject(block["input"]) && typeof block["id"] === "string" && typeof block["name"] === "string")) {
    return "a call begins without id, name and input"
  }
  return undefined
}

const within = (value: JsonObject, state: State): string | undefined => {
  const type = String(inner(value, "delta")["type"])
  if (state.open === undefined || value["index"] !== state.open.index) return "a delta of a block that is not open"
  return holds[state.open.type]?.includes(type) === true ? undefined : `a ${type} in a block of ${state.open.type}`
}

const finish = (value: JsonObject, state: State): string | undefined => {
  if (state.open !== undefined) return "the message ends before its last block"
  if (state.hasFinished) return "two message deltas"
  state.hasFinished = true
  // Null is the honest word where the provider gave no reason.
  const reason = inner(value, "delta")["stop_reason"]
  if (typeof reason !== "string" && reason !== null) return "a message delta without a reason"
  return typeof inner(value, "usage")["output_tokens"] === "number" ? undefined : "a message delta without output tokens"
}

const step = (value: JsonObject, state: State): string | undefined => {
  if (value["type"] !== "message_start" && !state.hasStarted && value["type"] !== "ping") return `${JSON.stringify(value["type"])} before the message starts`
  switch (value["type"]) {
    case "message_start": {
      if (state.hasStarted) return "two message starts"
      state.hasStarted = true
      return isObject(inner(value, "message")["usage"]) ? undefined : "a message start without usage"
    }
    case "content_block_start":
      return begin(value, state)
    case "content_block_delta":
      return within(value, state)
    case "content_block_stop": {
      if (state.open === undefined || value["index"] !== state.open.index) return "a block ends that is not open"
      state.open = undefined
      return undefined
    }
    case "message_delta":
      return finish(value, state)
    case "ping":
      return undefined
    default:
      return `an event of type ${JSON.stringify(value["type"])}`
  }
}

/** What a strict client would complain about; nothing when all is well. */
export const read = (events: ReadonlyArray<WireEvent>): string | undefined => {
  const state: State = { blocks: 0, open: undefined, hasStarted: false, hasFinished: false }
  for (const [position, event] of events.entries()) {
    const value = Result.getOrElse(Json.parse(event.data), () => null)
    if (!isObject(value)) return "an event that is no object"
    if (event.name !== value["type"]) return `the event ${event.name ?? "message"} says it is ${JSON.stringify(value["type"])}`
    if (value["type"] === "error") return position === events.length - 1 ? undefined : "something follows the error"
    if (value["type"] === "message_stop") {
      if (position !== events.length - 1) return "something follows the end of the message"
      return state.hasFinished ? undefined : "the message ends without a reason"
    }
    const wrong = step(value, state)
    if (wrong !== undefined) return wrong
  }
  return "the stream has no end"
}
