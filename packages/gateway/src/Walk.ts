/**
 * Walks the plan: target after target and try after try, until an answer may be committed or nothing is left. One deadline holds for all
 * of it. What could not be asked because it rests is told with the time when it may be asked again. Everything here happens before the
 * commit; after it nothing is retried.
 */
import { type ErrorClass, fail, type GatewayError } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import * as Effect from "effect/Effect"
import type * as Attempts from "./Attempts.ts"
import * as Conversation from "./Conversation.ts"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type { Candidate } from "./Planner.ts"
import * as PlanWalk from "./PlanWalk.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as TargetTries from "./TargetTries.ts"

/** What the client is told where nothing could be asked. */
const refusal = (gateway: Gateway, model: string, { isBare, resting }: TargetTries.Progress): GatewayError => {
  if (resting !== undefined) {
    return fail({
      class: "rate-limited",
      code: "model_cooldown",
      message: `Everything that serves the model "${model}" rests, because of an error of class ${resting.class}; ask again later.`,
      retryAfterMs: Math.max(1_000, resting.until - gateway.now())
    })
  }
  return isBare
    ? fail({
      class: "unavailable",
      code: "no_credential",
      message: `No credential of the providers of "${model}" can be used now: whoever runs the gateway finds out why in their status.`
    })
    : fail({ class: "unavailable", message: `No provider serves the model "${model}".` })
}

/** Says a class of failure only where something else would be worse. */
const isWeak = (errorClass: ErrorClass): boolean => errorClass === "unsupported-crossing"

/** Walks the plan until a target answers; fails with the last failure when none does. */
export const walk = Effect.fnUntraced(
  function*<Q extends Asked>(walk: Attempts.Walk<Q>, candidates: ReadonlyArray<Candidate>): Effect.fn.Return<Attempts.Started, Stop> {
    const { exchange, gateway, inbound } = walk
    const plan = PlanWalk.make(candidates)
    const [first] = candidates
    const progress: TargetTries.Progress = {
      plan,
      session: sessionOnce(exchange),
      // One deadline for everything: that of the provider the plan begins with
      totalMs: first === undefined ? 0 : gateway.executors.get(first.provider)?.limits.totalMs ?? 0,
      hasChoice: candidates.length > 1,
      isLastResort: false,
      made: 0,
      hasWaited: false,
      isBare: false,
      resting: undefined,
      last: undefined,
      cause: undefined
    }
    gateway.scheduling.budget.begun()
    for (;;) {
      const candidate = plan.next(progress.cause)
      if (candidate === undefined) {
        if (progress.made > 0 || !plan.lastResort()) break
        progress.isLastResort = true
        progress.cause = undefined
        continue
      }
      const executor = gateway.executors.get(candidate.provider)
      progress.cause = PlanWalk.unavailable
      if (executor === undefined || gateway.scheduling.isDrained(executor.id)) continue
      const started = yield* TargetTries.run(walk, progress, candidate, executor)
      if (started !== undefined) return started
    }
    const { last, resting } = progress
    return yield* last === undefined || (isWeak(last.failure.class) && resting !== undefined) ? refusal(gateway, inbound.model, progress) : last
  }
)

/** What the conversation is known by, found when it is first asked for. */
const sessionOnce = (exchange: Exchange): () => string | undefined => {
  let found: { readonly name: string | undefined } | undefined
  return () => {
    const { headers, model, principal, request } = exchange
    found ??= { name: Conversation.sessionOf(principal, headers, request ?? (() => ({ model: model ?? "", turns: [] }))) }
    return found.name
  }
}
