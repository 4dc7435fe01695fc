/**
 * The chunk stages of one streamed answer at work: first each is shown the head, then every chunk passes them in order, and at the end
 * each hears once how it was. A chunk is one wire event of the client's dialect; signs of life between chunks never come here.
 */
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Result from "effect/Result"
import type { ExchangeContext } from "../Extension.ts"
import * as HeaderChange from "../HeaderChange.ts"
import type { Installed } from "../Hooks.ts"
import type { ChunkStage, EndReason, Interceptor } from "../Interceptor.ts"
import * as PartCall from "../PartCall.ts"
import type { Stopped } from "./FrameRun.ts"
import * as History from "./History.ts"

/** The stages of one streamed answer. */
export interface ChunkRun {
  /** The head as the stages want it. */
  readonly headers: HeaderChange.Headers
  /** What is to be sent in place of a chunk; `undefined` = nothing. */
  readonly push: (bytes: Uint8Array) => Uint8Array | undefined
  /** Ends the stages, once: what is sent last. */
  readonly end: (reason: EndReason) => ReadonlyArray<Uint8Array>
  /** Set when a stage that must not fail did: nothing more may go through. */
  readonly stopped: () => Stopped | undefined
}

interface Stage {
  readonly hook: Installed<unknown>
  readonly stage: ChunkStage
  isOff: boolean
}

type Attempted<A> = Result.Result<A, unknown>

const attempt = <A>(call: () => A): Attempted<A> => Result.try({ try: call, catch: (thrown) => thrown })

/** Starts the stages and shows them the head; fails where one that must not fail does. */
export const start = (
  place: PartCall.Place,
  hooks: ReadonlyArray<Installed<NonNullable<Interceptor["chunks"]>>>,
  context: ExchangeContext,
  head: { readonly status: number; readonly headers: HeaderChange.Headers }
): Result.Result<ChunkRun, GatewayError> => {
  const stages: Array<Stage> = []
  let { headers } = head
  for (const hook of hooks) {
    const instead = PartCall.skipped(place, hook, undefined)
    if (instead !== undefined && Result.isFailure(instead)) return Result.fail(instead.failure)
    if (instead !== undefined) continue
    const shown = headers
    const made = attempt(() => {
      const stage = hook.call(context)
      return { stage, change: stage.head?.({ index: -1, status: head.status, headers: shown }) }
    })
    const problem = Result.isSuccess(made) ? HeaderChange.problem(made.success.change) : undefined
    if (Result.isSuccess(made) && problem === undefined) {
      stages.push({ hook, stage: made.success.stage, isOff: false })
      if (made.success.change !== undefined) headers = HeaderChange.sendable(HeaderChange.apply(shown, made.success.change))
      continue
    }
    const judged = PartCall.fault(place, hook, Result.isFailure(made) ? made.failure : problem, undefined)
    if (Result.isFailure(judged)) return Result.fail(judged.failure)
  }
  return Result.succeed({ headers, ...make(place, stages) })
}

const make = (place: PartCall.Place, stages: ReadonlyArray<Stage>): Omit<ChunkRun, "headers"> => {
  const history = History.make()
  let index = 0
  let hasEnded = false
  let stopped: Stopped | undefined

  /** What stands for a call that failed. */
  const faulty = (stage: Stage, thrown: unknown, otherwise: Uint8Array | undefined): Uint8Array | undefined => {
    stage.isOff = true
    const judged = PartCall.fault(place, stage.hook, thrown, otherwise)
    if (Result.isSuccess(judged)) return judged.success
    stopped ??= { by: PartCall.nameOf(place, stage.hook), failure: judged.failure.failure }
    return undefined
  }

  const through = (from: number, bytes: Uint8Array): Uint8Array | undefined => {
    const chunk = { index: index++, history: history.chunks }
    let passing: Uint8Array | undefined = bytes
    for (let at = from; at < stages.length && passing !== undefined; at++) {
      const stage = stages[at]
      const step = stage?.stage.step
      if (stage === undefined || step === undefined || stage.isOff) continue
      const given: Uint8Array = passing
      const made: Attempted<Uint8Array | undefined> = attempt(() => step({ ...chunk, bytes: given }))
      passing = Result.isSuccess(made) ? made.success : faulty(stage, made.failure, given)
    }
    if (passing === undefined || passing.length === 0) return undefined
    history.add(passing)
    return passing
  }

  return {
    push: (bytes) => stopped === undefined ? through(0, bytes) : undefined,
    end: (reason) => {
      if (hasEnded) return []
      hasEnded = true
      const out: Array<Uint8Array> = []
      for (const [at, stage] of stages.entries()) {
        const { end } = stage.stage
        if (end === undefined || stage.isOff) continue
        const made = attempt(() => end(reason))
        const last = Result.isSuccess(made) ? made.success : faulty(stage, made.failure, undefined)
        const sent = last === undefined || stopped !== undefined ? undefined : through(at + 1, last)
        if (sent !== undefined) out.push(sent)
      }
      return out
    },
    stopped: () => stopped
  }
}
