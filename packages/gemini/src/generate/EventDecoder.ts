/**
 * Chunks of a stream to frames: a pure machine. Gemini's stream has no terminal and may say a finish that is not the last, so that
 * the frames from a finish on are held until the stream is over or more of the candidate comes. Text into an open block changes
 * nothing in the state but the counts that the chunk restates.
 */
import { type CanonicalEvent, type Frame, frame, usageEvent } from "@sluice/protocol/CanonicalEvent"
import { later } from "@sluice/protocol/CanonicalFinish"
import { isEmpty, merge, none, type Usage as CanonicalUsage } from "@sluice/protocol/CanonicalUsage"
import type { Ending } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import { parse, present } from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Annotations from "./Annotations.ts"
import { addCandidate, type Choice, finishChoice, isBlank, unseen } from "./ChoiceDecoder.ts"
import * as Errors from "./Errors.ts"
import * as Finish from "./Finish.ts"
import * as Usage from "./Usage.ts"
import * as Wire from "./Wire.ts"

interface Origin {
  readonly name: string | undefined
  readonly value: Json
}

interface Held {
  readonly origin: Origin
  readonly events: ReadonlyArray<CanonicalEvent>
  /** The candidates this frame finishes. */
  readonly choices: ReadonlyArray<number>
}

/** A stream under way. */
export interface State {
  readonly phase: "before" | "open" | "ended"
  readonly choices: ReadonlyMap<number, Choice>
  /** What was stated so far, for restatements that say less. */
  readonly usage: CanonicalUsage
  readonly held: ReadonlyArray<Held>
}

type Step = readonly [State, ReadonlyArray<Frame>]

const noFrames: ReadonlyArray<Frame> = []
const noneHeld: ReadonlyArray<Held> = []

/** Before the first event. */
export const initial = (): State => ({ phase: "before", choices: new Map(), usage: none, held: noneHeld })

const toFrame = ({ name, value }: Origin, events: ReadonlyArray<CanonicalEvent>): Frame => ({
  events,
  wire: name === undefined ? { dialect: Wire.id, value, events } : { dialect: Wire.id, name, value, events }
})

/** Lets the held frames go, with the finishes they stated but for the candidates that go on. */
const release = (state: State, goingOn: ReadonlySet<number>): Step => {
  if (state.held.length === 0) return [state, noFrames]
  const choices = new Map(state.choices)
  const frames = state.held.map(({ choices: finishing, events, origin }) => {
    const all = [...events]
    for (const index of finishing) {
      const choice = choices.get(index)
      if (choice?.stated !== undefined && !choice.finished && !goingOn.has(index)) choices.set(index, finishChoice(choice, index, choice.stated, all))
    }
    return toFrame(origin, all.length === events.length ? events : all)
  })
  return [{ ...state, choices, held: noneHeld }, frames]
}

const nobody: ReadonlySet<number> = new Set()

const failed = (state: State, failure: Failure, origin?: Origin): Step => {
  const frames = state.held.map((held) => toFrame(held.origin, held.events))
  const events: ReadonlyArray<CanonicalEvent> = [{ type: "error", failure }]
  return [{ ...state, held: noneHeld, phase: "ended" }, [...frames, origin === undefined ? { events } : toFrame(origin, events)]]
}

const violation = (message: string): Failure => ({ class: "protocol-violation", message })

const seconds = (time: string | null | undefined): number | undefined => {
  const at = Date.parse(time ?? "")
  return Number.isFinite(at) ? Math.floor(at / 1000) : undefined
}

/** The event that begins an answer. */
export const startOf = (answer: Wire.Answer): CanonicalEvent => ({
  type: "start",
  ...present({ id: answer.responseId || undefined, model: answer.modelVersion || undefined, created: seconds(answer.createTime) })
})

interface Numbered {
  readonly index: number
  readonly wire: Wire.Candidate
}

/** The candidates with their indexes; protobuf's JSON leaves the index 0 out. */
export const candidatesOf = (answer: Wire.Answer): ReadonlyArray<Numbered> =>
  (answer.candidates ?? []).map((wire, place) => ({ index: wire.index ?? place, wire }))

/** Before a chunk is taken in: held frames stay, or go because something more comes. */
const prepared = (state: State, candidates: ReadonlyArray<Numbered>): Step => {
  if (state.held.length === 0) return [state, noFrames]
  const speaking = candidates.filter(({ wire }) => !isBlank(wire)).map(({ index }) => index)
  return speaking.length === 0 ? [state, noFrames] : release(state, new Set(speaking))
}

const addAnswer = (previous: State, answer: Wire.Answer, origin: Origin): Step => {
  const candidates = candidatesOf(answer)
  const [state, released] = prepared(previous, candidates)
  const events: Array<CanonicalEvent> = []
  if (state.phase === "before") events.push(startOf(answer))
  let { choices } = state
  const finishing: Array<number> = []
  for (const { index, wire } of candidates) {
    const before = choices.get(index) ?? unseen
    if (before.finished) {
      if (isBlank(wire)) continue
      const [ended, frames] = failed(state, violation(`The provider sent content of candidate ${index} after it had finished.`))
      return [ended, [...released, ...frames]]
    }
    let after = addCandidate(before, wire, index, events)
    const finish = Finish.decode(wire)
    if (finish !== undefined) {
      finishing.push(index)
      after = { ...after, stated: later(after.stated, finish) }
    }
    if (after !== before || !choices.has(index)) choices = new Map(choices).set(index, after)
  }
  for (const annotation of Annotations.aboutPrompt(answer.promptFeedback?.safetyRatings)) events.push({ type: "annotation", annotation })
  const blocked = Finish.ofPrompt(answer)
  const first = choices.get(0)
  if (blocked !== undefined && finishing.length === 0 && first?.stated === undefined && first?.finished !== true) {
    finishing.push(0)
    choices = new Map(choices).set(0, { ...(first ?? unseen), stated: blocked })
  }
  const usage = Usage.decode(answer.usageMetadata, state.usage)
  if (!isEmpty(usage)) events.push(usageEvent(usage, Usage.tier(answer.usageMetadata)))
  const next: State = { phase: "open", choices, usage: isEmpty(usage) ? state.usage : merge(state.usage, usage), held: state.held }
  if (finishing.length === 0 && state.held.length === 0) return [next, [...released, toFrame(origin, events)]]
  return [{ ...next, held: [...state.held, { origin, events, choices: finishing }] }, released]
}

/** The end of the stream: every candidate has told its finish, or the stream was cut. */
const over = (previous: State, cut: Failure, origin?: Origin): Step => {
  const [state, released] = release(previous, nobody)
  const ended: State = { ...state, phase: "ended" }
  const failure = state.choices.size === 0
    ? { class: "empty" as const, message: "The provider ended its stream without an answer." }
    : [...state.choices.values()].every((choice) => choice.finished)
    ? undefined
    : cut
  const events: ReadonlyArray<CanonicalEvent> = [failure === undefined ? { type: "end" } : { type: "error", failure }]
  return [ended, [...released, origin === undefined ? frame(...events) : toFrame(origin, events)]]
}

const checked = Wire.check(Wire.Answer)

/** Chunks that a provider sent as lines of one event, without the blank lines between them. */
const linesOf = (data: string): ReadonlyArray<string> => {
  const lines = data.includes("\n") ? data.split("\n").filter((line) => line.trim() !== "") : []
  return lines.every((line) => Result.isSuccess(parse(line))) ? lines : []
}

const stepLines = (before: State, name: string | undefined, lines: ReadonlyArray<string>): Step => {
  let state = before
  const frames: Array<Frame> = []
  for (const data of lines) {
    const [next, said] = step(state, { ...present({ name }), data })
    state = next
    frames.push(...said)
  }
  return [state, frames]
}

/** Takes in one event. */
export const step = (state: State, { data, name }: WireEvent): Step => {
  if (state.phase === "ended") return [state, noFrames]
  const word = data.length > 16 ? data : data.trim()
  if (word === "") return [state, [toFrame({ name, value: data }, [])]]
  // Some gateways end with OpenAI's terminal.
  if (word === "[DONE]") return over(state, { class: "cut", message: "The provider ended its answer without a finish reason." }, { name, value: data })
  const parsed = parse(data)
  if (Result.isFailure(parsed)) {
    const lines = linesOf(data)
    return lines.length > 0
      ? stepLines(state, name, lines)
      : failed(state, violation(`The provider sent an event that is not JSON: ${parsed.failure.message}`))
  }
  const origin = { name, value: parsed.success }
  if (Errors.isError(parsed.success)) return failed(state, Errors.fromValue(parsed.success, 0), origin)
  if (!isObject(parsed.success)) return failed(state, violation("The provider sent an event that is no JSON object."))
  const answer = checked(parsed.success)
  return Result.isFailure(answer)
    ? failed(state, violation(`The provider sent a chunk of the wrong form: ${answer.failure.message}`))
    : addAnswer(state, answer.success, origin)
}

/** The bytes are over, which is how Gemini ends a stream. */
export const end = (state: State, how: Ending): ReadonlyArray<Frame> => {
  if (state.phase === "ended") return noFrames
  const [, frames] = over(state, { class: "cut", message: `The provider's stream ended (${how}) before its answer was complete.` })
  return frames
}
