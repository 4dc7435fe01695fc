/**
 * Wire events to frames: a pure machine. Pieces that were not announced open what they belong to, ends complete what their
 * pieces left out, and the terminal brings whatever was never streamed.
 */
import { type CanonicalEvent, type Frame, usageEvent } from "@sluice/protocol/CanonicalEvent"
import type { Ending } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { parse, present } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Annotations from "./Annotations.ts"
import * as Blocks from "./Blocks.ts"
import * as Errors from "./Errors.ts"
import * as Finish from "./Finish.ts"
import * as ItemDecoder from "./ItemDecoder.ts"
import * as Usage from "./Usage.ts"
import { id } from "./Wire.ts"

/** A stream under way. */
export interface State {
  readonly phase: "before" | "open" | "ended"
  readonly answer: Blocks.Answer
}

type Step = readonly [State, ReadonlyArray<Frame>]

/** Before the first event. */
export const initial = (): State => ({ phase: "before", answer: Blocks.initial })

/** Items an answer may have; more is an attack or a fault. */
const maxItems = 4096

const frameOf = (event: WireEvent, value: Json, events: ReadonlyArray<CanonicalEvent>): Frame => ({
  events,
  wire: event.name === undefined ? { dialect: id, value, events } : { dialect: id, name: event.name, value, events }
})

const failed = (event: WireEvent, value: Json, failure: Failure, before: ReadonlyArray<CanonicalEvent> = []): Step => [
  { phase: "ended", answer: Blocks.initial },
  [frameOf(event, value, [...before, { type: "error", failure }])]
]

const violated = (event: WireEvent, value: Json, message: string): Step => failed(event, value, { class: "protocol-violation", message })

const text = (value: Json | undefined): string => typeof value === "string" ? value : ""
const nonEmpty = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined
const place = (value: Json | undefined): number | undefined => typeof value === "number" && Number.isInteger(value) && value >= 0 ? value : undefined

/** The beginning of an answer. */
export const startOf = (response: JsonObject): CanonicalEvent => ({
  type: "start",
  ...present({
    id: nonEmpty(response["id"]),
    model: nonEmpty(response["model"]),
    created: typeof response["created_at"] === "number" ? response["created_at"] : undefined
  })
})

/** The index in the output an event is about: what it says, else that of its item, else the latest. */
const outputOf = ({ items }: Blocks.Answer, value: JsonObject): number => {
  const stated = place(value["output_index"])
  if (stated !== undefined) return stated
  const item = nonEmpty(value["item_id"])
  const found = item === undefined ? undefined : [...items].find(([, known]) => known.id === item)
  return found?.[0] ?? Math.max(0, ...items.keys())
}

/**
 * The index in the output of an item that is announced or ends: what it says, unless another item has ended there; where it says
 * nothing, that of the item with its id, else of the latest if that has not ended, else the next.
 */
const itemOutput = ({ items }: Blocks.Answer, value: JsonObject): number => {
  const stated = place(value["output_index"])
  const item = isObject(value["item"]) ? nonEmpty(value["item"]["id"]) : undefined
  const next = Math.max(-1, ...items.keys()) + 1
  if (stated !== undefined) {
    const known = items.get(stated)
    const isOther = known?.isDone === true && item !== undefined && known.id !== undefined && known.id !== item
    return isOther ? next : stated
  }
  const found = item === undefined ? undefined : [...items].find(([, known]) => known.id === item)?.[0]
  if (found !== undefined) return found
  const latest = items.get(next - 1)
  return latest?.isDone === false && (item === undefined || latest.id === undefined) ? next - 1 : next
}

/** A piece of a part of an item, which opens what nobody announced. */
const piece = (draft: Blocks.Draft, value: JsonObject, of: "content" | "summary", item: "message" | "reasoning", type: string): void => {
  const output = outputOf(draft.answer, value)
  const part = place(value[of === "summary" ? "summary_index" : "content_index"]) ?? 0
  const address = Blocks.addressOf(output, of, part)
  if (Blocks.blockAt(draft.answer, address)?.isOpen !== true) {
    ItemDecoder.implied(draft, output, item, nonEmpty(value["item_id"]))
    ItemDecoder.openPart(draft, output, of, part, { type })
  }
  Blocks.say(draft, address, text(value["delta"]))
  const logprobs = Array.isArray(value["logprobs"]) && value["logprobs"].length > 0 ? Annotations.logprobsOf(value["logprobs"]) : undefined
  if (logprobs !== undefined) draft.events.push({ type: "annotation", choice: 0, annotation: logprobs })
}

const partOf = (value: JsonObject, of: "content" | "summary"): number => place(value[of === "summary" ? "summary_index" : "content_index"]) ?? 0

const wholePart = (draft: Blocks.Draft, value: JsonObject, of: "content" | "summary", isEnd: boolean): void => {
  const output = outputOf(draft.answer, value)
  const wire = value["part"]
  if (!isObject(wire)) return
  ItemDecoder.implied(draft, output, of === "summary" || wire["type"] === "reasoning_text" ? "reasoning" : "message", nonEmpty(value["item_id"]))
  if (isEnd) ItemDecoder.completePart(draft, output, of, partOf(value, of), wire)
  else {
    ItemDecoder.openPart(draft, output, of, partOf(value, of), wire)
    Blocks.complete(draft, Blocks.addressOf(output, of, partOf(value, of)), text(wire["text"] ?? wire["refusal"]))
  }
}

const calling = (draft: Blocks.Draft, value: JsonObject, type: string, whole: Json | undefined): void => {
  const output = outputOf(draft.answer, value)
  const isKnown = draft.answer.items.has(output)
  if (!isKnown) ItemDecoder.implied(draft, output, type, nonEmpty(value["item_id"]))
  if (typeof whole !== "string") ItemDecoder.sayArguments(draft, output, text(value["delta"]))
  else {
    const address = Blocks.addressOf(output, "item")
    Blocks.complete(draft, address, whole)
    const item = draft.answer.items.get(output)
    if (item !== undefined && Blocks.blockAt(draft.answer, address) === undefined) Blocks.withItem(draft, output, { ...item, pending: whole })
  }
}

const cite = (draft: Blocks.Draft, value: JsonObject): void => {
  const { annotation } = value
  const address = Blocks.addressOf(outputOf(draft.answer, value), "content", partOf(value, "content"))
  if (isObject(annotation)) Blocks.note(draft, address, (at) => ({ type: "annotation", ...at, annotation: Annotations.decode(annotation) }))
}

const picture = (draft: Blocks.Draft, value: JsonObject): void => {
  const block = Blocks.blockAt(draft.answer, Blocks.addressOf(outputOf(draft.answer, value), "item"))
  const data = nonEmpty(value["partial_image_b64"])
  if (block?.isOpen !== true || block.kind !== "media" || data === undefined) return
  const mime = `image/${nonEmpty(value["output_format"]) ?? "png"}`
  const partialIndex = place(value["partial_image_index"]) ?? 0
  draft.events.push({ type: "media-delta", choice: 0, index: block.index, mime, data, partialIndex })
}

/** Applies an event to the content; false where it says nothing of it. */
const content = (draft: Blocks.Draft, type: string, value: JsonObject): boolean => {
  switch (type) {
    case "response.output_text.delta":
      piece(draft, value, "content", "message", "output_text")
      return true
    case "response.refusal.delta":
      piece(draft, value, "content", "message", "refusal")
      return true
    case "response.reasoning_text.delta":
      piece(draft, value, "content", "reasoning", "reasoning_text")
      return true
    case "response.reasoning_summary_text.delta":
      piece(draft, value, "summary", "reasoning", "summary_text")
      return true
    case "response.function_call_arguments.delta":
    case "response.function_call_arguments.done":
      calling(draft, value, "function_call", type.endsWith("done") ? value["arguments"] : undefined)
      return true
    case "response.custom_tool_call_input.delta":
    case "response.custom_tool_call_input.done":
      calling(draft, value, "custom_tool_call", type.endsWith("done") ? value["input"] : undefined)
      return true
    case "response.mcp_call_arguments.delta":
    case "response.code_interpreter_call_code.delta":
      Blocks.say(draft, Blocks.addressOf(outputOf(draft.answer, value), "item"), text(value["delta"]))
      return true
    case "response.output_item.added":
      ItemDecoder.add(draft, itemOutput(draft.answer, value), isObject(value["item"]) ? value["item"] : {})
      return true
    case "response.output_item.done":
      ItemDecoder.finish(draft, itemOutput(draft.answer, value), isObject(value["item"]) ? value["item"] : {})
      return true
    case "response.content_part.added":
    case "response.content_part.done":
      wholePart(draft, value, "content", type.endsWith("done"))
      return true
    case "response.reasoning_summary_part.added":
    case "response.reasoning_summary_part.done":
      wholePart(draft, value, "summary", type.endsWith("done"))
      return true
    case "response.output_text.annotation.added":
      cite(draft, value)
      return true
    case "response.image_generation_call.partial_image":
      picture(draft, value)
      return true
    default:
      return silent.has(type)
  }
}

/** Events that repeat what was said. */
const silent: ReadonlySet<string> = new Set([
  "response.in_progress",
  "response.output_text.done",
  "response.refusal.done",
  "response.reasoning_text.done",
  "response.reasoning_summary_text.done",
  "response.mcp_call_arguments.done",
  "response.code_interpreter_call_code.done"
])

const opening = (state: State, draft: Blocks.Draft, response: Json | undefined): void => {
  if (state.phase !== "before") return
  draft.events.push(isObject(response) ? startOf(response) : { type: "start" })
  draft.answer = { ...draft.answer, id: isObject(response) ? nonEmpty(response["id"]) : undefined }
}

/** What a whole answer says beyond its stream: items that never came or were not finished, tokens, and why it ended. */
export const conclude = (draft: Blocks.Draft, response: JsonObject): void => {
  const output = Array.isArray(response["output"]) ? response["output"] : []
  const ids = new Set([...draft.answer.items.values()].flatMap((item) => item.id ?? []))
  for (const [index, item] of output.entries()) {
    if (!isObject(item)) continue
    const isStreamed = draft.answer.items.get(index)?.type === (nonEmpty(item["type"]) ?? "message") || ids.has(text(item["id"]))
    if (!isStreamed && !draft.answer.items.has(index)) ItemDecoder.finish(draft, index, item)
    else if (draft.answer.items.get(index)?.id === nonEmpty(item["id"])) ItemDecoder.finish(draft, index, item)
  }
  for (const [index, item] of draft.answer.items) if (!item.isDone) ItemDecoder.finish(draft, index, {})
  Blocks.closeAll(draft)
  const usage = Usage.decode(response["usage"])
  if (usage !== undefined) draft.events.push(usageEvent(usage, response["service_tier"]))
  draft.events.push({ type: "finish", choice: 0, ...Finish.settled(Finish.decode(response), draft.answer) }, { type: "end" })
}

const ended = (state: State, event: WireEvent, value: JsonObject, response: JsonObject): Step => {
  const draft: Blocks.Draft = { answer: state.answer, events: [] }
  opening(state, draft, response)
  if (response["status"] === "failed" || value["type"] === "response.failed") {
    const usage = Usage.decode(response["usage"])
    return failed(event, value, Errors.fromValue(value), usage === undefined ? draft.events : [...draft.events, usageEvent(usage, response["service_tier"])])
  }
  conclude(draft, response)
  return [{ phase: "ended", answer: Blocks.initial }, [frameOf(event, value, draft.events)]]
}

const isFailure = (value: JsonObject): boolean => isObject(value["error"]) || (typeof value["error"] === "string" && value["error"] !== "")

const dispatch = (state: State, event: WireEvent, value: JsonObject): Step => {
  const type = nonEmpty(value["type"]) ?? event.name ?? ""
  const { response } = value
  switch (type) {
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
    case "response.cancelled":
    case "response.done":
      return ended(state, event, value, isObject(response) ? response : {})
    case "error":
      return failed(event, value, Errors.fromValue(value))
    case "keepalive":
      return [state, [frameOf(event, value, [{ type: "ping" }])]]
    case "response.created":
    case "response.queued": {
      const draft: Blocks.Draft = { answer: state.answer, events: [] }
      opening(state, draft, response)
      return [state.phase === "before" ? { phase: "open", answer: draft.answer } : state, [frameOf(event, value, draft.events)]]
    }
    default: {
      if (!type.startsWith("response.") && isFailure(value)) return failed(event, value, Errors.fromValue(value))
      const draft: Blocks.Draft = { answer: state.answer, events: [] }
      opening(state, draft, response)
      if (!content(draft, type, value)) return [state, [frameOf(event, value, [{ type: "foreign", dialect: id, name: type || "event", value }])]]
      if (draft.answer.items.size > maxItems) return violated(event, value, `The provider sent more than ${maxItems} items.`)
      return [{ phase: "open", answer: draft.answer }, [frameOf(event, value, draft.events)]]
    }
  }
}

/** A terminal of other protocols, which some providers send; before this protocol's own it means that the reason is missing. */
const done = (state: State, event: WireEvent): Step => {
  if (state.phase === "before") return failed(event, event.data, { class: "empty", message: "The provider ended its stream without an answer." })
  const draft: Blocks.Draft = { answer: state.answer, events: [] }
  conclude(draft, {})
  return [{ phase: "ended", answer: Blocks.initial }, [frameOf(event, event.data, draft.events)]]
}

/** Takes in one event. After the terminal nothing more is emitted. */
export const step = (state: State, event: WireEvent): Step => {
  if (state.phase === "ended") return [state, []]
  const word = event.data.trim()
  if (word === "") return [state, []]
  if (word === "[DONE]") return done(state, event)
  const parsed = parse(event.data)
  if (Result.isFailure(parsed)) return violated(event, event.data, `The provider sent an event that is not JSON: ${parsed.failure.message}`)
  const value = parsed.success
  return isObject(value) ? dispatch(state, event, value) : violated(event, value, "The provider sent an event that is no JSON object.")
}

/** The stream is over without its terminal. */
export const end = (state: State, how: Ending): ReadonlyArray<Frame> => {
  if (state.phase === "ended") return []
  const failure: Failure = state.phase === "before"
    ? { class: "empty", message: `The provider's stream ended (${how}) without an answer.` }
    : { class: "cut", message: `The provider's stream ended (${how}) before its answer was complete.` }
  return [{ events: [{ type: "error", failure }] }]
}
