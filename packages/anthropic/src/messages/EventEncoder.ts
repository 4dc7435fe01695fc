/**
 * Frames to wire events. A frame that came in this dialect and was not edited goes out as it is; everything else is written
 * anew: message_start first and once, blocks one after the other, and one message_delta at the end, so that counts which
 * arrive late are still in it.
 */
import { type CanonicalEvent, type Frame, isDropped, isUntouched } from "@sluice/protocol/CanonicalEvent"
import type { Finish as CanonicalFinish } from "@sluice/protocol/CanonicalFinish"
import { merge, none, type Usage as CanonicalUsage } from "@sluice/protocol/CanonicalUsage"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import { patched } from "@sluice/protocol/Fields"
import { clientMessage, statusOf } from "@sluice/protocol/GatewayError"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import * as Answers from "./Answers.ts"
import * as BlockEncoder from "./BlockEncoder.ts"
import type { Place } from "./Crossing.ts"
import { drop, inside } from "./Crossing.ts"
import * as Errors from "./Errors.ts"
import * as Finish from "./Finish.ts"
import * as Usage from "./Usage.ts"
import * as Whole from "./Whole.ts"
import * as Wire from "./Wire.ts"

/** A stream being encoded. */
export interface State {
  readonly context: AnswerContext
  readonly place: Place
  readonly phase: "before" | "open" | "ended"
  readonly blocks: BlockEncoder.Blocks
  readonly usage: CanonicalUsage
  readonly finish: CanonicalFinish | undefined
  /** A message_delta that was edited, to be written over at the end, and the counts that were known with it. */
  readonly delta: { readonly value: JsonObject & MessageDelta; readonly usage: CanonicalUsage } | undefined
  /** The message_delta went out as it came. */
  readonly isTold: boolean
}

type MessageDelta = typeof Wire.MessageDelta.Type

const isMessageDelta = Schema.is(Wire.MessageDelta)

type Step = readonly [State, ReadonlyArray<WireEvent>]

const nothing: ReadonlyArray<WireEvent> = []

/** Before the first frame. */
export const initial = (context: AnswerContext): State => ({
  context,
  place: Answers.placeOf(context),
  phase: "before",
  blocks: BlockEncoder.initial,
  usage: none,
  finish: undefined,
  delta: undefined,
  isTold: false
})

const wired = (value: JsonObject & { readonly type: string }): WireEvent => ({ name: value.type, data: JSON.stringify(value) })

/** A new wire value over the one its frame came with, when both are of one kind: keys that are unknown here stay. */
const overOrigin = (value: BlockEncoder.Out, origin: JsonObject | undefined): BlockEncoder.Out => {
  if (origin?.["type"] !== value.type) return value
  const merged: { [key: string]: Json } = { ...origin, ...value }
  for (const key of ["delta", "content_block"]) {
    const before = origin[key]
    const after = value[key]
    if (!isObject(before) || !isObject(after)) continue
    if (before["type"] !== after["type"]) continue
    merged[key] = { ...before, ...after, ...(before["input"] === undefined ? {} : { input: before["input"] }) }
  }
  return { ...merged, type: value.type }
}

const messageStart = (state: State, event: Extract<CanonicalEvent, { readonly type: "start" }>, origin: JsonObject | undefined): WireEvent => {
  const id = event.id ?? `msg_${state.context.id}`
  const model = event.model ?? state.context.request.model
  const before = origin?.["type"] === "message_start" ? origin["message"] : undefined
  if (origin !== undefined && isObject(before)) return wired({ ...origin, type: "message_start", message: patched(before, { id, model }) })
  const usage = Usage.encodeStart(state.usage)
  const message = {
    id,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    usage,
    container: null
  }
  return wired({ type: "message_start", message })
}

/** The one message_delta, over the one that came with the answer where there was one. */
const messageDelta = (state: State): WireEvent => {
  if (state.delta === undefined) {
    const delta = { ...Finish.encode(state.finish, state.context.sink), container: null }
    return wired({ type: "message_delta", delta, usage: Usage.encodeDelta(state.usage, state.context.sink) })
  }
  const { value: origin, usage } = state.delta
  return wired({
    ...origin,
    type: "message_delta",
    delta: patched(
      Wire.asObject(origin.delta),
      Finish.over(state.finish, { ...origin.delta, stop_details: origin.delta.stop_details ?? null }, state.context.sink)
    ),
    usage: Usage.over(state.usage, Wire.asObject(origin.usage), usage)
  })
}

/** Opens the message where nothing did. */
const opened = (state: State): Step =>
  state.phase === "before" ? [{ ...state, phase: "open" }, [messageStart(state, { type: "start" }, undefined)]] : [state, nothing]

const fail = (state: State, event: Extract<CanonicalEvent, { readonly type: "error" }>): Step => {
  const { failure } = event
  const error = Errors.errorOf(failure, statusOf(failure), clientMessage(failure))
  return [{ ...state, phase: "ended" }, [wired({ type: "error", error, request_id: state.context.id })]]
}

/** One event written anew; `origin` is the wire value of its frame, for the first event that is of its kind. */
const fresh = (state: State, event: CanonicalEvent, origin: JsonObject | undefined): Step => {
  switch (event.type) {
    case "start":
      return state.phase === "before"
        ? [{ ...state, phase: "open" }, [messageStart(state, event, origin)]]
        : [state, nothing]
    case "usage":
      return [{ ...state, usage: merge(state.usage, event.usage) }, nothing]
    case "finish":
      if (event.choice === 0) return [{ ...state, finish: event }, nothing]
      drop(inside(state.place, undefined, "choices", event.choice), undefined, "meaning")
      return [state, nothing]
    case "ping":
      return state.phase === "before" ? [state, nothing] : [state, [wired({ type: "ping" })]]
    case "foreign":
      if (event.dialect === Wire.id && isObject(event.value)) return [state, [{ name: event.name, data: JSON.stringify(event.value) }]]
      drop(inside(state.place, undefined, "foreignEvents"), event.name, "hint")
      return [state, nothing]
    case "error":
      return fail(state, event)
    case "end": {
      const [open, start] = opened(state)
      const delta = open.isTold ? nothing : [messageDelta(open)]
      return [{ ...open, phase: "ended" }, [...start, ...delta, wired({ type: "message_stop" })]]
    }
    default:
      return block(state, event, origin)
  }
}

const block = (state: State, event: BlockEncoder.BlockEvent, origin: JsonObject | undefined): Step => {
  if (event.choice !== undefined && event.choice !== 0) return [state, nothing]
  const [blocks, out] = BlockEncoder.step(state.blocks, event, state.place)
  if (out.length === 0) return blocks === state.blocks ? [state, nothing] : [{ ...state, blocks }, nothing]
  const [open, start] = opened(state)
  const events = out.map((value) => wired(overOrigin(value, origin)))
  return [blocks === state.blocks && open === state ? state : { ...open, blocks }, start.length === 0 ? events : [...start, ...events]]
}

/** Keeps an edited message_delta for the end. */
const remembered = (state: State, origin: JsonObject | undefined): State => {
  if (origin === undefined || !isMessageDelta(origin)) return state
  return { ...state, delta: { value: origin, usage: merge(state.usage, Usage.decode(origin.usage, state.usage)) } }
}

/** The event of a frame that only continues a block: the commonest, written without its value. */
const plain = (state: State, [event, ...more]: ReadonlyArray<CanonicalEvent>): WireEvent | undefined => {
  if (event === undefined || more.length > 0 || state.phase !== "open" || !("choice" in event) || event.choice !== 0) return undefined
  const data = BlockEncoder.plainDelta(state.blocks, event)
  return data === undefined ? undefined : { name: "content_block_delta", data }
}

const freshAll = (state: State, events: ReadonlyArray<CanonicalEvent>, origin: JsonObject | undefined): Step => {
  const continued = origin === undefined ? plain(state, events) : undefined
  if (continued !== undefined) return [state, [continued]]
  let current = remembered(state, origin)
  const out: Array<WireEvent> = []
  let ground = origin
  for (const event of events) {
    if (current.phase === "ended") break
    const [next, said] = fresh(current, event, ground)
    current = next
    out.push(...said)
    if (said.length > 0) ground = undefined
  }
  return [current, out]
}

const asIs = (frame: Frame, value: JsonObject): WireEvent => {
  const name = frame.wire?.name
  return name === undefined ? { data: JSON.stringify(value) } : { name, data: JSON.stringify(value) }
}

const withIndex = (value: JsonObject, index: number): JsonObject => value["index"] === index ? value : { ...value, index }

/** Follows the blocks that a frame opens and closes, and finds the index its wire value must have now. */
const follow = (blocks: BlockEncoder.Blocks, events: ReadonlyArray<CanonicalEvent>, value: JsonObject): readonly [BlockEncoder.Blocks, number | undefined] => {
  let current = blocks
  let index: number | undefined
  for (const event of events) {
    if (event.type === "block-start") {
      const stated = value["index"]
      index = current.isShifted || typeof stated !== "number" ? current.next : stated
      const open = new Map(current.open).set(event.index, { start: event, wire: index, isOwn: true, hasContent: true, input: "" })
      current = { ...current, open, next: Math.max(current.next, index + 1) }
    } else if ("index" in event && event.index !== undefined) {
      index = current.open.get(event.index)?.wire ?? index
      if (event.type === "block-end") {
        const open = new Map(current.open)
        open.delete(event.index)
        current = { ...current, open }
      }
    }
  }
  return [current, index]
}

/** Whether the blocks that are open or wait all came in this dialect, so that its frames may go out between them. */
const isPure = (blocks: BlockEncoder.Blocks): boolean =>
  blocks.waiting.size === 0 && (blocks.open.size === 0 || [...blocks.open.values()].every((open) => open.isOwn))

const ownBlock = (state: State, frame: Frame, value: JsonObject): Step => {
  if (!isPure(state.blocks)) return freshAll(state, frame.events, value)
  const [blocks, index] = follow(state.blocks, frame.events, value)
  const isOrphan = index === undefined && frame.events.length > 0
  if (isOrphan) return [state, nothing]
  const next = blocks === state.blocks && state.phase === "open" ? state : { ...state, phase: "open" as const, blocks }
  return [next, [asIs(frame, index === undefined ? value : withIndex(value, index))]]
}

const stated = (state: State, events: ReadonlyArray<CanonicalEvent>): State => {
  let current = state
  for (const event of events) {
    if (event.type === "usage") current = { ...current, usage: merge(current.usage, event.usage) }
    if (event.type === "finish") current = { ...current, finish: event }
  }
  return current
}

/** A frame of this dialect that nobody edited. */
const untouched = (state: State, frame: Frame, value: JsonObject): Step => {
  switch (value["type"]) {
    case "content_block_delta":
    case "content_block_start":
    case "content_block_stop":
      return ownBlock(state, frame, value)
    case "message_start":
      return [{ ...stated(state, frame.events), phase: "open" }, [asIs(frame, value)]]
    case "message_delta": {
      if (!isPure(state.blocks)) return freshAll(state, frame.events, value)
      const [blocks] = follow(state.blocks, frame.events, value)
      const hasFinish = frame.events.some((event) => event.type === "finish")
      return [{ ...stated(state, frame.events), blocks, phase: "open", isTold: state.isTold || hasFinish }, [asIs(frame, value)]]
    }
    case "message_stop": {
      const known = stated(state, frame.events)
      const isWhole = known.isTold || frame.events.some((event) => event.type === "finish")
      return [{ ...known, phase: "ended" }, isWhole ? [asIs(frame, value)] : [messageDelta(known), asIs(frame, value)]]
    }
    case "message":
      return state.phase === "before"
        ? [{ ...state, phase: "ended" }, Whole.unfold(value).map((event) => wired({ type: "", ...event }))]
        : freshAll(state, frame.events, undefined)
    default:
      if (frame.events.some((event) => event.type === "error")) return [{ ...state, phase: "ended" }, [asIs(frame, value)]]
      return [state, [asIs(frame, value)]]
  }
}

const startsBlock = (event: CanonicalEvent): boolean => event.type === "block-start"

/** Indexes are counted anew once an announced block is missing. */
const shifted = (state: State, frame: Frame): State => {
  const isMissing = frame.wire?.events.some(startsBlock) === true && !frame.events.some(startsBlock)
  return isMissing && !state.blocks.isShifted ? { ...state, blocks: { ...state.blocks, isShifted: true } } : state
}

/** One frame. After the terminal nothing more is written. */
export const step = (state: State, frame: Frame): Step => {
  if (state.phase === "ended") return [state, nothing]
  const { wire } = frame
  const value = wire !== undefined && wire.dialect === Wire.id && isObject(wire.value) ? wire.value : undefined
  if (value === undefined) return freshAll(state, frame.events, undefined)
  if (isDropped(frame)) return [shifted(state, frame), nothing]
  return isUntouched(frame) ? untouched(state, frame, value) : freshAll(shifted(state, frame), frame.events, value)
}

/** The input is over. The terminal event was the last word. */
export const end = (): ReadonlyArray<WireEvent> => nothing
