/**
 * Frames to wire events: a pure machine. A frame of this dialect that nobody edited leaves as it came, an edited one keeps all but
 * the edit, and what restates it later follows. Everything else is written afresh: numbered from 0, created and in_progress
 * first, items one after the other, one terminal event with the output that was streamed.
 */
import { type CanonicalEvent, type Frame, isDropped, isUntouched } from "@sluice/protocol/CanonicalEvent"
import type { Finish as CanonicalFinish } from "@sluice/protocol/CanonicalFinish"
import { merge, type Usage as CanonicalUsage } from "@sluice/protocol/CanonicalUsage"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import { same } from "@sluice/protocol/Equality"
import { clientMessage, type Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import type { Out } from "./Draft.ts"
import * as Envelope from "./Envelope.ts"
import * as Errors from "./Errors.ts"
import * as Finish from "./Finish.ts"
import * as Output from "./Output.ts"
import * as Restated from "./Restated.ts"
import * as Usage from "./Usage.ts"
import { id } from "./Wire.ts"

/** A stream under way. */
export interface State {
  readonly context: AnswerContext
  readonly phase: "before" | "open" | "ended"
  readonly head: Envelope.Head
  readonly output: Output.Output
  readonly usage: CanonicalUsage | undefined
  readonly finish: CanonicalFinish | undefined
  /** Number of the next event. */
  readonly number: number
  readonly memory: Restated.Memory
  /** What an edit of the beginning changed, which every later restatement of the head follows. */
  readonly renamed: Envelope.Head
  /** Something of this dialect's own frames was edited, taken away or put in between. */
  readonly isEdited: boolean
  /** Items of ours stand between the provider's. */
  readonly isMixed: boolean
}

type Step = readonly [State, ReadonlyArray<WireEvent>]

const nothing: ReadonlyArray<WireEvent> = []

/** Before the first frame. */
export const initial = (context: AnswerContext): State => ({
  context,
  phase: "before",
  head: {},
  output: Output.initial,
  usage: undefined,
  finish: undefined,
  number: 0,
  memory: Restated.initial,
  renamed: {},
  isEdited: false,
  isMixed: false
})

/** Numbers new events and names them by their type. */
const numbered = (state: State, values: ReadonlyArray<Out>): Step =>
  values.length === 0 ? [state, nothing] : [
    { ...state, number: state.number + values.length },
    values.map((value, index) => {
      const { sequence_number: _, type, ...rest } = value
      return { name: type, data: JSON.stringify({ type, sequence_number: state.number + index, ...rest }) }
    })
  ]

const opened = (state: State, head: Envelope.Head): Step => {
  if (state.phase !== "before") return [state, nothing]
  const response = Envelope.write(state.context, head, { status: "in_progress", output: [] })
  return numbered({ ...state, phase: "open", head }, [{ type: "response.created", response }, { type: "response.in_progress", response }])
}

const failedEvent = (state: State, failure: Failure): Out => {
  const message = clientMessage(failure)
  if (state.phase === "before") return { ...Errors.eventOf(failure, message), type: "error" }
  const error = Errors.errorOf(failure, message)
  if (failure.code !== undefined && failure.code !== error.code) {
    const place = "/failure/code"
    state.context.sink.add({ at: place, canonical: place, reason: "approximated", weight: "hint", before: failure.code, after: error.code })
  }
  const moment = { status: "failed", output: Output.soFar(state.output), usage: state.usage, error }
  return { type: "response.failed", response: Envelope.write(state.context, state.head, moment) }
}

/** The whole answer as far as it has come. */
export const answer = (state: State): JsonObject => {
  const finish = state.finish ?? { reason: "missing" }
  const { calls, done, refusal } = state.output
  const ended = Finish.encode(finish, refusal && !calls)
  const moment = { ...ended, incomplete_details: ended.incomplete_details === null ? null : { ...ended.incomplete_details }, output: done, usage: state.usage }
  return Envelope.write(state.context, state.head, moment)
}

const note = (state: State, event: CanonicalEvent): State => {
  const { sink } = state.context
  if (event.type === "finish" && event.choice !== 0) {
    const at = `/choices/${event.choice}`
    sink.add({ at, canonical: at, reason: "dropped", weight: "meaning" })
    return state
  }
  if (event.type === "finish") {
    if (!Finish.isExact(event, state.output)) {
      sink.add({ at: "/choices/0/finish", canonical: "/choices/0/finish", reason: "approximated", weight: "hint", before: event.reason })
    }
    return { ...state, finish: event }
  }
  return event.type === "usage" ? { ...state, usage: merge(state.usage ?? {}, event.usage) } : state
}

/** The event of a step that only continues a block: the commonest, written without its value. */
const grown = (state: State, { keys, output, type }: Output.Grown): Step => [
  { ...state, output, number: state.number + 1 },
  [{ name: type, data: `{"type":"${type}","sequence_number":${state.number},${keys}}` }]
]

/** Writes one event afresh. */
const fresh = (state: State, event: CanonicalEvent): Step => {
  switch (event.type) {
    case "start":
      return opened(state, present({ id: event.id, model: event.model, created: event.created }))
    case "usage":
      return [note(state, event), nothing]
    case "finish": {
      if (event.choice !== 0) return [note(state, event), nothing]
      const isWhole = Finish.encode(event, state.output.refusal && !state.output.calls).status === "completed"
      const [output, values] = Output.closeItem(state.output, isWhole ? "completed" : "incomplete")
      return numbered(note({ ...state, output }, event), values)
    }
    case "error": {
      const [next, events] = numbered(state, [failedEvent(state, event.failure)])
      return [{ ...next, phase: "ended" }, events]
    }
    case "end": {
      if (state.usage !== undefined) Usage.lose(state.usage, state.context.sink)
      const response = answer(state)
      const [next, events] = numbered(state, [{ type: `response.${response["status"]}`, response }])
      return [{ ...next, phase: "ended" }, events]
    }
    case "ping":
      return [state, nothing]
    case "foreign":
      // Nothing may come before the beginning of an answer.
      if (event.dialect === id && isObject(event.value) && state.phase === "open") return numbered(state, [{ ...event.value, type: event.name }])
      state.context.sink.add({ at: "/foreignEvents", canonical: "/foreignEvents", reason: "dropped", weight: "hint" })
      return [state, nothing]
    default: {
      if ("choice" in event && event.choice !== undefined && event.choice !== 0) return [state, nothing]
      const more = Output.grown(state.output, event)
      if (more !== undefined) return grown(state, more)
      const [output, values] = Output.step(state.output, event, state.context)
      return numbered(output === state.output ? state : { ...state, output }, values)
    }
  }
}

const freshAll = (state: State, events: ReadonlyArray<CanonicalEvent>): Step => {
  const [first] = events
  if (first !== undefined && events.length === 1) return fresh(state, first)
  let current = state
  const written: Array<WireEvent> = []
  for (const event of events) {
    const [next, more] = fresh(current, event)
    current = next
    written.push(...more)
  }
  return [current, written]
}

/** A wire event with the number it has on the way out, which differs from its own once the stream was edited. */
const renumbered = (state: State, value: JsonObject): JsonObject => {
  const stated = value["sequence_number"]
  return state.isEdited && typeof stated === "number" && stated !== state.number ? { ...value, sequence_number: state.number } : value
}

const asIs = (state: State, frame: Frame, value: JsonObject): Step => {
  const numbering = renumbered(state, value)
  const stated = numbering["sequence_number"]
  const number = typeof stated === "number" ? stated + 1 : state.number
  return [number === state.number ? state : { ...state, number }, [{ ...present({ name: frame.wire?.name }), data: JSON.stringify(numbering) }]]
}

const isCall = (value: JsonObject): boolean => value["type"] === "function_call" || value["type"] === "custom_tool_call"

/** The beginning in the provider's own words, and what an edit changed of it. */
const begun = (state: State, { created, id: answer, model }: Extract<CanonicalEvent, { readonly type: "start" }>, frame: Frame): State => {
  const before = frame.wire?.events.find((event) => event.type === "start")
  const renamed = before === undefined ? {} : present({ id: before.id === answer ? undefined : answer, model: before.model === model ? undefined : model })
  return { ...state, phase: "open", head: present({ id: answer, model, created }), renamed }
}

/** Remembers what goes out in the provider's own words, for what may have to be written afresh behind it. */
const learn = (state: State, frame: Frame, value: JsonObject): State => {
  let current = state
  for (const event of frame.events) {
    if (event.type === "start") current = begun(current, event, frame)
    if (event.type === "usage" || event.type === "finish") current = note(current, event)
    if (event.type === "end" || event.type === "error") current = { ...current, phase: "ended" }
  }
  const memory = Restated.remember(current.memory, frame, value)
  const index = value["output_index"]
  if (typeof index !== "number" || memory.outputs.has(index) || memory.taken.has(index)) return memory === current.memory ? current : { ...current, memory }
  const { output } = current
  const outputs = new Map(memory.outputs).set(index, output.next)
  return { ...current, memory: { ...memory, outputs }, output: { ...output, next: output.next + 1 } }
}

/** Remembers an item that was taken away with its announcement. */
const forgotten = (state: State, value: Json | undefined): State => {
  const index = isObject(value) && value["type"] === "response.output_item.added" ? value["output_index"] : undefined
  const memory = typeof index === "number" ? { ...state.memory, taken: new Set([...state.memory.taken, index]) } : state.memory
  return { ...state, isEdited: true, memory }
}

const done = (state: State, value: JsonObject): State => {
  const { item } = value
  if (value["type"] !== "response.output_item.done" || !isObject(item)) return state
  const { output } = state
  return { ...state, output: { ...output, done: [...output.done, item], calls: output.calls || isCall(item) } }
}

/** The words of an edited delta; `undefined` where none are left. */
const deltaOf = (events: ReadonlyArray<CanonicalEvent>): string | undefined => {
  const words = events.flatMap((event) =>
    event.type === "text-delta" || event.type === "reasoning-delta" || event.type === "tool-arguments-delta" ? [event.text] : []
  )
  return words.length === 0 ? undefined : words.join("")
}

const editedItem = (frame: Frame, item: Json | undefined): Json | undefined => {
  const start = frame.events.find((event) => event.type === "block-start")
  if (!isObject(item) || start?.call === undefined) return item
  return { ...item, call_id: start.call.id, name: start.call.name }
}

const editedResponse = (state: State, frame: Frame, response: JsonObject): JsonObject => {
  const before = frame.wire?.events.findLast((event) => event.type === "usage")
  const usage = frame.events.findLast((event) => event.type === "usage")
  const finish = frame.events.find((event) => event.type === "finish")
  const wasFinish = frame.wire?.events.find((event) => event.type === "finish")
  const ended = finish === undefined || same(finish, wasFinish) ? {} : Finish.encode(finish, state.output.refusal && !state.output.calls)
  return {
    ...response,
    ...present({ id: state.renamed.id, model: state.renamed.model }),
    ...(Array.isArray(response["output"]) ? { output: outputOf(state, response["output"]) } : {}),
    ...(usage === undefined || same(usage, before) ? {} : { usage: Usage.encode(usage.usage) }),
    ...ended
  }
}

/** The output as it went out: what the provider restates, or, where something was put in between, the items that ended. */
const outputOf = (state: State, output: ReadonlyArray<Json>): ReadonlyArray<Json> => state.isMixed ? state.output.done : Restated.output(state.memory, output)

/** A frame of this dialect in a stream that was edited. */
const rewritten = (state: State, frame: Frame, value: JsonObject): JsonObject | undefined => {
  const type = String(value["type"])
  const index = value["output_index"]
  const output = typeof index === "number" ? state.memory.outputs.get(index) : undefined
  // What speaks of an item that was taken away goes with it.
  if (typeof index === "number" && state.memory.taken.has(index)) return undefined
  const placed = output === undefined ? value : Output.at(value, output)
  if (isObject(value["response"])) {
    const response = editedResponse(state, frame, value["response"])
    const isEnd = frame.events.some((event) => event.type === "end")
    return { ...placed, ...(isEnd && typeof response["status"] === "string" ? { type: `response.${response["status"]}` } : {}), response }
  }
  if (type.endsWith(".delta") && !isAsItCame(frame) && deltaOf(frame.wire?.events ?? []) !== undefined) {
    const delta = deltaOf(frame.events)
    return delta === undefined ? undefined : { ...placed, delta, ...(Array.isArray(value["logprobs"]) ? { logprobs: [] } : {}) }
  }
  if (type === "response.output_item.added") return { ...placed, item: editedItem(frame, value["item"]) ?? null }
  const restated = Restated.event(state.memory, value)
  return restated === undefined ? undefined : output === undefined ? restated : Output.at(restated, output)
}

/** Whether a frame says what its wire event said, though somebody may have made its events anew. */
const isAsItCame = (frame: Frame): boolean => isUntouched(frame) || same(frame.events, frame.wire?.events)

const own = (before: State, frame: Frame, value: JsonObject): Step => {
  const closing: readonly [Output.Output, ReadonlyArray<Out>] = before.output.block === undefined ? Output.closeItem(before.output) : [before.output, []]
  const [ready, closed] = numbered(closing[0] === before.output ? before : { ...before, output: closing[0] }, closing[1])
  const state = learn(ready, frame, value)
  const isEdited = state.isEdited || !isAsItCame(frame)
  if (!isEdited) {
    const [next, events] = asIs(done(state, value), frame, value)
    return [next, closed.length === 0 ? events : [...closed, ...events]]
  }
  const edited = { ...state, isEdited }
  const written = rewritten(edited, frame, value)
  if (written === undefined) return [edited, closed]
  const [next, events] = asIs(done(edited, written), { ...frame, ...(frame.wire === undefined ? {} : { wire: named(frame.wire, value, written) }) }, written)
  return [next, [...closed, ...events]]
}

/** An event whose type changed is named by it. */
const named = (wire: NonNullable<Frame["wire"]>, value: JsonObject, written: JsonObject): NonNullable<Frame["wire"]> =>
  wire.name !== undefined && typeof written["type"] === "string" && written["type"] !== value["type"] ? { ...wire, name: written["type"] } : wire

/** Whether a wire value is a whole answer and no event. */
export const isBody = (value: JsonObject): boolean => value["type"] === undefined && Array.isArray(value["output"])

/** Takes in one frame. */
export const step = (state: State, frame: Frame): Step => {
  if (state.phase === "ended") return [state, nothing]
  const wire = frame.wire?.dialect === id ? frame.wire : undefined
  if (wire !== undefined && isDropped(frame)) return [forgotten(state, wire.value), nothing]
  if (wire === undefined || !isObject(wire.value) || isBody(wire.value)) {
    const isBetween = state.phase === "open" && frame.events.some((event) => event.type === "block-start")
    return freshAll(isBetween ? { ...state, isEdited: true, isMixed: true } : state, frame.events)
  }
  const startsInside = wire.value["response"] !== undefined && frame.events.some((event) => event.type === "block-start")
  return startsInside && (state.isEdited || !isUntouched(frame)) ? freshAll(state, frame.events) : own(state, frame, wire.value)
}

/** Nothing is pending at the end: every legal sequence ends with a terminal event. */
export const end = (): ReadonlyArray<WireEvent> => nothing
