/**
 * Items and blocks of an answer in the making, and what is said of them on the wire: when they are announced, where they stand,
 * and whole when they end. When each of these goes out is decided in Output.ts.
 */
import type { BlockStartEvent } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import { isObject, type JsonObject } from "@sluice/protocol/Wire"
import * as Wire from "./Wire.ts"

/** A wire event without its number. */
export type Out = JsonObject & { readonly type: string }

/** The message or the thinking that may get further parts. */
export interface OpenItem {
  readonly type: "message" | "reasoning"
  readonly id: string
  /** The id the blocks of the item came with. */
  readonly stated: string | undefined
  readonly phase: string | undefined
  readonly output: number
  readonly content: ReadonlyArray<JsonObject>
  readonly summary: ReadonlyArray<JsonObject>
  readonly encrypted: string | undefined
  /** Its announcement went out: thinking is announced with its first words or its seal. */
  readonly isAnnounced: boolean
}

/** The block that is speaking. */
export interface OpenBlock {
  readonly start: BlockStartEvent
  /** Id and index of its item, and its index there. */
  readonly id: string
  readonly output: number
  readonly part: number
  /** The announcement of its part went out. */
  readonly isAnnounced: boolean
  readonly text: string
  readonly citations: ReadonlyArray<JsonObject>
  readonly logprobs: ReadonlyArray<JsonObject>
  readonly data: string
  readonly mime: string | undefined
}

/** A call whose block has ended. Whether it is whole is known with what follows. */
export interface EndedCall {
  readonly type: "call"
  readonly block: OpenBlock
  readonly final: Part | undefined
}

const messageOf = (item: OpenItem, status: string): JsonObject => ({
  id: item.id,
  type: "message",
  status,
  role: "assistant",
  content: item.content,
  ...(item.phase === undefined ? {} : { phase: item.phase })
})

const thinkingOf = (item: OpenItem): JsonObject => ({
  id: item.id,
  type: "reasoning",
  summary: item.summary,
  ...(item.content.length === 0 ? {} : { content: item.content }),
  ...(item.encrypted === undefined ? {} : { encrypted_content: item.encrypted })
})

/** An open item as it stands. */
export const itemOf = (item: OpenItem, status: string): JsonObject => item.type === "message" ? messageOf(item, status) : thinkingOf(item)

/** A block that has said nothing. */
export const blockOf = (start: BlockStartEvent, id: string, output: number, part: number): OpenBlock => ({
  start,
  id,
  output,
  part,
  isAnnounced: false,
  text: "",
  citations: [],
  logprobs: [],
  data: "",
  mime: undefined
})

/** The part a block is, as far as it has come. */
export const partOf = ({ citations, logprobs, start, text }: OpenBlock): JsonObject => {
  switch (start.kind) {
    case "refusal":
      return { type: "refusal", refusal: text }
    case "reasoning":
      return start.form === "summary" ? { type: "summary_text", text } : { type: "reasoning_text", text }
    case "foreign":
      return Wire.asObject(start.native?.value)
    default:
      return { type: "output_text", annotations: citations, logprobs, text }
  }
}

/** Whether a block is a summary of thinking. */
export const isSummary = ({ start }: OpenBlock): boolean => start.kind === "reasoning" && start.form === "summary"

/** Where a part stands. */
export const placeOf = (block: OpenBlock): JsonObject => ({
  item_id: block.id,
  output_index: block.output,
  [isSummary(block) ? "summary_index" : "content_index"]: block.part
})

/** Where an item stands. */
export const ofItem = (block: OpenBlock): JsonObject => ({ item_id: block.id, output_index: block.output })

/** A call or a picture when it is announced. */
export const openingOf = (start: BlockStartEvent, id: string): JsonObject => {
  const { call } = start
  if (call === undefined) return { id, type: "image_generation_call", status: "in_progress", result: null }
  const called = { call_id: call.id, name: call.name, ...(call.namespace === undefined ? {} : { namespace: call.namespace }) }
  return call.kind === "custom"
    ? { id, type: "custom_tool_call", status: "in_progress", input: "", ...called }
    : { id, type: "function_call", status: "in_progress", arguments: "", ...called }
}

/** What ids of an item begin with. */
export const prefixOf = ({ call }: BlockStartEvent): string => call === undefined ? "ig" : call.kind === "custom" ? "ctc" : "fc"

/** Whether the bytes are a picture. */
export const isPicture = (mime: string | undefined): boolean => mime?.startsWith("image/") === true

/** The `output_format` of a picture. */
export const format = (mime: string | undefined): string => mime?.slice("image/".length) ?? "png"

/** What only the end of a block says: it was restated, or a function takes nothing, which is an empty object to clients unless it was cut. */
export const lastWords = (block: OpenBlock, final: Part | undefined, isWhole = true): string => {
  if (block.text !== "") return ""
  const nothing = isWhole && block.start.call?.kind === "function" ? "{}" : ""
  switch (final?.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return final.text
    case "tool-call":
      return final.arguments === "" ? nothing : final.arguments
    default:
      return nothing
  }
}

/** A call, a picture or an item of the provider when it ends. */
export const wholeItem = (block: OpenBlock, final: Part | undefined): JsonObject => {
  const { call, native } = block.start
  if (native !== undefined) return final?.type === "foreign" && isObject(final.value) ? final.value : Wire.asObject(native.value)
  const opening = openingOf(block.start, block.id)
  if (call === undefined) {
    const source = final?.type === "image" && final.source.type === "base64" ? final.source : { data: block.data, mime: block.mime }
    return { ...opening, status: "completed", result: source.data, output_format: format(source.mime) }
  }
  return { ...opening, status: "completed", [call.kind === "custom" ? "input" : "arguments"]: block.text }
}

/** The type of an event that brings a piece of a call's arguments. */
export const argumentsDelta = ({ call }: BlockStartEvent): string =>
  call?.kind === "custom" ? "response.custom_tool_call_input.delta" : "response.function_call_arguments.delta"

/** The event that restates the arguments of a call. */
const argumentsDone = (block: OpenBlock): Out =>
  block.start.call?.kind === "custom"
    ? { type: "response.custom_tool_call_input.done", ...ofItem(block), input: block.text }
    : { type: "response.function_call_arguments.done", ...ofItem(block), name: block.start.call?.name ?? "", arguments: block.text }

/** A call with its last words: the item it is, and the events that tell them. */
export const endOf = ({ block, final }: EndedCall, status: "completed" | "incomplete"): readonly [JsonObject, ReadonlyArray<Out>] => {
  const words = lastWords(block, final, status === "completed")
  const whole = { ...block, text: block.text + words }
  const last: ReadonlyArray<Out> = words === "" ? [] : [{ type: argumentsDelta(block.start), ...ofItem(block), delta: words }]
  return [{ ...wholeItem(whole, final), status }, [...last, argumentsDone(whole)]]
}

/** Whether a block is part of a message or of thinking. */
export const isPartKind = ({ kind, ...start }: BlockStartEvent): boolean =>
  kind === "text" || kind === "refusal" || kind === "reasoning" || (kind === "foreign" && start.native?.name.startsWith("content.") === true)
