/**
 * Blocks of other dialects as blocks of a stream. Anthropic's blocks never overlap: while one is open, the events of the others
 * wait. A block of text or thinking is announced only with its first content, so that empty ones never appear.
 */
import type { BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import * as ToolNames from "@sluice/protocol/ToolNames"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Answers from "./Answers.ts"
import * as Citations from "./Citations.ts"
import { drop, fitId, inside, type Place } from "./Crossing.ts"
import { wrapped } from "./Parts.ts"
import * as Whole from "./Whole.ts"
import { id } from "./Wire.ts"

/** An event of a block. */
export type BlockEvent = Extract<CanonicalEvent, { readonly choice: number; readonly index: number }> | Extract<CanonicalEvent, { readonly type: "annotation" }>

/** A block on its way out. */
export interface Outgoing {
  readonly start: BlockStartEvent
  /** Its index on the wire; absent until it is announced. */
  readonly wire: number | undefined
  /** The block came in this dialect, and its frames go out as they are. */
  readonly isOwn: boolean
  readonly hasContent: boolean
  /** Arguments that are no JSON object and go out as one text parameter when the block ends. */
  readonly input: string
}

/** The blocks of a stream. */
export interface Blocks {
  /** Announced or active blocks by canonical index; more than one only while a provider interleaves in this dialect. */
  readonly open: ReadonlyMap<number, Outgoing>
  /** Events of blocks that wait for the open one, in order of their start. */
  readonly waiting: ReadonlyMap<number, ReadonlyArray<CanonicalEvent>>
  /** The next free index on the wire. */
  readonly next: number
  /** Frames were left out or put in: from here on indexes are counted anew. */
  readonly isShifted: boolean
}

/** A wire event in the making. */
export type Out = JsonObject & { readonly type: string }

type Step = readonly [Blocks, ReadonlyArray<Out>]

/** Before the first block. */
export const initial: Blocks = { open: new Map(), waiting: new Map(), next: 0, isShifted: false }

const none: ReadonlyArray<Out> = []

const withOpen = (blocks: Blocks, index: number, block: Outgoing): Blocks => ({ ...blocks, open: new Map(blocks.open).set(index, block) })

const deltaOf = (wire: number, delta: JsonObject): Out => ({ type: "content_block_delta", index: wire, delta })

const startOf = (wire: number, block: Json): Out => ({ type: "content_block_start", index: wire, content_block: block })

const nameOf = (call: BlockStartEvent["call"]): string => call?.namespace === undefined ? call?.name ?? "" : ToolNames.flat(call.namespace, call.name)

const openingOf = (start: BlockStartEvent): JsonObject => {
  switch (start.kind) {
    case "tool-call":
      return { type: "tool_use", id: fitId(start.call?.id ?? ""), name: nameOf(start.call), input: {}, caller: Answers.caller }
    case "reasoning":
      return { type: "thinking", thinking: "", signature: "" }
    case "server-tool":
    case "foreign":
      return isObject(start.native?.value) ? start.native.value : {}
    default:
      return { type: "text", text: "", citations: null }
  }
}

/** Announces a block with the opening it needs. */
const announce = (blocks: Blocks, block: Outgoing, opening: JsonObject): readonly [Blocks, Outgoing, ReadonlyArray<Out>] => {
  if (block.wire !== undefined) return [blocks, block, none]
  const announced: Outgoing = { ...block, wire: blocks.next, hasContent: true }
  return [withOpen({ ...blocks, next: blocks.next + 1, isShifted: true }, block.start.index, announced), announced, [startOf(blocks.next, opening)]]
}

const say = (blocks: Blocks, block: Outgoing, delta: JsonObject): Step => {
  if (block.wire !== undefined && block.hasContent) return [blocks, [deltaOf(block.wire, delta)]]
  const [next, announced, out] = announce(blocks, block, openingOf(block.start))
  const known = withOpen(next, block.start.index, { ...announced, hasContent: true })
  return [known, [...out, deltaOf(announced.wire ?? next.next, delta)]]
}

const isCarried = (start: BlockStartEvent): boolean => start.kind !== "media" && (start.native === undefined || start.native.dialect === id)

const lose = (place: Place, index: number, field: string, before: unknown): void => drop(inside(Answers.partAt(place, index), undefined, field), before, "hint")

const begin = (blocks: Blocks, start: BlockStartEvent, place: Place): Step => {
  if (!isCarried(start)) {
    drop(Answers.partAt(place, start.index), start.native?.name ?? start.kind, "hint")
    return [blocks, none]
  }
  const block: Outgoing = { start, wire: undefined, isOwn: false, hasContent: false, input: "" }
  if (start.kind === "refusal") {
    const here = Answers.partAt(place, start.index)
    place.sink.add({ at: here.at, canonical: here.canonical, reason: "approximated", weight: "hint", before: "refusal", after: "text" })
  }
  if (start.call?.namespace !== undefined) {
    const here = inside(Answers.partAt(place, start.index), undefined, "name")
    lose(place, start.index, "namespace", start.call.namespace)
    place.sink.add({ at: here.at, canonical: here.canonical, reason: "renamed", weight: "hint", before: start.call.name, after: nameOf(start.call) })
  }
  if (start.call !== undefined) Answers.loseId(start.call.id, Answers.partAt(place, start.index))
  const isLazy = start.kind === "text" || start.kind === "refusal" || start.kind === "reasoning"
  if (isLazy) return [withOpen(blocks, start.index, block), none]
  const [next, announced, out] = announce(blocks, block, openingOf(start))
  return [withOpen(next, start.index, { ...announced, hasContent: false }), out]
}

const isCustom = (block: Outgoing): boolean => block.start.call?.kind === "custom"

/** Content that only the end of a block states: restated blocks, and inputs whose deltas nobody sent. */
const finalDeltas = (block: Outgoing, event: Extract<CanonicalEvent, { readonly type: "block-end" }>, place: Place): ReadonlyArray<JsonObject> => {
  if (isCustom(block) || block.input.trim() !== "") {
    const input = JSON.stringify(wrapped(block.input, isCustom(block) ? "custom" : "function"))
    const here = inside(Answers.partAt(place, event.index), undefined, "arguments")
    place.sink.add({ at: here.at, canonical: here.canonical, reason: "approximated", weight: "hint", before: block.input, after: input })
    return [{ type: "input_json_delta", partial_json: input }]
  }
  if (event.final === undefined || block.hasContent) return []
  const written = Answers.blockOf(event.final, undefined, Answers.partAt(place, event.index))
  return written === undefined ? [] : Whole.unfoldBlock(written).deltas
}

const finish = (blocks: Blocks, block: Outgoing, event: Extract<CanonicalEvent, { readonly type: "block-end" }>, place: Place): Step => {
  let current = blocks
  const out: Array<Out> = []
  for (const delta of finalDeltas(block, event, place)) {
    const [next, said] = say(current, current.open.get(event.index) ?? block, delta)
    current = next
    out.push(...said)
  }
  const wire = current.open.get(event.index)?.wire
  const open = new Map(current.open)
  open.delete(event.index)
  if (wire !== undefined) out.push({ type: "content_block_stop", index: wire })
  return promote({ ...current, open }, out, place)
}

/** Lets waiting blocks go out, one after the other, until one of them is still open. */
const promote = (blocks: Blocks, said: ReadonlyArray<Out>, place: Place): Step => {
  const [first] = blocks.waiting
  if (blocks.open.size > 0 || first === undefined) return [blocks, said]
  const waiting = new Map(blocks.waiting)
  waiting.delete(first[0])
  let current: Blocks = { ...blocks, waiting }
  let out = said
  for (const event of first[1]) {
    const [next, more] = write(current, event, place)
    current = next
    out = [...out, ...more]
  }
  // A block that is not carried leaves nothing open: the next one follows at once.
  return promote(current, out, place)
}

const write = (blocks: Blocks, event: CanonicalEvent, place: Place): Step => {
  if (event.type === "block-start") return begin(blocks, event, place)
  const block = "index" in event && event.index !== undefined ? blocks.open.get(event.index) : undefined
  if (block === undefined) return [blocks, none]
  return inBlock(blocks, block, event, place)
}

/** Arguments that begin like an object go out as they come; others wait for the end, because clients parse what they get. */
const sayArguments = (blocks: Blocks, block: Outgoing, text: string): Step => {
  const begun = block.input + text
  const isObjectLike = block.hasContent || block.start.kind !== "tool-call" || (!isCustom(block) && begun.trimStart().startsWith("{"))
  if (!isObjectLike) return [withOpen(blocks, block.start.index, { ...block, input: begun }), none]
  return say(blocks, block.input === "" ? block : { ...block, input: "" }, { type: "input_json_delta", partial_json: begun })
}

const inBlock = (blocks: Blocks, block: Outgoing, event: CanonicalEvent, place: Place): Step => {
  const { index, kind } = block.start
  switch (event.type) {
    case "text-delta":
      if (event.text === "") return [blocks, none]
      return say(blocks, block, kind === "foreign" ? { type: "compaction_delta", content: event.text } : { type: "text_delta", text: event.text })
    case "reasoning-delta":
      return event.text === "" ? [blocks, none] : say(blocks, block, { type: "thinking_delta", thinking: event.text })
    case "tool-arguments-delta":
      return event.text === "" ? [blocks, none] : sayArguments(blocks, block, event.text)
    case "signature":
      if (kind === "reasoning" && event.signature.by === id) return say(blocks, block, { type: "signature_delta", signature: event.signature.value })
      lose(place, index, "signature", event.signature)
      return [blocks, none]
    case "encrypted": {
      if (kind !== "reasoning" || event.encrypted.by !== id || block.wire !== undefined) {
        lose(place, index, "encrypted", event.encrypted)
        return [blocks, none]
      }
      const [next, , out] = announce(blocks, block, { type: "redacted_thinking", data: event.encrypted.value })
      return [next, out]
    }
    case "annotation": {
      const citation = kind === "text" ? Citations.encode(event.annotation) : undefined
      if (citation !== undefined) return say(blocks, block, { type: "citations_delta", citation })
      lose(place, index, "annotations", event.annotation)
      return [blocks, none]
    }
    case "block-end":
      return finish(blocks, block, event, place)
    default:
      return [blocks, none]
  }
}

/**
 * The commonest delta, as JSON: words or arguments that only continue an announced block and change nothing of what is known.
 * `undefined` where an event is anything else.
 */
export const plainDelta = (blocks: Blocks, event: CanonicalEvent): string | undefined => {
  if (event.type !== "text-delta" && event.type !== "reasoning-delta" && event.type !== "tool-arguments-delta") return undefined
  const block = blocks.waiting.has(event.index) ? undefined : blocks.open.get(event.index)
  if (block?.wire === undefined || !block.hasContent || event.text === "") return undefined
  const text = JSON.stringify(event.text)
  const head = `{"type":"content_block_delta","index":${block.wire},"delta":`
  if (event.type === "reasoning-delta") return `${head}{"type":"thinking_delta","thinking":${text}}}`
  if (event.type === "text-delta") return block.start.kind === "foreign" ? undefined : `${head}{"type":"text_delta","text":${text}}}`
  return block.input === "" ? `${head}{"type":"input_json_delta","partial_json":${text}}}` : undefined
}

/** One event of a block. What comes while another block is open waits for its turn. */
export const step = (blocks: Blocks, event: BlockEvent, place: Place): Step => {
  const index = event.index
  if (index === undefined) {
    drop(inside(place, undefined, "annotations"), event, "hint")
    return [blocks, none]
  }
  const queue = blocks.waiting.get(index)
  if (queue !== undefined) return [{ ...blocks, waiting: new Map(blocks.waiting).set(index, [...queue, event]) }, none]
  if (event.type === "block-start" && blocks.open.size > 0) return [{ ...blocks, waiting: new Map(blocks.waiting).set(index, [event]) }, none]
  return write(blocks, event, place)
}
