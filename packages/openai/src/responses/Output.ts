/**
 * Canonical blocks as items of the output and the events that bring them. Items follow each other: what a block says while
 * another is open waits. Messages and thinking stay open behind their last block, because the next may belong to them, and calls
 * until it is known that the answer did not break off in them.
 */
import type { BlockStartEvent, CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { Part } from "@sluice/protocol/CanonicalPart"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import * as Pointer from "@sluice/protocol/Pointer"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Annotations from "./Annotations.ts"
import {
  argumentsDelta,
  blockOf,
  type EndedCall,
  endOf,
  format,
  isPartKind,
  isPicture,
  isSummary,
  itemOf,
  lastWords,
  ofItem,
  type OpenBlock,
  openingOf,
  type OpenItem,
  type Out,
  partOf,
  placeOf,
  prefixOf,
  wholeItem
} from "./Draft.ts"
import { idOf } from "./Envelope.ts"
import * as Wire from "./Wire.ts"

/** The output so far. */
export interface Output {
  /** Finished items. */
  readonly done: ReadonlyArray<JsonObject>
  /** Index of the next item. */
  readonly next: number
  readonly item: OpenItem | EndedCall | undefined
  readonly block: OpenBlock | undefined
  /** Events of blocks that wait for the open one, in order of their start. */
  readonly waiting: ReadonlyMap<number, ReadonlyArray<CanonicalEvent>>
  readonly calls: boolean
  readonly refusal: boolean
}

/** Nothing said. */
export const initial: Output = { done: [], next: 0, item: undefined, block: undefined, waiting: new Map(), calls: false, refusal: false }

type Step = readonly [Output, ReadonlyArray<Out>]

const none: ReadonlyArray<Out> = []

const lose = (context: AnswerContext, index: number, field?: string): void => {
  const canonical = field === undefined ? Pointer.child("/choices/0/parts", index) : Pointer.child("/choices/0/parts", index, field)
  context.sink.add({ at: canonical, canonical, reason: "dropped", weight: "hint" })
}

/** Ends the item that stayed open; an answer that broke off leaves it incomplete. Thinking that said nothing is no item. */
export const closeItem = (output: Output, status: "completed" | "incomplete" = "completed"): Step => {
  const { item } = output
  if (item === undefined) return [output, none]
  if (item.type !== "call" && !item.isAnnounced) return [{ ...output, item: undefined }, none]
  const [whole, events] = item.type === "call" ? endOf(item, status) : [itemOf(item, status), none]
  const done: Out = { type: "response.output_item.done", output_index: item.type === "call" ? item.block.output : item.output, item: whole }
  return [{ ...output, item: undefined, done: [...output.done, whole] }, [...events, done]]
}

const isTaken = (output: Output, id: string): boolean => output.done.some((item) => item["id"] === id)

const freshId = (output: Output, prefix: string, start: BlockStartEvent, context: AnswerContext): string => {
  const stated = start.item?.id
  const made = `${context.id}_${output.next}`
  return idOf(prefix, stated !== undefined && isTaken(output, stated) ? undefined : stated, made)
}

const added = (output: number, item: JsonObject): Out => ({ type: "response.output_item.added", output_index: output, item })

/** The message or thinking a block belongs to: the open one where it fits, else a new one. */
const joined = (output: Output, type: OpenItem["type"], start: BlockStartEvent, context: AnswerContext): readonly [Output, OpenItem, ReadonlyArray<Out>] => {
  const stated = start.item?.id
  const { item } = output
  // Thoughts without an item are items of their own; texts without one are parts of one message.
  if (item !== undefined && item.type === type && item.stated === stated && (type === "message" || stated !== undefined)) return [output, item, none]
  const [closed, ended] = closeItem(output)
  const opened: OpenItem = {
    type,
    id: freshId(closed, type === "message" ? "msg" : "rs", start, context),
    stated,
    phase: start.item?.phase,
    output: closed.next,
    content: [],
    summary: [],
    encrypted: undefined,
    isAnnounced: false
  }
  return [{ ...closed, item: opened }, opened, ended]
}

/** Announces the open item, where that is still to be done. */
const announceItem = (output: Output): Step => {
  const { item } = output
  if (item === undefined || item.type === "call" || item.isAnnounced) return [output, none]
  return [{ ...output, item: { ...item, isAnnounced: true }, next: item.output + 1 }, [added(item.output, itemOf(item, "in_progress"))]]
}

const announce = (output: Output, block: OpenBlock): readonly [Output, OpenBlock, ReadonlyArray<Out>] => {
  if (block.isAnnounced) return [output, block, none]
  const [known, events] = announceItem(output)
  const type = isSummary(block) ? "response.reasoning_summary_part.added" : "response.content_part.added"
  const announced = { ...block, isAnnounced: true }
  return [{ ...known, block: announced }, announced, [...events, { type, ...placeOf(block), part: partOf(block) }]]
}

/** A block that is part of a message or of thinking. */
const beginPart = (output: Output, start: BlockStartEvent, context: AnswerContext): Step => {
  const [opened, item, events] = joined(output, start.kind === "reasoning" ? "reasoning" : "message", start, context)
  const part = start.kind === "reasoning" && start.form === "summary" ? item.summary.length : item.content.length
  const block = blockOf(start, item.id, item.output, part)
  const known = { ...opened, block, refusal: opened.refusal || start.kind === "refusal" }
  // Sealed thinking has no words: its part is announced with the first of them.
  if (start.kind === "reasoning") return [known, events]
  const [next, , announcement] = announce(known, block)
  return [next, [...events, ...announcement]]
}

/** A block that is an item of its own. */
const beginItem = (output: Output, start: BlockStartEvent, context: AnswerContext): Step => {
  const [closed, ended] = closeItem(output)
  const native = start.native?.value
  const id = native === undefined ? freshId(closed, prefixOf(start), start, context) : isObject(native) && typeof native["id"] === "string" ? native["id"] : ""
  const block = { ...blockOf(start, id, closed.next, 0), isAnnounced: true }
  const item = isObject(native) ? native : openingOf(start, id)
  return [{ ...closed, block, next: closed.next + 1, calls: closed.calls || start.call !== undefined }, [...ended, added(block.output, item)]]
}

const isContent = ({ native }: BlockStartEvent): boolean => native?.name.startsWith("content.") === true

/**
 * Thinking of another protocol where the client will read it: who asked for a summary reads no other place, and to other protocols
 * it makes no difference.
 */
const whereRead = (start: BlockStartEvent, { request, sink }: AnswerContext): BlockStartEvent => {
  if (start.form === "summary" || start.item?.type === "reasoning" || request.reasoning?.visibility !== "summary") return start
  const canonical = Pointer.child("/choices/0/parts", start.index, "form")
  sink.add({ at: canonical, canonical, reason: "approximated", weight: "hint", before: "raw", after: "summary" })
  return { ...start, form: "summary" }
}

const begin = (output: Output, start: BlockStartEvent, context: AnswerContext): Step => {
  switch (start.kind) {
    case "text":
    case "refusal":
      return beginPart(output, start, context)
    case "reasoning":
      return beginPart(output, whereRead(start, context), context)
    case "tool-call":
      return beginItem(output, start, context)
    case "media":
      // Whether it is a picture is known with its first piece.
      return [{ ...output, block: blockOf(start, "", 0, 0) }, none]
    default:
      if (start.native?.dialect !== Wire.id || !isObject(start.native.value)) {
        lose(context, start.index)
        return [output, none]
      }
      return isContent(start) ? beginPart(output, start, context) : beginItem(output, start, context)
  }
}

const say = (output: Output, block: OpenBlock, type: string, place: JsonObject, text: string): Step => {
  const [next, announced, events] = announce(output, block)
  const extra = type === "response.output_text.delta" ? { logprobs: [] } : {}
  const delta: Out = { type, ...place, delta: text, ...extra }
  return [{ ...next, block: { ...announced, text: announced.text + text } }, events.length === 0 ? [delta] : [...events, delta]]
}

const serverDelta = (block: OpenBlock): string | undefined => {
  switch (block.start.native?.name) {
    case "mcp_call":
      return "response.mcp_call_arguments.delta"
    case "code_interpreter_call":
      return "response.code_interpreter_call_code.delta"
    default:
      return undefined
  }
}

const sayText = (output: Output, block: OpenBlock, text: string): Step => {
  if (text === "") return [output, none]
  switch (block.start.kind) {
    case "text":
      return say(output, block, "response.output_text.delta", placeOf(block), text)
    case "refusal":
      return say(output, block, "response.refusal.delta", placeOf(block), text)
    case "reasoning":
      return say(output, block, isSummary(block) ? "response.reasoning_summary_text.delta" : "response.reasoning_text.delta", placeOf(block), text)
    case "tool-call":
      return say(output, block, argumentsDelta(block.start), ofItem(block), text)
    default: {
      const type = serverDelta(block)
      return type === undefined ? [output, none] : say(output, block, type, ofItem(block), text)
    }
  }
}

/** A piece of a picture; sound and films have no place. */
const sayMedia = (output: Output, block: OpenBlock, event: Extract<CanonicalEvent, { readonly type: "media-delta" }>, context: AnswerContext): Step => {
  const mime = event.mime ?? block.mime
  if (!isPicture(mime)) return [output, none]
  const [begun, events]: Step = block.isAnnounced ? [output, none] : beginItem({ ...output, block: undefined }, block.start, context)
  const open = begun.block
  if (open === undefined) return [begun, events]
  const data = event.data ?? ""
  const isPartial = event.partialIndex !== undefined
  const known = { ...begun, block: { ...open, mime, data: isPartial ? data : open.data + data } }
  if (!isPartial) return [known, events]
  const partial: Out = {
    type: "response.image_generation_call.partial_image",
    ...ofItem(open),
    partial_image_index: event.partialIndex ?? 0,
    partial_image_b64: data,
    output_format: format(mime)
  }
  return [known, [...events, partial]]
}

type Annotated = Extract<CanonicalEvent, { readonly type: "annotation" }>

/** Something said about a text while it is open. */
const annotate = (output: Output, block: OpenBlock, { annotation }: Annotated): Step | undefined => {
  if (block.start.kind !== "text") return undefined
  if (annotation.kind === "logprobs" && annotation.of === "text") {
    const logprobs = Annotations.encodeLogprobs(annotation.tokens)
    const known = { ...output, block: { ...block, logprobs: [...block.logprobs, ...logprobs] } }
    return [known, [{ type: "response.output_text.delta", ...placeOf(block), delta: "", logprobs }]]
  }
  const citation = Annotations.encode(annotation)
  if (citation === undefined) return undefined
  const known = { ...output, block: { ...block, citations: [...block.citations, citation] } }
  return [known, [{
    type: "response.output_text.annotation.added",
    ...placeOf(block),
    annotation_index: block.citations.length,
    annotation: citation
  }]]
}

const endPart = (output: Output, block: OpenBlock): Step => {
  const { item } = output
  if (item === undefined || item.type === "call" || !block.isAnnounced) return [{ ...output, block: undefined }, none]
  const part = partOf(block)
  const at = placeOf(block)
  const summary = isSummary(block)
  const whole: ReadonlyArray<Out> = block.start.kind === "text"
    ? [{ type: "response.output_text.done", ...at, text: block.text, logprobs: block.logprobs }]
    : block.start.kind === "refusal"
    ? [{ type: "response.refusal.done", ...at, refusal: block.text }]
    : block.start.kind === "reasoning"
    ? [{ type: summary ? "response.reasoning_summary_text.done" : "response.reasoning_text.done", ...at, text: block.text }]
    : none
  const grown: OpenItem = summary ? { ...item, summary: [...item.summary, part] } : { ...item, content: [...item.content, part] }
  const done: Out = { type: summary ? "response.reasoning_summary_part.done" : "response.content_part.done", ...at, part }
  return [{ ...output, block: undefined, item: grown }, [...whole, done]]
}

const endItem = (output: Output, block: OpenBlock, final: Part | undefined): Step => {
  const item = wholeItem(block, final)
  const done: Out = { type: "response.output_item.done", output_index: block.output, item }
  return [{ ...output, block: undefined, done: [...output.done, item] }, [done]]
}

const endBlock = (output: Output, block: OpenBlock, final: Part | undefined, context: AnswerContext): Step => {
  if (block.start.kind === "media" && !block.isAnnounced) {
    const picture = final?.type === "image" && final.source.type === "base64" ? final.source : undefined
    if (picture === undefined) {
      lose(context, block.start.index)
      return [{ ...output, block: undefined }, none]
    }
    const [begun, events] = sayMedia(output, block, { type: "media-delta", choice: 0, index: block.start.index, mime: picture.mime ?? "image/png" }, context)
    const [ended, more] = begun.block === undefined ? [begun, none] as const : endItem(begun, begun.block, final)
    return [ended, [...events, ...more]]
  }
  if (block.start.call !== undefined) return [{ ...output, block: undefined, item: { type: "call", block, final } }, none]
  const [said, words] = sayText(output, block, lastWords(block, final))
  const open = said.block ?? block
  const [ended, events] = isPartKind(block.start) ? endPart(said, open) : endItem(said, open, final)
  return [ended, [...words, ...events]]
}

/** Lets waiting blocks speak, one after the other, until one of them is still open. */
const promote = (output: Output, said: ReadonlyArray<Out>, context: AnswerContext): Step => {
  const [first] = output.waiting
  if (output.block !== undefined || first === undefined) return [output, said]
  const waiting = new Map(output.waiting)
  waiting.delete(first[0])
  let current: Output = { ...output, waiting }
  const all = [...said]
  for (const event of first[1]) {
    const [next, more] = write(current, event, context)
    current = next
    all.push(...more)
  }
  return promote(current, all, context)
}

const seal = (output: Output, event: Extract<CanonicalEvent, { readonly type: "encrypted" }>, context: AnswerContext): Step => {
  if (event.encrypted.by === Wire.id && output.block?.start.kind === "reasoning") {
    const [known, events] = announceItem(output)
    if (known.item?.type === "reasoning") return [{ ...known, item: { ...known.item, encrypted: event.encrypted.value } }, events]
  }
  lose(context, event.index, "encrypted")
  return [output, none]
}

const write = (output: Output, event: CanonicalEvent, context: AnswerContext): Step => {
  if (event.type === "block-start") return begin(output, event, context)
  const { block } = output
  if (block === undefined || !("index" in event) || event.index !== block.start.index) return [output, none]
  switch (event.type) {
    case "text-delta":
    case "reasoning-delta":
    case "tool-arguments-delta":
      return sayText(output, block, event.text)
    case "media-delta":
      return sayMedia(output, block, event, context)
    case "encrypted":
      return seal(output, event, context)
    case "signature":
      lose(context, event.index, "signature")
      return [output, none]
    case "annotation": {
      const said = annotate(output, block, event)
      if (said === undefined) lose(context, block.start.index, "annotations")
      return said ?? [output, none]
    }
    case "block-end": {
      const [ended, events] = endBlock(output, block, event.final, context)
      return promote(ended, events, context)
    }
    default:
      return [output, none]
  }
}

/** One event of a block, or an annotation. What a block says while another is open waits for its turn. */
export const step = (output: Output, event: CanonicalEvent, context: AnswerContext): Step => {
  if (!("index" in event) || event.index === undefined) {
    const said = event.type === "annotation" && event.choice === 0 && output.block !== undefined ? annotate(output, output.block, event) : undefined
    if (said === undefined) context.sink.add({ at: "/choices/0/annotations", canonical: "/choices/0/annotations", reason: "dropped", weight: "hint" })
    return said ?? [output, none]
  }
  const queue = output.waiting.get(event.index)
  if (queue !== undefined) return [{ ...output, waiting: new Map(output.waiting).set(event.index, [...queue, event]) }, none]
  if (event.type === "block-start" && output.block !== undefined) return [{ ...output, waiting: new Map(output.waiting).set(event.index, [event]) }, none]
  if (event.type === "annotation" && output.block?.start.index !== event.index) {
    lose(context, event.index, "annotations")
    return [output, none]
  }
  return write(output, event, context)
}

/** The commonest step: words or arguments into the block that is open. */
export interface Grown {
  readonly output: Output
  readonly type: string
  /** The keys behind the event's number, as JSON. */
  readonly keys: string
}

/** The step of an event that only continues the open block, written without its value; `undefined` where an event is anything else. */
export const grown = (output: Output, event: CanonicalEvent): Grown | undefined => {
  const { block } = output
  if (event.type !== "text-delta" && event.type !== "tool-arguments-delta") return undefined
  if (block === undefined || block.start.index !== event.index || event.choice !== 0 || event.text === "" || !block.isAnnounced) return undefined
  const next = { ...output, block: { ...block, text: block.text + event.text } }
  const place = `"item_id":${JSON.stringify(block.id)},"output_index":${block.output}`
  const delta = `"delta":${JSON.stringify(event.text)}`
  if (block.start.kind === "text") {
    return { output: next, type: "response.output_text.delta", keys: `${place},"content_index":${block.part},${delta},"logprobs":[]` }
  }
  return block.start.kind === "tool-call" ? { output: next, type: argumentsDelta(block.start), keys: `${place},${delta}` } : undefined
}

/** An item that broke off; the provider's own stay as they were announced, because each kind has words of its own for that. */
const brokenItem = (block: OpenBlock): JsonObject => {
  const item = wholeItem(block, undefined)
  if (block.start.native !== undefined) return item
  return { ...item, status: block.start.call === undefined ? "failed" : "incomplete" }
}

/** The items so far, the open one as far as it has come. */
export const soFar = (output: Output): ReadonlyArray<JsonObject> => {
  const { block } = output
  const isItem = block !== undefined && block.isAnnounced && !isPartKind(block.start)
  const [ended] = block === undefined || isItem ? [output] : endPart(output, block)
  const [closed] = closeItem(ended, ended.item?.type === "call" ? "completed" : "incomplete")
  return [...closed.done, ...(isItem ? [brokenItem(block)] : [])]
}

/** The wire value of an item or event with the output index it has now. */
export const at = (value: JsonObject, output: number): JsonObject => {
  const stated: Json | undefined = value["output_index"]
  return stated === output || stated === undefined ? value : { ...value, output_index: output }
}
