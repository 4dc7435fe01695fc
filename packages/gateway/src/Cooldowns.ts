/**
 * How long a credential rests after which failure, alone or with one model. Hints of providers are honoured between a floor and a cap:
 * the longest anything rests without an operator's word is `maxMs`. When a rest is over, one request probes; a success ends everything.
 * Pure; the state is kept by `Scheduling`.
 */
import type { Operation } from "@sluice/protocol/Dialect"
import { type Failure, policyOf } from "@sluice/protocol/GatewayError"

/** Times of rest, in milliseconds. */
export interface Options {
  /** Nothing rests longer, whatever a provider asks for. */
  readonly maxMs: number
  /** The shortest rest: a hint of 0 must not turn into a storm. */
  readonly minMs: number
  /** The first rest after a 429 that does not say how long; doubles until something succeeds. */
  readonly rateLimitedMs: number
  /** After a refused credential, where it could not be renewed. */
  readonly refusedMs: number
  /** After a used-up account that does not say how long. */
  readonly exhaustedMs: number
  /** After a credential whose account does not know the model. */
  readonly missingMs: number
}

const minute = 60_000

/**
 * At most 30 minutes, at least a second; 1 s doubling after a bare 429, 30 minutes for refused and used-up accounts. A model that was
 * not found rests 5 minutes only: roll-outs and renamed deployments are repaired in minutes, and looking again costs one request, which
 * goes elsewhere when it fails.
 */
export const defaults: Options = {
  maxMs: 30 * minute,
  minMs: 1_000,
  rateLimitedMs: 1_000,
  refusedMs: 30 * minute,
  exhaustedMs: 30 * minute,
  missingMs: 5 * minute
}

/** What rests after a failure, and for how long, given how often it had to since anything succeeded. */
export interface Rest {
  /** The credential with every model, or with the one that was asked for. */
  readonly what: "credential" | "model"
  readonly restMs: (openings: number) => number
}

const between = (ms: number, { maxMs, minMs }: Options): number => Math.min(maxMs, Math.max(minMs, ms))

/** Providers limit the counting of tokens by itself, and know models there that they do not know elsewhere, or the other way round. */
const isOfCounting = (failure: Failure, operation: Operation): boolean =>
  operation === "count" && (failure.class === "rate-limited" || failure.class === "model-not-found")

/** The rest of a credential after a failure; undefined where it is not the credential's fault, or says nothing of what else it may be asked. */
export const restOf = (failure: Failure, options: Options, operation: Operation = "generate"): Rest | undefined => {
  if (isOfCounting(failure, operation)) return undefined
  const hint = failure.retryAfterMs
  const fixed = (what: Rest["what"], ms: number): Rest => ({ what, restMs: () => between(ms, options) })
  switch (failure.class) {
    case "rate-limited":
      return hint === undefined
        ? { what: "model", restMs: (openings) => between(options.rateLimitedMs * 2 ** Math.min(openings, 30), options) }
        : fixed("model", hint)
    case "quota-exhausted":
      return fixed("credential", hint ?? options.exhaustedMs)
    case "provider-auth":
      // 403 is about what was asked for, 401 about who asks
      return fixed(failure.status === 403 ? "model" : "credential", options.refusedMs)
    case "model-not-found":
      return fixed("model", options.missingMs)
    default:
      return undefined
  }
}

/** Whether a failure is one that passes and counts against whoever was asked, where it is repeated. */
export const isTransient = (failure: Failure): boolean => policyOf(failure.class).breaker && failure.class !== "rate-limited"

/** Whether a failure shows that the provider let the credential in and answered: about the request, and not about either. */
export const isAboutRequest = (failure: Failure): boolean => policyOf(failure.class).scope === "request" && failure.class !== "unsupported-crossing"
