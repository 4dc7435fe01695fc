/**
 * Between a whole answer and its stream, on the wire alone: what a stream of this dialect folds to, and the events a body of
 * this dialect would have come in. Keys that the canonical model does not know keep their place both ways.
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import { parseExact } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import { id } from "./Wire.ts"

type Open = { [key: string]: Json }

const text = (value: Json | undefined): string => typeof value === "string" ? value : ""

const stated = (value: Json | undefined): JsonObject => isObject(value) ? Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null)) : {}

const listOf = (value: Json | undefined): ReadonlyArray<Json> => Array.isArray(value) ? value : []

const grow = (block: Open, json: Map<Open, string>, delta: JsonObject): void => {
  switch (delta["type"]) {
    case "text_delta":
      block["text"] = text(block["text"]) + text(delta["text"])
      break
    case "thinking_delta":
      block["thinking"] = text(block["thinking"]) + text(delta["thinking"])
      break
    case "signature_delta":
      block["signature"] = text(delta["signature"])
      break
    case "input_json_delta":
      json.set(block, (json.get(block) ?? "") + text(delta["partial_json"]))
      break
    case "citations_delta":
      block["citations"] = [...listOf(block["citations"]), delta["citation"] ?? null]
      break
    case "compaction_delta": {
      const { content, type: _, ...others } = delta
      Object.assign(block, others, { content: typeof content === "string" ? text(block["content"]) + content : block["content"] ?? null })
      break
    }
    default:
      break
  }
}

/** The body a stream of this dialect folds to; `undefined` when it has no message_start. */
export const fold = (frames: ReadonlyArray<Frame>): JsonObject | undefined => {
  const values = frames.flatMap(({ wire }) => wire?.dialect === id && isObject(wire.value) ? [wire.value] : [])
  const first = values.find((value) => value["type"] === "message_start")
  if (first === undefined || !isObject(first["message"])) return undefined
  const body: Open = { ...first["message"] }
  const order: Array<Open> = []
  const open = new Map<Json | undefined, Open>()
  const json = new Map<Open, string>()
  for (const value of values) {
    const block = open.get(value["index"])
    if (value["type"] === "content_block_start" && isObject(value["content_block"])) {
      const opened: Open = { ...value["content_block"] }
      order.push(opened)
      open.set(value["index"], opened)
    } else if (value["type"] === "content_block_delta" && block !== undefined && isObject(value["delta"])) {
      grow(block, json, value["delta"])
    } else if (value["type"] === "message_delta") {
      const { delta, type: _, usage, ...others } = value
      Object.assign(body, others, isObject(delta) ? delta : {})
      body["usage"] = { ...(isObject(body["usage"]) ? body["usage"] : {}), ...stated(usage) }
    }
  }
  for (const [block, raw] of json) {
    const parsed = parseExact(raw === "" ? "{}" : raw)
    if (Result.isSuccess(parsed)) block["input"] = parsed.success
  }
  return { ...body, content: order }
}

const isFilled = (value: Json | undefined): value is JsonObject => isObject(value) && Object.keys(value).length > 0

/** How one block of a body streams: its opening, and the deltas that fill it. */
export const unfoldBlock = (block: JsonObject): { readonly opening: JsonObject; readonly deltas: ReadonlyArray<JsonObject> } => {
  switch (block["type"]) {
    case "text": {
      const words = text(block["text"])
      const citations = listOf(block["citations"])
      return {
        opening: { ...block, text: "", ...(citations.length === 0 ? {} : { citations: [] }) },
        deltas: [
          ...(words === "" ? [] : [{ type: "text_delta", text: words }]),
          ...citations.map((citation): JsonObject => ({ type: "citations_delta", citation }))
        ]
      }
    }
    case "thinking": {
      const words = text(block["thinking"])
      const signature = text(block["signature"])
      return {
        opening: { ...block, thinking: "", signature: "" },
        deltas: [
          ...(words === "" ? [] : [{ type: "thinking_delta", thinking: words }]),
          ...(signature === "" ? [] : [{ type: "signature_delta", signature }])
        ]
      }
    }
    case "tool_use":
    case "server_tool_use":
    case "mcp_tool_use":
      return {
        opening: { ...block, input: {} },
        deltas: isFilled(block["input"]) ? [{ type: "input_json_delta", partial_json: JSON.stringify(block["input"]) }] : []
      }
    default:
      return { opening: block, deltas: [] }
  }
}

/** The events a body would have come in. */
export const unfold = (body: JsonObject): ReadonlyArray<JsonObject> => {
  const { content, stop_details, stop_reason = null, stop_sequence = null, usage, ...facts } = body
  const details = stop_details === undefined ? {} : { stop_details }
  const container = facts["container"] === undefined ? {} : { container: facts["container"] }
  const counts = isObject(usage) ? usage : { input_tokens: 0, output_tokens: 0 }
  const blocks = listOf(content).filter(isObject)
  return [
    {
      type: "message_start",
      message: {
        ...facts,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        ...(stop_details === undefined ? {} : { stop_details: null }),
        usage: { ...counts, output_tokens: 0 }
      }
    },
    ...blocks.flatMap((block, index): ReadonlyArray<JsonObject> => {
      const { deltas, opening } = unfoldBlock(block)
      return [
        { type: "content_block_start", index, content_block: opening },
        ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
        { type: "content_block_stop", index }
      ]
    }),
    { type: "message_delta", delta: { stop_reason, stop_sequence, ...details, ...container }, usage: counts },
    { type: "message_stop" }
  ]
}
