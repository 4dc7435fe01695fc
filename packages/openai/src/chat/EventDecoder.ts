/**
 * Chunks of a stream to frames: a pure machine. It repairs what compatible providers do, holds back the frame that finishes a
 * choice until it is certain that nothing more comes, and ends with exactly one terminal event. A text delta into an open
 * block changes nothing in the state.
 */
import { type CanonicalEvent, type Frame, frame, type FrameWire, usageEvent } from "@sluice/protocol/CanonicalEvent"
import { later } from "@sluice/protocol/CanonicalFinish"
import type { Ending } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { parse } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Annotations from "./Annotations.ts"
import { addChoice, type Choice, finishChoice, nonEmpty, startOf, unseen, usageOf } from "./ChoiceDecoder.ts"
import { isBlank } from "./Delta.ts"
import * as Errors from "./Errors.ts"
import * as Finish from "./Finish.ts"
import * as Usage from "./Usage.ts"
import { check, id } from "./Wire.ts"
import { Chunk, type ChunkChoice } from "./WireAnswer.ts"

interface Held {
  readonly wire: Origin
  readonly events: ReadonlyArray<CanonicalEvent>
  /** The choices this frame finishes. */
  readonly choices: ReadonlyArray<number>
}

/** A stream under way. */
export interface State {
  readonly phase: "before" | "open" | "ended"
  /** The first id a chunk stated. */
  readonly answer: string | undefined
  readonly choices: ReadonlyMap<number, Choice>
  readonly held: Held | undefined
  /** Sources were told once; providers repeat them in every chunk. */
  readonly hasSources: boolean
}

type Step = readonly [State, ReadonlyArray<Frame>]

/** Before the first event. */
export const initial = (): State => ({ phase: "before", answer: undefined, choices: new Map(), held: undefined, hasSources: false })

type Origin = Omit<FrameWire, "events">

const originOf = (name: string | undefined, value: Json): Origin => name === undefined ? { dialect: id, value } : { dialect: id, name, value }

/** Written out, because it is made for every event of a stream. */
const toFrame = ({ name, value }: Origin, events: ReadonlyArray<CanonicalEvent>): Frame => ({
  events,
  wire: name === undefined ? { dialect: id, value, events } : { dialect: id, name, value, events }
})

/** Lets the held frame go, with the finishes it stated. */
const release = (state: State): Step => {
  const { held } = state
  if (held === undefined) return [state, []]
  const events = [...held.events]
  const choices = new Map(state.choices)
  for (const index of held.choices) {
    const choice = choices.get(index)
    if (choice?.stated !== undefined && !choice.finished) choices.set(index, finishChoice(choice, index, choice.stated, events, state.answer))
  }
  return [{ ...state, choices, held: undefined }, [toFrame(held.wire, events)]]
}

/** Lets the held frame go as if it had not finished anything, because more of its choice follows. */
const reopen = (state: State): Step => state.held === undefined ? [state, []] : [{ ...state, held: undefined }, [toFrame(state.held.wire, state.held.events)]]

const indexOf = (wire: ChunkChoice): number => wire.index ?? 0

/** Whether a chunk says more of a choice that is about to finish. */
const continues = (held: Held, chunk: Chunk): boolean =>
  chunk.choices.some((choice) =>
    held.choices.includes(indexOf(choice)) && ((isObject(choice.delta) && !isBlank(choice.delta)) || typeof choice.finish_reason === "string")
  )

const failed = (state: State, failure: Failure, wire?: Origin, before: ReadonlyArray<CanonicalEvent> = []): Step => {
  const [, frames] = reopen(state)
  const events: ReadonlyArray<CanonicalEvent> = [...before, { type: "error", failure }]
  return [{ ...state, held: undefined, phase: "ended" }, [...frames, wire === undefined ? { events } : toFrame(wire, events)]]
}

const violation = (message: string): Failure => ({ class: "protocol-violation", message })

const addChunk = (previous: State, chunk: Chunk, wire: Origin, value: JsonObject): Step => {
  const [state, released] = previous.held === undefined
    ? [previous, [] as ReadonlyArray<Frame>]
    : continues(previous.held, chunk)
    ? reopen(previous)
    : release(previous)
  const events: Array<CanonicalEvent> = []
  let { phase, choices, hasSources } = state
  const answer = state.answer ?? nonEmpty(value["id"])
  if (phase === "before" && (chunk.choices.length > 0 || nonEmpty(value["id"]) !== undefined)) {
    events.push(startOf(value))
    phase = "open"
  }
  const finishing: Array<number> = []
  for (const wireChoice of chunk.choices) {
    const index = indexOf(wireChoice)
    const before = choices.get(index) ?? unseen
    if (before.finished) {
      if (!isObject(wireChoice.delta) || isBlank(wireChoice.delta)) continue
      return failed(state, violation(`The provider sent content of choice ${index} after it had finished.`))
    }
    let after = addChoice(before, wireChoice, index, events)
    const finish = Finish.decode(wireChoice)
    if (finish !== undefined) {
      finishing.push(index)
      after = { ...after, stated: later(after.stated, finish) }
    }
    if (after !== before || !choices.has(index)) choices = new Map(choices).set(index, after)
  }
  if (phase === "open" && !hasSources) {
    for (const annotation of Annotations.decodeSources(value)) {
      hasSources = true
      events.push({ type: "annotation", annotation })
    }
  }
  const usage = Usage.decode(usageOf(value))
  if (usage !== undefined) events.push(usageEvent(usage, Usage.tier(value)))
  const held = finishing.length === 0 ? undefined : { wire, events, choices: finishing }
  const isSame = phase === state.phase && answer === state.answer && choices === state.choices && held === state.held && hasSources === state.hasSources
  return [isSame ? state : { phase, answer, choices, held, hasSources }, held === undefined ? [...released, toFrame(wire, events)] : released]
}

/** The stream's own terminal. A choice without a finish is told as missing; a stream without any choice is empty. */
const done = (previous: State, wire: Origin): Step => {
  const [state, released] = release(previous)
  if (state.choices.size === 0) {
    const [ended, frames] = failed(state, { class: "empty", message: "The provider ended its stream without an answer." })
    return [ended, [...released, ...frames]]
  }
  const events: Array<CanonicalEvent> = []
  for (const [index, choice] of state.choices) if (!choice.finished) finishChoice(choice, index, choice.stated ?? { reason: "missing" }, events, state.answer)
  events.push({ type: "end" })
  return [{ ...state, phase: "ended" }, [...released, toFrame(wire, events)]]
}

const checked = check(Chunk)

const hasError = (value: JsonObject): boolean => value["error"] !== undefined && value["error"] !== null && value["error"] !== false

const brace = 123

/** Takes in one event. */
export const step = (state: State, event: WireEvent): Step => {
  if (state.phase === "ended") return [state, []]
  const { data, name } = event
  if (data.charCodeAt(0) !== brace) {
    const word = data.trim()
    if (word === "[DONE]") return done(state, originOf(name, data))
    if (word === "") return [state, [toFrame(originOf(name, data), [])]]
  }
  const parsed = parse(data)
  if (Result.isFailure(parsed)) return failed(state, violation(`The provider sent an event that is not JSON: ${parsed.failure.message}`))
  const value = parsed.success
  const wire = originOf(name, value)
  if (!isObject(value)) {
    return name === "error"
      ? failed(state, Errors.fromValue(value), wire)
      : failed(state, violation("The provider sent an event that is no JSON object."))
  }
  if (hasError(value) || name === "error") {
    const usage = Usage.decode(usageOf(value))
    return failed(state, Errors.fromValue(value), wire, usage === undefined ? [] : [usageEvent(usage, Usage.tier(value))])
  }
  if (!Array.isArray(value["choices"]) && value["object"] !== "chat.completion.chunk") {
    const foreign = nonEmpty(value["object"]) ?? nonEmpty(value["type"]) ?? "event"
    const [next, released] = release(state)
    return [next, [...released, toFrame(wire, [{ type: "foreign", dialect: id, name: foreign, value }])]]
  }
  const chunk = checked(Array.isArray(value["choices"]) ? value : { ...value, choices: [] })
  return Result.isFailure(chunk)
    ? failed(state, violation(`The provider sent a chunk of the wrong form: ${chunk.failure.message}`))
    : addChunk(state, chunk.success, wire, value)
}

/** The stream is over without its own terminal. */
export const end = (previous: State, how: Ending): ReadonlyArray<Frame> => {
  if (previous.phase === "ended") return []
  const [state, released] = release(previous)
  const events: Array<CanonicalEvent> = []
  for (const [index, choice] of state.choices) {
    if (choice.finished) continue
    if (choice.stated === undefined) {
      return [...released, frame({ type: "error", failure: { class: "cut", message: `The provider's stream ended (${how}) before its answer was complete.` } })]
    }
    finishChoice(choice, index, choice.stated, events, state.answer)
  }
  return state.choices.size === 0
    ? [...released, frame({ type: "error", failure: { class: "empty", message: `The provider's stream ended (${how}) without an answer.` } })]
    : [...released, frame(...events, { type: "end" })]
}
