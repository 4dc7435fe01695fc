/**
 * Content blocks of answers and their canonical events. One way to open a block and one to close it serve streams and whole
 * answers, so that both mean the same.
 */
import * as CallIds from "@sluice/protocol/CallIds"
import type { BlockKind, BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import { parse } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Citations from "./Citations.ts"
import { id } from "./Wire.ts"

/** A block between its start and its stop. */
export interface OpenBlock {
  /** Index among the blocks of the answer, in order of their start. */
  readonly index: number
  readonly kind: BlockKind
  /** The block as it was opened. */
  readonly opening: JsonObject
  /** Arguments the opening already held: they count only when no delta brings others. */
  readonly input: string | undefined
  /** Raw input that deltas brought to a tool of the provider. */
  readonly json: string | undefined
  /** What deltas made of a block that only this dialect knows. */
  readonly grown: JsonObject | undefined
}

const text = (value: Json | undefined): string => typeof value === "string" ? value : ""

const providerCalls: ReadonlySet<string> = new Set(["server_tool_use", "mcp_tool_use"])

const kindOf = (type: string): BlockKind => {
  switch (type) {
    case "text":
      return "text"
    case "thinking":
    case "redacted_thinking":
      return "reasoning"
    case "tool_use":
      return "tool-call"
    default:
      return providerCalls.has(type) ? "server-tool" : "foreign"
  }
}

const startOf = (block: JsonObject, kind: BlockKind, index: number, answer: string | undefined): BlockStartEvent => {
  const start = { type: "block-start" as const, choice: 0, index, kind }
  switch (kind) {
    case "reasoning":
      return { ...start, form: "raw" }
    case "tool-call":
      // Without an id or a name nothing could answer the call; both are made from its place.
      return { ...start, call: { kind: "function", id: text(block["id"]) || CallIds.made(answer, 0, index), name: text(block["name"]) || `tool_${index}` } }
    case "text":
      return start
    default:
      return { ...start, native: { dialect: id, name: text(block["type"]), value: block } }
  }
}

const contentOf = (block: JsonObject, kind: BlockKind, index: number): ReadonlyArray<CanonicalEvent> => {
  const at = { choice: 0, index }
  if (kind === "text") {
    const words = text(block["text"])
    const citations = Array.isArray(block["citations"]) ? block["citations"].filter(isObject) : []
    return [
      ...(words === "" ? [] : [{ type: "text-delta" as const, ...at, text: words }]),
      ...citations.map((citation): CanonicalEvent => ({ type: "annotation", ...at, annotation: Citations.decode(citation) }))
    ]
  }
  if (kind !== "reasoning") return []
  const words = text(block["thinking"])
  const signature = text(block["signature"])
  const data = block["data"]
  return [
    ...(words === "" ? [] : [{ type: "reasoning-delta" as const, ...at, text: words }]),
    ...(signature === "" ? [] : [{ type: "signature" as const, ...at, signature: { by: id, value: signature } }]),
    ...(typeof data === "string" ? [{ type: "encrypted" as const, ...at, encrypted: { by: id, value: data } }] : [])
  ]
}

const isEmptyInput = (input: Json | undefined): boolean =>
  input === undefined || input === null || input === "" || (isObject(input) && Object.keys(input).length === 0)

/** Opens a block of the answer with this id: its state and the events its opening says. */
export const open = (block: JsonObject, index: number, answer: string | undefined): readonly [OpenBlock, ReadonlyArray<CanonicalEvent>] => {
  const kind = kindOf(text(block["type"]))
  const input = kind === "tool-call" && !isEmptyInput(block["input"]) ? JSON.stringify(block["input"]) : undefined
  return [
    { index, kind, opening: block, input, json: undefined, grown: undefined },
    [startOf(block, kind, index, answer), ...contentOf(block, kind, index)]
  ]
}

/** The block as its deltas made it, where only this dialect can read it. */
const finalOf = (block: OpenBlock): JsonObject | undefined => {
  if (block.grown !== undefined) return block.grown
  if (block.json === undefined) return undefined
  const parsed = parse(block.json === "" ? "{}" : block.json)
  return Result.isSuccess(parsed) ? { ...block.opening, input: parsed.success } : undefined
}

/** The events that close a block. */
export const close = (block: OpenBlock): ReadonlyArray<CanonicalEvent> => {
  const at = { choice: 0, index: block.index }
  const value = finalOf(block)
  return [
    ...(block.input === undefined ? [] : [{ type: "tool-arguments-delta" as const, ...at, text: block.input }]),
    value === undefined
      ? { type: "block-end", ...at }
      : { type: "block-end", ...at, final: { type: "foreign", dialect: id, name: text(value["type"]), value } }
  ]
}
