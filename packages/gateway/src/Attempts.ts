/**
 * One attempt of an exchange: what the target is sent, the try in a scope of its own and within its limits, and its record. Which
 * attempts are made is decided elsewhere (`Walk.ts`, `TargetTries.ts`); everything here happens before the commit.
 */
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import type { Answer } from "./Answer.ts"
import type * as AttemptReply from "./AttemptReply.ts"
import * as AttemptReport from "./AttemptReport.ts"
import type { Credential } from "./Credential.ts"
import { contextOf, type Exchange, timeOf } from "./Exchange.ts"
import type { Executor } from "./Executor.ts"
import type { Gateway } from "./Gateway.ts"
import type { Inbound } from "./Inbound.ts"
import * as Intercept from "./Intercept.ts"
import type { AttemptRecord } from "./Ledger.ts"
import type { Outbound } from "./Outbound.ts"
import * as PartCall from "./PartCall.ts"
import type { Candidate } from "./Planner.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as Normalizing from "./stages/Normalizing.ts"
import { due, type Limits, timedOut } from "./Timeouts.ts"
import type { Work } from "./Work.ts"

/** An answer and the target that gives it. */
export interface Started {
  readonly answer: Answer
  readonly candidate: Candidate
  readonly executor: Executor
  /** The limits it is held to: the provider's own, with the time the plan has. */
  readonly limits: Limits
}

/** What all attempts of an exchange have in common. */
export interface Walk<Q extends Asked> {
  readonly work: Work<Q>
  readonly gateway: Gateway
  readonly exchange: Exchange
  readonly inbound: Inbound<Q>
  /** What interceptors made of the request; absent = none changed it. */
  readonly changed: Q | undefined
  /** The effort of thinking is that of the model name's suffix. */
  readonly isSuffixed: boolean
  /** The exchange's scope; each attempt's scope is its child. */
  readonly scope: Scope.Scope
}

/** Runs an attempt in a fiber of its own, which the wheel interrupts when a limit runs out. */
const withLimits = Effect.fnUntraced(function*<Q extends Asked>(plan: AttemptReply.AttemptPlan<Q>, attempt: Effect.Effect<Answer, GatewayError>) {
  const { begunAt, exchange, gateway, limits } = plan
  let ranOut: ReturnType<typeof due>
  const fiber = yield* Effect.forkChild(attempt, { startImmediately: true })
  const unregister = gateway.wheel.register({
    tick: (now) => {
      ranOut ??= due({ exchangeStartedAt: exchange.begunAt, attemptStartedAt: begunAt, ...plan.marks }, limits, now)
      if (ranOut !== undefined) fiber.interruptUnsafe()
    }
  })
  const exit = yield* Fiber.await(fiber).pipe(Effect.ensuring(Effect.sync(unregister)))
  if (Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause) && ranOut !== undefined) {
    exchange.waitedInVain = true
    return yield* fail(timedOut(ranOut, limits))
  }
  return yield* exit
})

/** Notes an attempt that has ended, and tells those who hear of attempts; without `failure` it carries the answer. */
export const record = (
  { exchange, gateway }: { readonly gateway: Gateway; readonly exchange: Exchange },
  { model, provider }: Pick<Candidate, "provider" | "model">,
  credential: Credential | undefined,
  begunAt: number,
  failure: Failure | undefined
): Effect.Effect<void> => {
  const attempt: AttemptRecord = {
    provider,
    upstreamModel: model,
    startedAt: timeOf(exchange, begunAt),
    endedAt: timeOf(exchange, gateway.now()),
    ...(credential === undefined || credential.kind === "none" ? {} : { credential: credential.id }),
    ...(failure === undefined
      ? {}
      : { error: { class: failure.class, message: failure.message, ...(failure.status === undefined ? {} : { status: failure.status }) } })
  }
  exchange.attempts.push(attempt)
  const { onAttempt } = gateway.hooks
  if (onAttempt.length === 0) return Effect.void
  const context = contextOf(exchange)
  const place = { gateway, exchange, step: "attempt" }
  return Effect.ignore(Effect.forEach(onAttempt, (hook) => PartCall.run(place, hook, (tell) => tell(attempt, context), undefined), { discard: true }))
}

/** One try: its own scope, closed when it fails and left to the exchange when it succeeds. */
export const tryOnce = Effect.fnUntraced(function*<Q extends Asked>(walk: Walk<Q>, candidate: Candidate, plan: AttemptReply.AttemptPlan<Q>) {
  AttemptReport.began(plan)
  const scope = yield* Scope.fork(walk.scope)
  const exit = yield* Effect.exit(withLimits(plan, Scope.provide(walk.work.attempt(plan), scope)))
  const failed = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
  yield* record(walk, candidate, plan.credential, plan.begunAt, failed?.failure)
  if (Exit.isFailure(exit)) yield* Scope.close(scope, exit)
  return exit
})

/** What the target is sent, or why it cannot be asked. */
export type Prepared = Result.Result<Outbound, GatewayError>

/** What the target is sent, after the interceptors of attempts. */
export const prepare = <Q extends Asked>(
  walk: Walk<Q>,
  candidate: Candidate,
  executor: Executor,
  number: number,
  isWithoutMemory: boolean,
  credential: Credential | undefined
): Effect.Effect<Prepared, Stop> | Prepared => {
  const { exchange, gateway, inbound, work } = walk
  const target = { provider: executor.id, upstreamModel: candidate.model, upstream: executor.dialect.id }
  const write = (changed: Q | undefined): Prepared =>
    Result.flatMap(
      work.prepare(gateway, exchange, {
        inbound,
        model: candidate.model,
        ...(changed === undefined ? {} : { changed }),
        from: exchange.inbound,
        executor,
        ...(credential === undefined ? {} : { credential: credential.id }),
        fidelity: candidate.entry.fidelity ?? "default",
        wantsFrames: gateway.wantsFrames || exchange.shownModel !== undefined,
        isSuffixed: walk.isSuffixed,
        isWithoutMemory,
        ...(candidate.thinking === undefined || exchange.operation !== "generate" ? {} : { thinking: candidate.thinking })
      }),
      (written) => Normalizing.outbound(gateway, exchange, target, written)
    )
  const { attempt } = work.hooks(gateway)
  if (attempt.length === 0) return write(walk.changed)
  const context = { ...contextOf(exchange), attempt: number, ...target }
  return Effect.map(
    Intercept.run({ gateway, exchange, step: "interceptor" }, inbound, walk.changed, attempt, context),
    (intercepted) => Result.map(write(intercepted.changed), (outbound) => Intercept.sent(outbound, intercepted))
  )
}
