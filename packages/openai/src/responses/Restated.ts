/**
 * This protocol says everything twice: in pieces, and whole when a part, an item and the answer end. When a frame of this
 * dialect was edited or taken away, whatever restates it later has to follow: this is the memory for that, and the rewriting.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Blocks from "./Blocks.ts"

/** What was said in this dialect's own frames. */
export interface Memory {
  /** Words of blocks by index. */
  readonly words: ReadonlyMap<number, string>
  /** The block that spoke last; newer than its entry in `words`. */
  readonly active: { readonly index: number; readonly words: string } | undefined
  /** Blocks by address. */
  readonly places: ReadonlyMap<string, number>
  /** The output index on the way out of each item. */
  readonly outputs: ReadonlyMap<number, number>
  /** Items that were taken away. */
  readonly taken: ReadonlySet<number>
}

/** Nothing said. */
export const initial: Memory = { words: new Map(), active: undefined, places: new Map(), outputs: new Map(), taken: new Set() }

const place = (value: Json | undefined): number | undefined => typeof value === "number" ? value : undefined

const addressIn = (value: JsonObject, event: Extract<CanonicalEvent, { readonly type: "block-start" }>): string => {
  const output = place(value["output_index"]) ?? 0
  if (event.partIndex === undefined) return Blocks.addressOf(output, "item")
  return Blocks.addressOf(output, event.form === "summary" ? "summary" : "content", event.partIndex)
}

const wordsOf = ({ active, words }: Memory, index: number): string => (active?.index === index ? active.words : words.get(index)) ?? ""

const spoken = (memory: Memory, index: number, words: string): Memory => {
  const { active } = memory
  const settled = active === undefined || active.index === index ? memory.words : new Map(memory.words).set(active.index, active.words)
  return { ...memory, words: settled, active: { index, words } }
}

/** Remembers what a frame says. */
export const remember = (memory: Memory, { events }: Frame, value: JsonObject): Memory => {
  let current = memory
  for (const event of events) {
    switch (event.type) {
      case "block-start":
        current = { ...current, places: new Map(current.places).set(addressIn(value, event), event.index) }
        break
      case "text-delta":
      case "reasoning-delta":
      case "tool-arguments-delta":
        current = spoken(current, event.index, wordsOf(current, event.index) + event.text)
        break
      default:
        break
    }
  }
  return current
}

/** What the block at an address says now; `undefined` where it was taken away. */
const at = (memory: Memory, output: number, of: "content" | "summary" | "item", part: number): string | undefined => {
  const index = memory.places.get(Blocks.addressOf(output, of, part))
  return index === undefined ? undefined : wordsOf(memory, index)
}

const put = (wire: JsonObject, key: string, words: string): JsonObject => wire[key] === words ? wire : { ...wire, [key]: words }

const part = (wire: JsonObject, words: string): JsonObject => {
  const key = wire["type"] === "refusal" ? "refusal" : "text"
  return typeof wire[key] === "string" ? put(wire, key, words) : wire
}

const parts = (memory: Memory, output: number, of: "content" | "summary", wire: Json | undefined): Json | undefined =>
  !Array.isArray(wire) ? wire : wire.flatMap((inner: Json, index): ReadonlyArray<Json> => {
    const words = at(memory, output, of, index)
    return words === undefined ? [] : [isObject(inner) ? part(inner, words) : inner]
  })

const replaced = (wire: JsonObject, key: string, value: Json | undefined): JsonObject =>
  value === undefined || value === wire[key] ? wire : { ...wire, [key]: value }

/** An item as its pieces went out; `undefined` where it was taken away. */
export const item = (memory: Memory, output: number, wire: JsonObject): JsonObject | undefined => {
  switch (wire["type"]) {
    case undefined:
    case "message":
      return replaced(wire, "content", parts(memory, output, "content", wire["content"]))
    case "reasoning":
      return replaced(
        replaced(wire, "content", parts(memory, output, "content", wire["content"])),
        "summary",
        parts(memory, output, "summary", wire["summary"])
      )
    case "function_call":
    case "custom_tool_call": {
      const words = at(memory, output, "item", 0)
      return words === undefined ? undefined : put(wire, wire["type"] === "function_call" ? "arguments" : "input", words)
    }
    default:
      return at(memory, output, "item", 0) === undefined ? undefined : wire
  }
}

const partPlace = (value: JsonObject): readonly ["content" | "summary", number] =>
  typeof value["summary_index"] === "number" ? ["summary", value["summary_index"]] : ["content", place(value["content_index"]) ?? 0]

/** Keys in which an event restates a whole block, by its type. */
const wholes: ReadonlyMap<string, "text" | "refusal" | "arguments" | "input" | "code"> = new Map([
  ["response.output_text.done", "text"],
  ["response.reasoning_text.done", "text"],
  ["response.reasoning_summary_text.done", "text"],
  ["response.refusal.done", "refusal"],
  ["response.function_call_arguments.done", "arguments"],
  ["response.mcp_call_arguments.done", "arguments"],
  ["response.custom_tool_call_input.done", "input"],
  ["response.code_interpreter_call_code.done", "code"]
])

/** An event of an edited stream, restating what went out; `undefined` where nothing of what it is about is left. */
export const event = (memory: Memory, value: JsonObject): JsonObject | undefined => {
  const type = String(value["type"])
  const output = place(value["output_index"]) ?? 0
  const key = wholes.get(type)
  if (key !== undefined) {
    const isPart = value["content_index"] !== undefined || value["summary_index"] !== undefined
    const words = isPart ? at(memory, output, ...partPlace(value)) : at(memory, output, "item", 0)
    return words === undefined ? undefined : put(value, key, words)
  }
  const inner = value["part"]
  if (type.endsWith("_part.done") && isObject(inner)) {
    const words = at(memory, output, ...partPlace(value))
    return words === undefined ? undefined : replaced(value, "part", part(inner, words))
  }
  if (type === "response.output_item.done" && isObject(value["item"])) {
    const whole = item(memory, output, value["item"])
    return whole === undefined ? undefined : replaced(value, "item", whole)
  }
  return value
}

/** The output of a whole answer, restating what went out. */
export const output = (memory: Memory, wire: Json | undefined): ReadonlyArray<JsonObject> =>
  !Array.isArray(wire) ? [] : wire.flatMap((inner: Json, index): ReadonlyArray<JsonObject> => {
    const whole = isObject(inner) ? item(memory, index, inner) : undefined
    return whole === undefined ? [] : [whole]
  })
