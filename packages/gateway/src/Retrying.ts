/**
 * A model that asks again when asking fails. Only the setup is tried again: once an answer has begun, what goes wrong in it is the
 * caller's to know, since what was said cannot be taken back. Each try is an exchange of its own, with its own row in the ledger.
 */
import { type Failure, type GatewayError, policyOf } from "@sluice/protocol/GatewayError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { CompletionModel } from "./CompletionModel.ts"

/** When and how often another try is made. */
export interface Policy {
  /** Tries in total, the first one included. */
  readonly attempts: number
  /** How long the second try waits; every further one waits twice as long as the one before it. */
  readonly base: Duration.Duration
  /** The longest wait, whatever asks for a longer one. */
  readonly cap: Duration.Duration
  /** How much is added to a wait by chance, at most, as a part of it: those who failed together do not come back together. */
  readonly jitter: number
  /** Whether another try may help. */
  readonly isWorthwhile: (failure: Failure) => boolean
}

/** Three tries, waits of 1 s and 2 s, at most 30 s, a tenth by chance, for failures whose class allows the same target again. */
export const defaultPolicy: Policy = {
  attempts: 3,
  base: Duration.seconds(1),
  cap: Duration.seconds(30),
  jitter: 0.1,
  isWorthwhile: (failure) => policyOf(failure.class).sameTarget
}

/**
 * Milliseconds to wait after the failure of a try, the first of which is number 1; `chance` is in [0, 1). Never sooner than the failure
 * asks for, as far as the cap allows.
 */
export const waitMs = (policy: Policy, attempt: number, failure: Failure, chance: number): number => {
  const backoff = Duration.toMillis(policy.base) * 2 ** (attempt - 1)
  return Math.min(Math.max(backoff * (1 + policy.jitter * chance), failure.retryAfterMs ?? 0), Duration.toMillis(policy.cap))
}

/** Makes a model that asks again; what the policy leaves out is as in {@link defaultPolicy}. */
export const retrying = (given: Partial<Policy> = {}) => {
  const policy = { ...defaultPolicy, ...given }
  const again = <A>(attempt: number, ask: Effect.Effect<A, GatewayError>): Effect.Effect<A, GatewayError> =>
    Effect.catch(ask, (error) => {
      if (attempt >= policy.attempts || !policy.isWorthwhile(error.failure)) return error
      return Random.next.pipe(
        Effect.flatMap((chance) => Effect.sleep(waitMs(policy, attempt, error.failure, chance))),
        Effect.andThen(again(attempt + 1, ask))
      )
    })
  return (model: CompletionModel): CompletionModel => ({
    ...model,
    stream: (request) =>
      Effect.flatMap(Effect.scope, (scope) =>
        again(
          1,
          // A try that failed has nothing left to hold
          Effect.flatMap(
            Scope.fork(scope),
            (own) => Effect.onExit(Scope.provide(model.stream(request), own), (exit) => Exit.isSuccess(exit) ? Effect.void : Scope.close(own, exit))
          )
        )),
    generate: (request) => again(1, model.generate(request))
  })
}
