/**
 * Frames to chunks: a pure machine. A frame that came as a chunk of this dialect and was not edited leaves as it came; an edited
 * one keeps all but the edit; any other is written afresh: role first, one choice per chunk, usage only where it was asked for.
 */
import { type CanonicalEvent, type Frame, isDropped, isUntouched } from "@sluice/protocol/CanonicalEvent"
import { isEmpty } from "@sluice/protocol/CanonicalUsage"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import { clientMessage, type Failure, statusOf } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { sink as lossSink } from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { freshStyle, inOrder, styleOf, toChunkChoice, toDelta } from "./Choices.ts"
import * as Draft from "./Draft.ts"
import * as Errors from "./Errors.ts"
import { rebase } from "./Rebase.ts"
import * as Usage from "./Usage.ts"
import { id } from "./Wire.ts"

/** A stream under way. */
export interface State {
  readonly context: AnswerContext
  readonly known: Draft.State
  /** What every chunk begins with, made once the answer's head is known. */
  readonly head: string
  /** What every chunk but the last ends with. */
  readonly tail: string
  /** The latest usage left inside a chunk that the provider sent, so that no chunk of ours repeats it. */
  readonly hasToldUsage: boolean
  readonly ended: boolean
}

type Step = readonly [State, ReadonlyArray<WireEvent>]

const hasUsage = (context: AnswerContext): boolean => context.request.streamOptions?.includeUsage === true

const headOf = (context: AnswerContext, known: Draft.State): string => {
  const envelope = {
    id: known.id ?? `chatcmpl-${context.id}`,
    object: "chat.completion.chunk",
    created: known.created ?? context.created,
    model: known.model ?? context.request.model
  }
  return JSON.stringify(envelope).slice(0, -1)
}

/** Before the first frame. */
export const initial = (context: AnswerContext): State => ({
  context,
  known: Draft.initial,
  head: headOf(context, Draft.initial),
  tail: hasUsage(context) ? `],"usage":null}` : "]}",
  hasToldUsage: false,
  ended: false
})

const doneEvent: WireEvent = { data: "[DONE]" }

const chunk = (state: State, choices: string): WireEvent => ({ data: `${state.head},"choices":[${choices}${state.tail}` })

const usageChunk = (state: State): ReadonlyArray<WireEvent> => {
  const { usage } = state.known
  if (!hasUsage(state.context) || usage === undefined || isEmpty(usage) || state.hasToldUsage) return []
  Usage.lose(usage, state.context.sink)
  return [{ data: `${state.head},"choices":[],"usage":${JSON.stringify(Usage.encode(usage))}}` }]
}

/** The protocol's own terminal error: no finish, no `[DONE]`. */
const errorEvent = (failure: Failure, context: AnswerContext): WireEvent => ({
  data: JSON.stringify(Errors.encode(failure, { status: statusOf(failure), requestId: context.id, message: clientMessage(failure) }))
})

const learn = (state: State, known: Draft.State): State => {
  if (known === state.known) return state
  const isSameHead = known.id === state.known.id && known.model === state.known.model && known.created === state.known.created
  return { ...state, known, head: isSameHead ? state.head : headOf(state.context, known) }
}

/** Learns from events and drafts them; without a draft the wire says them already. `isOwn`: they leave in the provider's own chunk. */
const track = (state: State, events: ReadonlyArray<CanonicalEvent>, draft: Draft.Draft | undefined, isOwn: boolean): State => {
  let { known, ended, hasToldUsage } = state
  for (const event of events) {
    known = Draft.add(known, event, draft)
    if (event.type === "usage") hasToldUsage = isOwn
    if (event.type === "error" || event.type === "end") ended = true
  }
  const next = learn(state, known)
  return ended === next.ended && hasToldUsage === next.hasToldUsage ? next : { ...next, ended, hasToldUsage }
}

const choiceChunks = (state: State, draft: Draft.Draft): ReadonlyArray<WireEvent> =>
  inOrder(draft).flatMap(([index, choice]): ReadonlyArray<WireEvent> => {
    const { finish, ...unfinished } = choice
    const content = toChunkChoice(unfinished, index, freshStyle)
    const isSilent = Object.keys(toDelta(unfinished, freshStyle)).length === 0 && content["logprobs"] === null
    const last = { index, delta: {}, logprobs: null, finish_reason: toChunkChoice(choice, index, freshStyle)["finish_reason"] ?? null }
    return [
      ...(isSilent ? [] : [chunk(state, JSON.stringify(content))]),
      ...(finish === undefined ? [] : [chunk(state, JSON.stringify(last))])
    ]
  })

/** The delta of the commonest frames, written without a draft: more of an open text, of thinking, or of a call's arguments. */
const plainDelta = (event: CanonicalEvent, state: State): string | undefined => {
  if (event.type !== "text-delta" && event.type !== "tool-arguments-delta" && event.type !== "reasoning-delta") return undefined
  const block = state.known.choices.get(event.choice)?.blocks.get(event.index)
  if (block === undefined || block.isWaiting) return undefined
  if (block.kind === "text") return `"content":${JSON.stringify(event.text)}`
  if (block.kind === "reasoning") return `"reasoning_content":${JSON.stringify(event.text)}`
  if (block.kind !== "tool-call") return undefined
  const inner = block.isCustom ? `"custom":{"input":` : `"function":{"arguments":`
  return `"tool_calls":[{"index":${block.call},${inner}${JSON.stringify(event.text)}}}]`
}

/** The chunk of a single event that only continues a block. */
const plainChunk = (state: State, events: ReadonlyArray<CanonicalEvent>): WireEvent | undefined => {
  const [event] = events
  if (event === undefined || events.length !== 1) return undefined
  const delta = plainDelta(event, state)
  return delta === undefined || !("choice" in event)
    ? undefined
    : chunk(state, `{"index":${event.choice},"delta":{${delta}},"logprobs":null,"finish_reason":null}`)
}

const fresh = (state: State, events: ReadonlyArray<CanonicalEvent>): Step => {
  const plain = plainChunk(state, events)
  if (plain !== undefined) return [track(state, events, undefined, false), [plain]]
  const draft = Draft.draft(state.context.sink)
  const next = track(state, events, draft, false)
  const chunks = choiceChunks(next, draft)
  const terminal = events.at(-1)
  if (terminal?.type === "error") return [next, [...chunks, errorEvent(terminal.failure, next.context)]]
  return [next, terminal?.type === "end" ? [...chunks, ...usageChunk(next), doneEvent] : chunks]
}

const startKeys = (events: ReadonlyArray<CanonicalEvent>): JsonObject => {
  const start = events.find((event) => event.type === "start")
  return start === undefined ? {} : present({ id: start.id, model: start.model, created: start.created })
}

const usageKeys = (events: ReadonlyArray<CanonicalEvent>): JsonObject => {
  const usage = events.findLast((event) => event.type === "usage")
  return usage === undefined ? {} : { usage: Usage.encode(usage.usage) }
}

/** What the events of one frame say on top of a chunk. */
export const topKeys = (events: ReadonlyArray<CanonicalEvent>): JsonObject => ({ ...startKeys(events), ...usageKeys(events) })

/** One frame's events as choices by index, in the words of the wire's own choices, and what is known after it. */
const choicesOf = (
  state: State,
  events: ReadonlyArray<CanonicalEvent>,
  wire: ReadonlyMap<number, JsonObject>
): readonly [State, ReadonlyMap<number, JsonObject>] => {
  const draft = Draft.draft(lossSink())
  const next = track(state, events, draft, true)
  return [next, new Map(inOrder(draft).map(([index, choice]) => [index, toChunkChoice(choice, index, styleOf(wire.get(index)?.["delta"]))]))]
}

const indexOf = (choice: JsonObject): number => typeof choice["index"] === "number" ? choice["index"] : 0

/** An edited chunk: the chunk it came as, with the edit. */
const edited = (
  state: State,
  frame: Frame,
  wireEvents: ReadonlyArray<CanonicalEvent>,
  value: JsonObject,
  listed: ReadonlyArray<Json>,
  name: string | undefined
): Step => {
  const wires = new Map(listed.filter(isObject).map((choice) => [indexOf(choice), choice]))
  const [, before] = choicesOf(state, wireEvents, wires)
  const [next, after] = choicesOf(state, frame.events, wires)
  const kept = listed.map((choice): Json => {
    if (!isObject(choice)) return choice
    return rebase(choice, before.get(indexOf(choice)) ?? {}, after.get(indexOf(choice)) ?? emptied(before.get(indexOf(choice))))
  })
  const added = [...after].flatMap(([index, choice]) => wires.has(index) ? [] : [choice])
  const body = rebase({ ...value, choices: [...kept, ...added] }, topKeys(wireEvents), topKeys(frame.events))
  return [next, [{ ...present({ name }), data: JSON.stringify(body) }]]
}

/** A choice whose every word was taken away keeps its place. */
const emptied = (before: JsonObject | undefined): JsonObject =>
  before === undefined ? {} : { index: before["index"] ?? 0, delta: {}, logprobs: null, finish_reason: null }

/** The provider's own chunk, which names the model, with the name that is to be shown. */
const shown = (value: Json, model: string | undefined): Json =>
  model === undefined || !isObject(value) || value["model"] === undefined ? value : { ...value, model }

/** Takes in one frame. */
export const step = (state: State, frame: Frame): Step => {
  if (state.ended || isDropped(frame)) return [state, []]
  const wire = frame.wire?.dialect === id ? frame.wire : undefined
  if (wire === undefined) return fresh(state, frame.events)
  const name = present({ name: wire.name })
  const own = shown(wire.value, state.context.shownModel)
  if (isUntouched(frame)) {
    const data = typeof own === "string" ? own : JSON.stringify(own)
    return [track(state, frame.events, undefined, true), [{ ...name, data }]]
  }
  const choices = isObject(own) ? own["choices"] : undefined
  const isTerminal = frame.events.some((event) => event.type === "error" || event.type === "end")
  return isObject(own) && Array.isArray(choices) && !isTerminal
    ? edited(state, frame, wire.events, own, choices, wire.name)
    : fresh(state, frame.events)
}

/** Nothing is pending at the end: every legal sequence ends with a terminal event. */
export const end = (): ReadonlyArray<WireEvent> => []
