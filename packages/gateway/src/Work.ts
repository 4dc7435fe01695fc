/**
 * What an operation brings to the pipeline: how its request is read, who may change it, what a target is sent and how the answer
 * is had. Everything else of an exchange is the same for all operations.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type { Asked } from "@sluice/protocol/Question"
import type { Effort } from "@sluice/protocol/Thinking"
import type * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { Answer } from "./Answer.ts"
import * as Attempt from "./Attempt.ts"
import type { AttemptPlan } from "./AttemptReply.ts"
import type { Exchange } from "./Exchange.ts"
import type { ExchangeContext } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import type { Installed } from "./Hooks.ts"
import * as Inbound from "./Inbound.ts"
import type { AttemptChange, AttemptContext } from "./Interceptor.ts"
import * as Outbound from "./Outbound.ts"
import * as Sealed from "./Sealed.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as Thinking from "./Thinking.ts"

/** Changes a request. */
export type Hook<Q, C> = (request: Q, context: C) => Effect.Effect<Q | AttemptChange<Q>, Stop>

/** An operation on requests `Q`. */
export interface Work<Q extends Asked> {
  /** How a dialect reads such a request; absent = it knows none. */
  readonly reader: (dialect: Dialect) => Inbound.Reader<Q> | undefined
  /** What encoders of streams are told of the request. */
  readonly request: (inbound: Inbound.Inbound<Q>) => CanonicalRequest
  readonly hooks: (gateway: Gateway) => {
    readonly request: ReadonlyArray<Installed<Hook<Q, ExchangeContext>>>
    readonly attempt: ReadonlyArray<Installed<Hook<Q, AttemptContext>>>
  }
  /** The request with what the suffix of the model's name asks for; `undefined` where that changes nothing. */
  readonly bySuffix: (gateway: Gateway, inbound: Inbound.Inbound<Q>, effort: Effort | undefined) => Result.Result<Q | undefined, GatewayError>
  /** The request for an answer as it is to be asked, for caches; absent where something else is asked. */
  readonly generated?: (inbound: Inbound.Inbound<Q>, changed: Q | undefined) => Result.Result<CanonicalRequest, GatewayError>
  /** What one target is sent; fails where it cannot carry the request. */
  readonly prepare: (gateway: Gateway, exchange: Exchange, options: Outbound.Options<Q>) => Result.Result<Outbound.Outbound, GatewayError>
  /** One try at one target. */
  readonly attempt: (plan: AttemptPlan<Q>) => Effect.Effect<Answer, GatewayError, Scope.Scope>
}

/** To generate an answer. */
export const generating: Work<CanonicalRequest> = {
  reader: (dialect) => dialect.request,
  request: Inbound.decoded,
  hooks: (gateway) => gateway.hooks,
  bySuffix: ({ thinking }, inbound, effort) => Thinking.bySuffix(inbound, effort, thinking),
  generated: (inbound, changed) => changed === undefined ? inbound.request() : Result.succeed(changed),
  prepare: (gateway, exchange, options) =>
    Outbound.prepare({
      ...options,
      rules: gateway.thinking,
      restore: (request) => Sealed.restore(gateway, exchange, options.executor, options.credential, request)
    }),
  attempt: Attempt.run
}
