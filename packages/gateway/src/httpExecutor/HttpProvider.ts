/**
 * An executor for one HTTP provider, as a plain value: dialect, base URL and credentials in, requests out through the upstream
 * client. It retries nothing and reads no body; `HttpExecutor` installs it as a part of a gateway.
 */
import { fail } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { Executor, RawRequest } from "../Executor.ts"
import * as ProviderPolicy from "../ProviderPolicy.ts"
import { defaults, type Limits } from "../Timeouts.ts"
import type { UpstreamClient } from "../UpstreamClient.ts"
import * as Target from "./Target.ts"

/** One HTTP provider and how it is reached. */
export interface Options extends Target.TargetOptions {
  readonly client: UpstreamClient["Service"]
  /** What is left out has the documented default. */
  readonly limits?: Partial<Limits>
  /** Extra tries before the commit. Default 1. */
  readonly retries?: number
  /** Whether what its dialect has no words for is handed on to it; absent = no. */
  readonly passthrough?: boolean
  /** Absent = the defaults. */
  readonly policy?: ProviderPolicy.Options
}

/** An executor for this provider. A missing key, an endpoint the protocol lacks and an impossible model name fail before connecting. */
export const make = (options: Options): Executor => {
  const { client, dialect, id, retries = 1 } = options
  const limits: Limits = { ...defaults, ...options.limits }
  const { credentials } = options
  const target = Target.compile(options)
  return {
    id,
    dialect,
    limits,
    retries,
    ...(options.policy === undefined ? {} : { policy: ProviderPolicy.make(options.policy) }),
    ...(credentials === undefined ? {} : { credentials: credentials.current }),
    open: (attempt) => {
      const request = target.attempt(attempt, limits.connectMs)
      return Result.isSuccess(request) ? client.open(request.success) : Effect.fail(fail(request.failure))
    },
    ...(options.passthrough === true
      ? {
        raw: (raw: RawRequest) => {
          const request = target.raw(raw, limits.connectMs)
          return Result.isSuccess(request) ? client.open(request.success) : Effect.fail(fail(request.failure))
        }
      }
      : {})
  }
}
