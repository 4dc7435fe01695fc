/**
 * Wire events to frames. Repairs what providers of this protocol do: a second message_start, blocks that are not closed or
 * closed twice, content after the message_delta, missing starts and stops. A message_delta is held until the message ends,
 * because only then it is known that its stop reason is the last.
 */
import { type CanonicalEvent, type Frame, usageEvent } from "@sluice/protocol/CanonicalEvent"
import { type Finish as CanonicalFinish, later } from "@sluice/protocol/CanonicalFinish"
import { isEmpty, merge, none, type Usage as CanonicalUsage } from "@sluice/protocol/CanonicalUsage"
import type { Ending } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { parse, present } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Blocks from "./Blocks.ts"
import * as Citations from "./Citations.ts"
import * as Errors from "./Errors.ts"
import * as Finish from "./Finish.ts"
import * as Usage from "./Usage.ts"
import * as Wire from "./Wire.ts"

/** A wire event whose frame waits: its events but for the finish. */
interface Held {
  readonly event: WireEvent
  readonly value: Json
  readonly events: ReadonlyArray<CanonicalEvent>
}

/** A stream being decoded. */
export interface State {
  readonly phase: "before" | "open" | "ended"
  /** The id of the answer, once it is known. */
  readonly answer: string | undefined
  /** Open blocks by the index the wire gave them. */
  readonly blocks: ReadonlyMap<number, Blocks.OpenBlock>
  readonly started: number
  /** What was stated so far, for restatements that say less. */
  readonly usage: CanonicalUsage
  /** The stop reason that stands, once there is one. */
  readonly finish: CanonicalFinish | undefined
  readonly held: ReadonlyArray<Held>
}

type Step = readonly [State, ReadonlyArray<Frame>]

/** Blocks a provider may have open at once; more is an attack or a fault. */
const maxOpenBlocks = 256

const nothing: ReadonlyArray<CanonicalEvent> = []
const noFrames: ReadonlyArray<Frame> = []

/** Before the first event. */
export const initial = (): State => ({ phase: "before", answer: undefined, blocks: new Map(), started: 0, usage: none, finish: undefined, held: [] })

const frameOf = (event: WireEvent, value: Json, events: ReadonlyArray<CanonicalEvent>): Frame => ({
  events,
  wire: event.name === undefined ? { dialect: Wire.id, value, events } : { dialect: Wire.id, name: event.name, value, events }
})

const isMessageStart = Schema.is(Wire.MessageStart)
const isBlockStart = Schema.is(Wire.BlockStart)
const isMessageDelta = Schema.is(Wire.MessageDelta)

/** Content that comes before any message_start gets a start of its own. */
const opening = (state: State): ReadonlyArray<CanonicalEvent> => state.phase === "before" ? [{ type: "start" }] : nothing

const finishOf = (finish: CanonicalFinish): CanonicalEvent => ({ type: "finish", choice: 0, ...finish })

/** Lets the held frames go: the last of them says the finish where the message is over, none does where content goes on. */
const release = (state: State, isOver: boolean): ReadonlyArray<Frame> => {
  if (state.held.length === 0) return noFrames
  const last = state.held.findLastIndex((held) => isObject(held.value) && held.value["type"] === "message_delta")
  return state.held.map(({ event, events, value }, index) =>
    frameOf(event, value, isOver && index === last && state.finish !== undefined ? [...events, finishOf(state.finish)] : events)
  )
}

const failed = (state: State, event: WireEvent, value: Json, failure: Failure): Step => [
  { ...state, phase: "ended", held: [], blocks: new Map() },
  [...release(state, state.finish !== undefined), frameOf(event, value, [{ type: "error", failure }])]
]

const violated = (state: State, event: WireEvent, value: Json, message: string): Step => failed(state, event, value, { class: "protocol-violation", message })

/** A frame that says something beside the content; behind a held message_delta it waits too. */
const beside = (state: State, event: WireEvent, value: Json, events: ReadonlyArray<CanonicalEvent>): Step =>
  state.held.length === 0 ? [state, [frameOf(event, value, events)]] : [{ ...state, held: [...state.held, { event, value, events }] }, noFrames]

/** A frame of content: a held message_delta was not the end after all. */
const content = (before: State, state: State, event: WireEvent, value: Json, events: ReadonlyArray<CanonicalEvent>): Step =>
  before.held.length === 0
    ? [state, [frameOf(event, value, events)]]
    : [{ ...state, held: [] }, [...release(before, false), frameOf(event, value, events)]]

const startMessage = (state: State, event: WireEvent, value: JsonObject): Step => {
  if (!isMessageStart(value)) return violated(state, event, value, "A message_start without a message.")
  const { message } = value
  const input = Usage.decodeStart(message.usage, state.usage)
  const usage: ReadonlyArray<CanonicalEvent> = isEmpty(input) ? nothing : [usageEvent(input, message.usage?.service_tier)]
  const known = { ...state, answer: state.answer ?? (message.id || undefined), usage: merge(state.usage, input) }
  if (state.phase === "open") return beside(known, event, value, usage)
  const start: CanonicalEvent = { type: "start", ...present({ id: message.id || undefined, model: message.model || undefined }) }
  return content(state, { ...known, phase: "open" }, event, value, [start, ...usage])
}

const without = (blocks: State["blocks"], wireIndex: number): State["blocks"] => {
  const rest = new Map(blocks)
  rest.delete(wireIndex)
  return rest
}

const startBlock = (state: State, event: WireEvent, value: JsonObject): Step => {
  if (!isBlockStart(value)) return violated(state, event, value, "A content_block_start without an index or a block.")
  if (state.blocks.size >= maxOpenBlocks) return violated(state, event, value, `More than ${maxOpenBlocks} blocks are open at once.`)
  const unclosed = state.blocks.get(value.index)
  const [opened, events] = Blocks.open(Wire.asObject(value.content_block), state.started, state.answer)
  const next: State = { ...state, phase: "open", started: state.started + 1, blocks: new Map(state.blocks).set(value.index, opened) }
  return content(state, next, event, value, [...opening(state), ...(unclosed === undefined ? nothing : Blocks.close(unclosed)), ...events])
}

const stopBlock = (state: State, event: WireEvent, value: JsonObject): Step => {
  const index = value["index"]
  const block = typeof index === "number" ? state.blocks.get(index) : undefined
  if (block === undefined || typeof index !== "number") return beside(state, event, value, nothing)
  return content(state, { ...state, blocks: without(state.blocks, index) }, event, value, Blocks.close(block))
}

/** The block a delta without a start begins by itself. */
const implied = (type: string): JsonObject | undefined => {
  switch (type) {
    case "text_delta":
      return { type: "text", text: "" }
    case "thinking_delta":
      return { type: "thinking", thinking: "", signature: "" }
    default:
      return undefined
  }
}

const delta = (state: State, event: WireEvent, value: JsonObject): Step => {
  const index = value["index"]
  const said = value["delta"]
  if (typeof index !== "number" || !isObject(said) || typeof said["type"] !== "string") {
    return violated(state, event, value, "A content_block_delta without an index or a delta.")
  }
  const block = state.blocks.get(index)
  if (block !== undefined) return inBlock(state, event, value, index, block, said)
  const opens = implied(said["type"])
  if (opens === undefined || state.blocks.size >= maxOpenBlocks) {
    return violated(state, event, value, `A ${said["type"]} for the block ${index}, which is not open.`)
  }
  const [opened, events] = Blocks.open(opens, state.started, state.answer)
  const before: State = { ...state, phase: "open", held: [], started: state.started + 1, blocks: new Map(state.blocks).set(index, opened) }
  const [next, frames] = inBlock(before, event, value, index, opened, said)
  const own = frames.flatMap((frame) => frame.events)
  return content(state, next, event, value, [...opening(state), ...events, ...own])
}

const withBlock = (state: State, wireIndex: number, block: Blocks.OpenBlock): State => ({ ...state, blocks: new Map(state.blocks).set(wireIndex, block) })

const text = (value: Json | undefined): string => typeof value === "string" ? value : ""

/** A delta of an open block. A plain delta of text or arguments changes no state. */
const inBlock = (state: State, event: WireEvent, value: JsonObject, wireIndex: number, block: Blocks.OpenBlock, said: JsonObject): Step => {
  const { index, kind } = block
  const one = (canonical: CanonicalEvent, next: State = state): Step => content(state, next, event, value, [canonical])
  const type = text(said["type"])
  switch (type) {
    case "text_delta":
      if (kind === "text") return one({ type: "text-delta", choice: 0, index, text: text(said["text"]) })
      if (kind === "reasoning") return one({ type: "reasoning-delta", choice: 0, index, text: text(said["text"]) })
      break
    case "thinking_delta":
      if (kind === "reasoning") return one({ type: "reasoning-delta", choice: 0, index, text: text(said["thinking"]) })
      break
    case "input_json_delta": {
      const json = text(said["partial_json"])
      const canonical: CanonicalEvent = { type: "tool-arguments-delta", choice: 0, index, text: json }
      if (kind === "tool-call") {
        return one(canonical, block.input === undefined || json === "" ? state : withBlock(state, wireIndex, { ...block, input: undefined }))
      }
      if (kind === "server-tool") return one(canonical, json === "" ? state : withBlock(state, wireIndex, { ...block, json: (block.json ?? "") + json }))
      break
    }
    case "signature_delta":
      if (kind === "reasoning") return one({ type: "signature", choice: 0, index, signature: { by: Wire.id, value: text(said["signature"]) } })
      break
    case "citations_delta":
      if (isObject(said["citation"])) return one({ type: "annotation", choice: 0, index, annotation: Citations.decode(said["citation"]) })
      break
    case "compaction_delta":
      if (kind === "foreign") return one({ type: "text-delta", choice: 0, index, text: text(said["content"]) }, withBlock(state, wireIndex, grow(block, said)))
      break
    default:
      break
  }
  return one({ type: "foreign", dialect: Wire.id, name: type, value })
}

/** A compaction arrives as text that is added to its block, and a sealed copy that replaces the one before. */
const grow = (block: Blocks.OpenBlock, said: JsonObject): Blocks.OpenBlock => {
  const { content: more, type: _, ...others } = said
  const before = block.grown ?? block.opening
  const words = typeof more === "string" ? text(before["content"]) + more : before["content"] ?? null
  return { ...block, grown: { ...before, ...others, content: words } }
}

const closeAll = (state: State): ReadonlyArray<CanonicalEvent> => state.blocks.size === 0 ? nothing : [...state.blocks.values()].flatMap(Blocks.close)

const deltaMessage = (state: State, event: WireEvent, value: JsonObject): Step => {
  if (!isMessageDelta(value)) return violated(state, event, value, "A message_delta without a delta.")
  const usage = Usage.decode(value.usage, state.usage)
  const counts: ReadonlyArray<CanonicalEvent> = Object.keys(usage).length === 0 ? nothing : [usageEvent(usage, value.usage?.service_tier)]
  const stated = Finish.decode({ ...value.delta, stop_details: value.delta.stop_details ?? null })
  const known: State = { ...state, usage: merge(state.usage, usage) }
  if (stated.reason === "missing") return beside(known, event, value, counts)
  const finish = later(state.finish, stated)
  const events = [...opening(state), ...closeAll(state), ...counts]
  return [{ ...known, phase: "open", blocks: new Map(), finish, held: [...state.held, { event, value, events }] }, noFrames]
}

/** The events of the end: whatever is still open is closed, and a message that said no reason ends with `missing`. */
const ending = (state: State): ReadonlyArray<CanonicalEvent> => {
  const isSaid = state.held.length > 0
  return [...opening(state), ...closeAll(state), ...(isSaid ? nothing : [finishOf(state.finish ?? { reason: "missing" })]), { type: "end" }]
}

const stopMessage = (state: State, event: WireEvent, value: Json): Step => [
  { ...state, phase: "ended", held: [], blocks: new Map() },
  [...release(state, true), frameOf(event, value, ending(state))]
]

const dispatch = (state: State, event: WireEvent, value: JsonObject): Step => {
  switch (value["type"]) {
    case "content_block_delta":
      return delta(state, event, value)
    case "content_block_start":
      return startBlock(state, event, value)
    case "content_block_stop":
      return stopBlock(state, event, value)
    case "message_start":
      return startMessage(state, event, value)
    case "message_delta":
      return deltaMessage(state, event, value)
    case "message_stop":
      return stopMessage(state, event, value)
    case "ping":
      return beside(state, event, value, [{ type: "ping" }])
    default:
      if (Errors.isError(value)) return failed(state, event, value, Errors.fromValue(value, 0))
      return beside(state, event, value, [{ type: "foreign", dialect: Wire.id, name: text(value["type"]) || (event.name ?? ""), value }])
  }
}

/** One wire event. After the terminal nothing more is emitted. */
export const step = (state: State, event: WireEvent): Step => {
  if (state.phase === "ended" || event.data === "") return [state, noFrames]
  const parsed = parse(event.data)
  if (Result.isSuccess(parsed)) {
    return isObject(parsed.success)
      ? dispatch(state, event, parsed.success)
      : violated(state, event, parsed.success, "An event whose data is no JSON object.")
  }
  if (event.data.trim() === "") return [state, noFrames]
  // Some providers of this protocol end with OpenAI's terminal.
  if (event.data.trim() === "[DONE]") return stopMessage(state, event, event.data)
  return violated(state, event, event.data, `An event whose data is no JSON: ${parsed.failure.message}`)
}

/** The input is over. A message that said its stop reason is whole without its message_stop. */
export const end = (state: State, how: Ending): ReadonlyArray<Frame> => {
  if (state.phase === "ended") return noFrames
  if (state.finish !== undefined) return [...release(state, true), { events: ending(state) }]
  const failure: Failure = state.phase === "before"
    ? { class: "empty", message: "The provider sent no answer." }
    : { class: "cut", message: how === "reset" ? "The connection to the provider broke inside the answer." : "The answer ended without a stop reason." }
  return [...release(state, false), { events: [{ type: "error", failure }] }]
}
