/**
 * The frame stages of one answer at work: every stage sees what the one before made, hears once how the answer ended, and what it held
 * back goes out before the terminal event. What a stage makes is checked against the grammar, so that a fault is the fault of somebody.
 */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { Failure, GatewayError } from "@sluice/protocol/GatewayError"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Result from "effect/Result"
import type { Installed } from "../Hooks.ts"
import type { AttemptContext, EndReason, FrameStage, Interceptor } from "../Interceptor.ts"
import * as Metrics from "../Metrics.ts"
import * as PartCall from "../PartCall.ts"

/** Why an answer must end: a stage refused it, or one that must not fail did. */
export interface Stopped {
  /** Who: `interceptor:redact`. */
  readonly by: string
  readonly failure: Failure
}

/** The stages of one answer. */
export interface FrameRun {
  /** What is to go on in place of a frame. */
  readonly step: (frame: Frame) => ReadonlyArray<Frame>
  /** Ends the stages that have not ended: what they held back. */
  readonly end: (reason: EndReason) => ReadonlyArray<Frame>
  /** Set when a stage has ended the answer; what `step` gave until then may still go out. */
  readonly stopped: () => Stopped | undefined
}

interface Stage {
  readonly hook: Installed<unknown>
  readonly stage: FrameStage
  grammar: Grammar.State
  hasEnded: boolean
  /** A fault took it out of the answer. */
  isOff: boolean
}

const isTerminal = ({ type }: CanonicalEvent): boolean => type === "end" || type === "error"

const terminalOf = ({ events }: Frame): CanonicalEvent | undefined => events.find(isTerminal)

const errorIn = (frame: Frame): Failure | undefined => {
  for (const event of frame.events) if (event.type === "error") return event.failure
  return undefined
}

/** Frames with others before their terminal event. A frame that holds more than the terminal is cut. */
const inserted = (frames: ReadonlyArray<Frame>, held: ReadonlyArray<Frame>, terminal: CanonicalEvent): ReadonlyArray<Frame> => {
  const at = frames.findIndex((frame) => frame.events.some(isTerminal))
  const last = frames[at]
  // A stage may take everything but the end
  if (last === undefined) return [...frames, ...held, ...(held.some((frame) => frame.events.some(isTerminal)) ? [] : [{ events: [terminal] }])]
  if (held.length === 0) return frames
  const cut = last.events.findIndex(isTerminal)
  const before = cut === 0 ? [] : [{ ...last, events: last.events.slice(0, cut) }]
  return [...frames.slice(0, at), ...before, ...held, { events: last.events.slice(cut) }]
}

/** Starts the stages for one answer; fails where one that must not fail does. `last` is the gateway's own, behind all of them. */
export const start = (
  place: PartCall.Place,
  hooks: ReadonlyArray<Installed<NonNullable<Interceptor["events"]>>>,
  context: AttemptContext,
  last?: FrameStage
): Result.Result<FrameRun, GatewayError> => {
  const stages: Array<Stage> = []
  for (const hook of hooks) {
    const instead = PartCall.skipped(place, hook, undefined)
    if (instead !== undefined && Result.isFailure(instead)) return Result.fail(instead.failure)
    if (instead !== undefined) continue
    const made = Result.try({ try: () => hook.call(context), catch: (thrown) => thrown })
    if (Result.isSuccess(made)) {
      stages.push({ hook, stage: made.success, grammar: Grammar.initial, hasEnded: false, isOff: false })
      continue
    }
    const judged = PartCall.fault(place, hook, made.failure, undefined)
    if (Result.isFailure(judged)) return Result.fail(judged.failure)
  }
  const run = make(place, stages)
  if (last === undefined) return Result.succeed(run)
  return Result.succeed({ ...run, step: (frame) => run.step(frame).flatMap(last.step), end: (reason) => run.end(reason).flatMap(last.step) })
}

const make = (place: PartCall.Place, stages: ReadonlyArray<Stage>): FrameRun => {
  let stopped: Stopped | undefined

  const stop = ({ hook }: Stage, failure: Failure): void => {
    stopped ??= { by: PartCall.nameOf(place, hook), failure }
  }

  /** What stands for a call that failed. */
  const faulty = (stage: Stage, thrown: unknown, otherwise: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
    stage.isOff = true
    const judged = PartCall.fault(place, stage.hook, thrown, otherwise)
    if (Result.isSuccess(judged)) return judged.success
    stop(stage, judged.failure.failure)
    return []
  }

  const called = (stage: Stage, call: () => ReadonlyArray<Frame>, otherwise: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
    const made = Result.try({ try: call, catch: (thrown) => thrown })
    return Result.isSuccess(made) ? made.success : faulty(stage, made.failure, otherwise)
  }

  const ended = (stage: Stage, reason: EndReason): ReadonlyArray<Frame> => {
    if (stage.hasEnded || stage.isOff) return []
    stage.hasEnded = true
    const { end } = stage.stage
    return end === undefined ? [] : called(stage, () => end(reason), [])
  }

  /** What a stage makes of one frame, terminal and all. */
  const made = (stage: Stage, frame: Frame): ReadonlyArray<Frame> => {
    const stepped = called(stage, () => stage.stage.step(frame), [frame])
    const terminal = terminalOf(frame)
    if (terminal === undefined || stage.isOff) return stepped
    return inserted(stepped, ended(stage, terminal.type === "error" ? "error" : "end"), terminal)
  }

  /** Passes on what is legal; an error of the stage's own ends the answer. */
  const checked = (stage: Stage, frames: ReadonlyArray<Frame>, input: Frame | undefined): ReadonlyArray<Frame> => {
    const passed: Array<Frame> = []
    for (const frame of frames) {
      // A wire event that says nothing in canonical words is kept inside its dialect, and encoders must know which were emptied
      if (frame.events.length === 0 && frame.wire === undefined && frame !== input) continue
      const refused = input !== undefined && errorIn(input) !== undefined ? undefined : errorIn(frame)
      if (refused !== undefined) {
        Metrics.partStopped(place.step, stage.hook.id)
        stop(stage, refused)
        return passed
      }
      const state = Grammar.check(stage.grammar, frame.events)
      if (Grammar.isViolation(state)) {
        return [...passed, ...faulty(stage, `It made an illegal sequence of events: ${state.message}.`, input === undefined ? [] : [input])]
      }
      stage.grammar = state
      passed.push(frame)
    }
    return passed
  }

  const through = (stage: Stage, frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
    if (stage.isOff || stage.hasEnded) return frames
    const passed: Array<Frame> = []
    for (const frame of frames) {
      if (stage.isOff) passed.push(frame)
      else passed.push(...checked(stage, made(stage, frame), frame))
      if (stopped !== undefined) return passed
    }
    return passed
  }

  const from = (index: number, frames: ReadonlyArray<Frame>): ReadonlyArray<Frame> => {
    let passing = frames
    for (let at = index; at < stages.length && passing.length > 0; at++) {
      const stage = stages[at]
      if (stage !== undefined) passing = through(stage, passing)
    }
    return passing
  }

  return {
    step: (frame) => stopped === undefined ? from(0, [frame]) : [],
    end: (reason) => {
      const out: Array<Frame> = []
      for (const [index, stage] of stages.entries()) {
        const held = stopped === undefined ? ended(stage, reason) : (ended(stage, reason), [])
        if (held.length > 0) out.push(...from(index + 1, checked(stage, held, undefined)))
      }
      return out
    },
    stopped: () => stopped
  }
}
