/**
 * Frames to chunks: a pure machine. A frame that came as a chunk of this dialect and was not edited leaves as it came; an edited one
 * keeps all but the edit; any other is written afresh, finishes and usage in one last chunk, because usage may still come behind a
 * finish and nothing may follow it.
 */
import type { Annotation } from "@sluice/protocol/CanonicalAnnotation"
import { type CanonicalEvent, type Frame, isDropped, isUntouched } from "@sluice/protocol/CanonicalEvent"
import type { Finish } from "@sluice/protocol/CanonicalFinish"
import { isEmpty } from "@sluice/protocol/CanonicalUsage"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import { clientMessage, type Failure, statusOf } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Annotations from "./Annotations.ts"
import * as Draft from "./Draft.ts"
import * as Edited from "./Edited.ts"
import * as Errors from "./Errors.ts"
import * as Usage from "./Usage.ts"
import { id } from "./Wire.ts"

/** What the last chunk will say of a candidate. */
interface Pending {
  readonly finish: Finish | undefined
  readonly annotations: ReadonlyArray<Draft.Placed>
}

/** A stream under way. */
export interface State {
  readonly context: AnswerContext
  readonly known: Draft.State
  /** What every chunk ends with, made once the answer's head is known. */
  readonly tail: string
  readonly pending: ReadonlyMap<number, Pending>
  /** What is said about the answer as a whole, for the last chunk. */
  readonly annotations: ReadonlyArray<Annotation>
  /** The latest usage left inside a chunk that the provider sent. */
  readonly hasToldUsage: boolean
  readonly ended: boolean
}

type Step = readonly [State, ReadonlyArray<WireEvent>]

const tailOf = (context: AnswerContext, known: Draft.State): string =>
  JSON.stringify({ modelVersion: known.model ?? context.request.model, responseId: Draft.idOf(known, context) }).slice(1)

/** Before the first frame. */
export const initial = (context: AnswerContext): State => ({
  context,
  known: Draft.initial,
  tail: tailOf(context, Draft.initial),
  pending: new Map(),
  annotations: [],
  hasToldUsage: false,
  ended: false
})

const chunk = (state: State, candidates: string, more = ""): WireEvent => ({ data: `{"candidates":${candidates},${more}${state.tail}` })

/** The protocol's own terminal error: no finish. */
const errorEvent = (failure: Failure, context: AnswerContext): WireEvent => ({
  data: JSON.stringify(Errors.encode(failure, { status: statusOf(failure), requestId: context.id, message: clientMessage(failure) }))
})

const learn = (state: State, known: Draft.State): State => {
  if (known === state.known) return state
  const isSameHead = known.id === state.known.id && known.model === state.known.model
  return { ...state, known, tail: isSameHead ? state.tail : tailOf(state.context, known) }
}

/** Learns from events and drafts them; without a draft the wire says them already. */
const track = (state: State, events: ReadonlyArray<CanonicalEvent>, draft: Draft.Draft | undefined): State => {
  let { ended, hasToldUsage, known } = state
  for (const event of events) {
    known = Draft.add(known, event, draft)
    if (event.type === "usage") hasToldUsage = draft === undefined
    if (event.type === "error" || event.type === "end") ended = true
  }
  const next = learn(state, known)
  return ended === next.ended && hasToldUsage === next.hasToldUsage ? next : { ...next, ended, hasToldUsage }
}

/** Keeps finishes and what is said about candidates for the last chunk. */
const postponed = (state: State, draft: Draft.Draft): State => {
  const said = [...draft.choices].filter(([, { annotations, finish }]) => finish !== undefined || annotations.length > 0)
  const annotations = draft.annotations.length === 0 ? state.annotations : [...state.annotations, ...draft.annotations]
  if (said.length === 0) return annotations === state.annotations ? state : { ...state, annotations }
  const pending = new Map(state.pending)
  for (const [index, { annotations: more, finish }] of said) {
    const before = pending.get(index)
    pending.set(index, { finish: finish ?? before?.finish, annotations: [...(before?.annotations ?? []), ...more] })
  }
  return { ...state, pending, annotations }
}

const nothing: ReadonlyArray<JsonObject> = [{ text: "" }]

/** The last chunk: ends, usage, and what is said beside the content; none where the provider's own chunks said it all. */
const lastChunk = (state: State): ReadonlyArray<WireEvent> => {
  const { usage } = state.known
  const counts = usage === undefined || isEmpty(usage) || state.hasToldUsage ? undefined : usage
  const ends = [...state.pending].toSorted(([left], [right]) => left - right)
  if (ends.length === 0 && counts === undefined) return []
  const candidates = ends.map(([index, { annotations, finish }]) =>
    Draft.toCandidate(index, nothing, { ...Draft.endOf(finish), ...Draft.annotationKeys(annotations) })
  )
  if (counts !== undefined) Usage.lose(counts, state.context.sink)
  const more = JSON.stringify({
    ...Annotations.encode(state.annotations),
    ...present({ usageMetadata: counts === undefined ? undefined : Usage.encode(counts) })
  }).slice(1, -1)
  return [chunk(state, JSON.stringify(candidates), more === "" ? "" : `${more},`)]
}

const contentChunk = (state: State, draft: Draft.Draft): ReadonlyArray<WireEvent> => {
  const candidates = Draft.inOrder(draft).flatMap(([index, { parts }]) => parts.length === 0 ? [] : [Draft.toCandidate(index, parts, {})])
  return candidates.length === 0 ? [] : [chunk(state, JSON.stringify(candidates))]
}

/** The chunk of a single event that only continues a block: the commonest, written without a draft. */
const plainChunk = (state: State, events: ReadonlyArray<CanonicalEvent>): WireEvent | undefined => {
  const [event] = events
  if (event === undefined || events.length !== 1 || !("choice" in event)) return undefined
  const part = Draft.plainPart(state.known, event)
  return part === undefined ? undefined : chunk(state, `[{"content":{"parts":[${part}],"role":"model"},"index":${event.choice}}]`)
}

const fresh = (state: State, events: ReadonlyArray<CanonicalEvent>): Step => {
  const plain = plainChunk(state, events)
  if (plain !== undefined) return [state, [plain]]
  const draft = Draft.draft(state.context.sink)
  const next = postponed(track(state, events, draft), draft)
  const chunks = contentChunk(next, draft)
  const terminal = events.at(-1)
  if (terminal?.type === "error") return [next, [...chunks, errorEvent(terminal.failure, next.context)]]
  return [next, terminal?.type === "end" ? [...chunks, ...lastChunk(next)] : chunks]
}

const textOf = (value: Json): string => typeof value === "string" ? value : JSON.stringify(value)

/** The provider's own chunk, which names the model, with the name that is to be shown. */
const shown = (value: Json, model: string | undefined): Json =>
  model === undefined || !isObject(value) || value["modelVersion"] === undefined ? value : { ...value, modelVersion: model }

/** Takes in one frame. */
export const step = (state: State, frame: Frame): Step => {
  if (state.ended || isDropped(frame)) return [state, []]
  const wire = frame.wire?.dialect === id ? frame.wire : undefined
  if (wire === undefined) return fresh(state, frame.events)
  const name = present({ name: wire.name })
  const own = shown(wire.value, state.context.shownModel)
  if (isUntouched(frame)) return [track(state, frame.events, undefined), [{ ...name, data: textOf(own) }]]
  const isTerminal = frame.events.some((event) => event.type === "error" || event.type === "end")
  if (isTerminal || !isObject(own)) return fresh(state, frame.events)
  const [, value] = Edited.over(state.known, own, wire.events, frame.events)
  return [track(state, frame.events, undefined), [{ ...name, data: JSON.stringify(value) }]]
}

/** Nothing is pending at the end: every legal sequence ends with a terminal event. */
export const end = (): ReadonlyArray<WireEvent> => []
