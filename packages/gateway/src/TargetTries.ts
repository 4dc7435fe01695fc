/**
 * The tries at one target: with which credential, whether it may be asked, what follows a failure. Renews a credential once where it is
 * refused, leaves out what was remembered for a request where the provider cannot read it, and keeps to the retry budget.
 */
import { type ErrorClass, fail, type Failure, type GatewayError, policyOf } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { AttemptPlan } from "./AttemptReply.ts"
import * as AttemptReply from "./AttemptReply.ts"
import * as AttemptReport from "./AttemptReport.ts"
import * as Attempts from "./Attempts.ts"
import type { Credential } from "./Credential.ts"
import type { Executor } from "./Executor.ts"
import type { Gateway } from "./Gateway.ts"
import * as Permission from "./Permission.ts"
import type { Candidate } from "./Planner.ts"
import * as PlanWalk from "./PlanWalk.ts"
import * as RetryPolicy from "./RetryPolicy.ts"
import * as Selection from "./Selection.ts"
import type { Stop } from "./ShortCircuit.ts"
import type { Limits } from "./Timeouts.ts"

/** How far the walk of a plan has come; kept by the walk, and added to by the tries at each target. */
export interface Progress {
  readonly plan: PlanWalk.PlanWalk
  /** What the conversation is known by. */
  readonly session: () => string | undefined
  /** Milliseconds for everything. */
  readonly totalMs: number
  /** The plan has several targets, so that others may want to know which of them answer. */
  readonly hasChoice: boolean
  /** What failed too often is asked as if it had not. */
  isLastResort: boolean
  /** Tries made upstream. */
  made: number
  /** The probe of somebody else was waited for. */
  hasWaited: boolean
  /** A provider had no credential that could be used. */
  isBare: boolean
  /** What could not be asked because it rests: the earliest end, and why. */
  resting: { readonly until: number; readonly class: ErrorClass } | undefined
  last: GatewayError | undefined
  /** Why the walk goes on to the next target. */
  cause: PlanWalk.Cause | undefined
}

/** How long the probe of somebody else is waited for, in milliseconds. */
const probeWaitMs = 10_000

type Chosen = Selection.Selected & { readonly _tag: "Chosen" }

/** Makes tries at a target; undefined = the next one is to be asked, and the progress says why. */
export const run = Effect.fnUntraced(
  function*<Q extends Asked>(
    walk: Attempts.Walk<Q>,
    progress: Progress,
    candidate: Candidate,
    executor: Executor
  ): Effect.fn.Return<Attempts.Started | undefined, Stop> {
    const { exchange, gateway, inbound } = walk
    const { isLastResort, plan, session, totalMs } = progress
    const remainingMs = (): number => totalMs - (gateway.now() - exchange.begunAt)
    const limits: Limits = executor.limits.totalMs === totalMs ? executor.limits : { ...executor.limits, totalMs }
    let isWithoutMemory = false
    let mayRepeat = false
    let preferred: Credential | undefined
    let tried: Set<Credential> | undefined
    let renewed: Set<Credential> | undefined
    let tries = 0
    for (;;) {
      const wanted: Selection.Wanted = {
        gateway,
        exchange,
        executor,
        model: candidate.model,
        only: candidate.credentials,
        session,
        tried,
        mayRepeat,
        preferred,
        isLastResort
      }
      const selected = Selection.select(wanted)
      const chosen = selected._tag === "Chosen" ? selected : undefined
      if (chosen === undefined && isProbed(selected, progress)) {
        // Somebody is finding out whether it is well again
        progress.hasWaited = true
        yield* Effect.timeoutOption(gateway.scheduling.changed.await, Math.max(0, Math.min(probeWaitMs, remainingMs())))
        continue
      }
      const number = exchange.attempts.length + 1
      // A question the gateway answers by itself needs no credential
      const preparing = chosen === undefined && exchange.operation === "generate"
        ? undefined
        : Attempts.prepare(walk, candidate, executor, number, isWithoutMemory, chosen?.credential)
      const prepared = Effect.isEffect(preparing) ? yield* preparing : preparing
      const isLocal = prepared !== undefined && Result.isSuccess(prepared) && prepared.success.local?.isOnly === true
      if (prepared === undefined || (chosen === undefined && !isLocal)) return void leave(progress, candidate, selected, tried === undefined)
      if (Result.isFailure(prepared)) {
        release(wanted, chosen)
        progress.last = prepared.failure
        if (prepared.failure.failure.class !== "unsupported-crossing") return yield* prepared.failure
        progress.cause = { class: "unsupported-crossing", mayLeave: true }
        return undefined
      }
      const attempt: AttemptPlan<Q> = {
        gateway,
        exchange,
        inbound,
        executor,
        credential: chosen?.credential,
        number,
        marks: { lastByteAt: gateway.wheel.now(), committed: false },
        limits,
        begunAt: gateway.now(),
        probes: chosen?.probes,
        isOneOfSeveral: chosen?.isOneOfSeveral === true,
        model: candidate.model,
        price: candidate.price,
        outbound: prepared.success
      }
      const { local } = prepared.success
      if (local !== undefined && local.isOnly) {
        release(wanted, chosen)
        AttemptReply.begin(attempt)
        return { answer: yield* local.answer, candidate, executor, limits }
      }
      const permission = needsPlace(progress) ? yield* Permission.ask(gateway, candidate, exchange.begunAt, remainingMs) : "first"
      if (permission === undefined) {
        release(wanted, chosen)
        if (progress.last === undefined || (progress.cause !== undefined && plan.hasNext(progress.cause))) return undefined
        return yield* progress.last
      }
      progress.made += 1
      const exit = yield* Effect.onInterrupt(
        Attempts.tryOnce(walk, candidate, attempt),
        () => Effect.sync(() => Permission.ended(gateway, candidate, permission, false, progress.hasChoice))
      )
      Permission.ended(gateway, candidate, permission, Exit.isSuccess(exit), progress.hasChoice)
      if (Exit.isSuccess(exit)) {
        AttemptReport.committed(attempt, session)
        return { answer: exit.value, candidate, executor, limits }
      }
      const error = Option.getOrUndefined(Cause.findErrorOption(exit.cause))
      if (error === undefined) return yield* Effect.failCause(exit.cause)
      progress.last = error
      const { failure } = error
      const { credential } = attempt
      if (exchange.ending?._tag === "Refused") {
        // A part has refused the answer, which no other target makes right
        AttemptReport.released(attempt)
        return yield* error
      }
      if (attempt.outbound.isRestored === true && failure.class === "bad-request") {
        // Proofs go stale, and not every key of a provider may read those of another: the client never sent them, so it must not fail for them
        AttemptReport.failed(attempt, failure)
        isWithoutMemory = true
        preferred = credential
        continue
      }
      if (credential?.renew !== undefined && isRefusal(failure) && renewed?.has(credential) !== true) {
        renewed ??= new Set()
        renewed.add(credential)
        if (yield* renew(credential.renew)) {
          AttemptReport.released(attempt)
          preferred = credential
          continue
        }
      }
      preferred = undefined
      const { rests, ruling } = AttemptReport.failed(attempt, failure)
      if (credential !== undefined) {
        tried ??= new Set()
        tried.add(credential)
      }
      const restMs = rests ? Selection.restMs(wanted, credential) : undefined
      const told = soonEnough(error, restMs)
      progress.last = told
      if (progress.made >= gateway.settings.maxAttempts) return yield* told
      progress.cause = { class: failure.class, mayLeave: RetryPolicy.mayLeave(failure, ruling, rests) }
      const hasOther = plan.hasNext(progress.cause)
      const again: Selection.Wanted = { ...wanted, tried, preferred }
      const step = RetryPolicy.next(failure, {
        tries,
        retries: isScarce(gateway, failure, hasOther) ? 0 : executor.retries,
        hasOther,
        isWanted: hasOther,
        hasCredential: Selection.hasAnother(again),
        ...(restMs === undefined ? {} : { restMs }),
        ruling,
        chance: gateway.random(),
        remainingMs: remainingMs()
      })
      if (step._tag === "Stop") return yield* told
      if (step._tag === "Other") return undefined
      mayRepeat = step._tag === "Again"
      if (step._tag === "Credential") continue
      tries += 1
      yield* Effect.sleep(step.waitMs)
    }
  }
)

/** Whether all there is waits for somebody's probe, and nothing else could be asked meanwhile. */
const isProbed = (selected: Selection.Selected, { hasWaited, plan }: Progress): boolean =>
  selected._tag === "Resting" && selected.isProbed && !hasWaited && !plan.hasNext(PlanWalk.unavailable)

/** Notes why a target could not be asked. */
const leave = (progress: Progress, candidate: Candidate, selected: Selection.Selected, isUntried: boolean): void => {
  if (selected._tag === "LeftOut") return progress.plan.postpone(candidate)
  if (selected._tag !== "Resting") {
    progress.isBare ||= isUntried
    return
  }
  if (progress.resting === undefined || selected.until < progress.resting.until) progress.resting = selected
  progress.cause = { class: selected.class, mayLeave: true }
}

const release = (wanted: Selection.Wanted, chosen: Chosen | undefined): void => {
  if (chosen !== undefined) Selection.release(wanted, chosen)
}

/** Only tries after failures that may be those of an outage take a place: other failures are answered by asking elsewhere at once. */
const needsPlace = ({ last, made }: Progress): boolean => made > 0 && last !== undefined && policyOf(last.failure.class).breaker

/** While tries are scarce, nobody waits for one that will not be permitted, and they are made where they may help most. */
const isScarce = ({ scheduling: { budget } }: Gateway, failure: Failure, hasOther: boolean): boolean =>
  policyOf(failure.class).breaker && (hasOther ? budget.isStrained() : budget.isSpent())

/** Nobody is told to wait longer than what failed rests. */
const soonEnough = (error: GatewayError, restMs: number | undefined): GatewayError => {
  const { failure } = error
  return restMs === undefined || restMs === 0 || failure.retryAfterMs === undefined || failure.retryAfterMs <= restMs
    ? error
    : fail({ ...failure, retryAfterMs: restMs })
}

const isRefusal = ({ class: found, status }: Failure): boolean => found === "provider-auth" && status !== 403

/** A renewal that breaks is one that did not help. */
const renew = (effect: Effect.Effect<boolean>): Effect.Effect<boolean> =>
  Effect.catchCause(
    effect,
    (cause) => Cause.hasInterruptsOnly(cause) ? Effect.failCause(cause) : Effect.as(Effect.logWarning("A credential could not be renewed", cause), false)
  )
