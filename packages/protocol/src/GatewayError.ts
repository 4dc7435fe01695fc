/**
 * Everything that can go wrong with an exchange, as one closed set of classes, with the policy of each class in one table:
 * whose fault it is, whether another try may help, and what the client is told. Dialects decode provider errors into these
 * and encode them as their own error bodies.
 */
import * as Schema from "effect/Schema"
import type { Json } from "./Wire.ts"

/** Whose fault a failure is. */
export type Scope = "request" | "model" | "credential" | "provider" | "gateway"

/** What the policy table says of a class. */
export interface ErrorPolicy {
  readonly scope: Scope
  /** The same target may be tried again before the commit. */
  readonly sameTarget: boolean
  /** Another target of the plan may be tried before the commit. */
  readonly otherTarget: boolean
  /** Counts against the provider's health. */
  readonly breaker: boolean
  /** HTTP status told to the client; `keep` = the provider's own. */
  readonly status: number | "keep"
  /** The provider's words must not reach the client. */
  readonly masked?: boolean
  /** Stable machine-readable code of our own errors. */
  readonly code: string
}

/** The policy of every class. Sources: docs/reference/errors.md is generated from this table. */
export const policies = {
  "rate-limited": { scope: "credential", sameTarget: true, otherTarget: true, breaker: true, status: 429, code: "rate_limited" },
  overloaded: { scope: "provider", sameTarget: true, otherTarget: true, breaker: true, status: "keep", code: "overloaded" },
  "quota-exhausted": { scope: "credential", sameTarget: false, otherTarget: true, breaker: false, status: 429, code: "quota_exhausted" },
  transient: { scope: "provider", sameTarget: true, otherTarget: true, breaker: true, status: 502, code: "upstream_error" },
  "timeout-connect": { scope: "provider", sameTarget: true, otherTarget: true, breaker: true, status: 504, code: "upstream_connect_timeout" },
  "timeout-first-event": { scope: "provider", sameTarget: true, otherTarget: true, breaker: true, status: 504, code: "upstream_first_event_timeout" },
  "timeout-idle": { scope: "provider", sameTarget: false, otherTarget: false, breaker: true, status: 504, code: "upstream_idle_timeout" },
  "timeout-total": { scope: "gateway", sameTarget: false, otherTarget: false, breaker: true, status: 504, code: "total_timeout" },
  cut: { scope: "provider", sameTarget: false, otherTarget: false, breaker: true, status: 502, code: "upstream_stream_cut" },
  empty: { scope: "provider", sameTarget: true, otherTarget: true, breaker: true, status: 502, code: "upstream_empty" },
  "bad-request": { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: "keep", code: "invalid_request" },
  "too-large": { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 413, code: "request_too_large" },
  unsupported: { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: "keep", code: "unsupported" },
  "unsupported-crossing": { scope: "request", sameTarget: false, otherTarget: true, breaker: false, status: 400, code: "unsupported_crossing" },
  "context-overflow": { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 400, code: "context_overflow" },
  "provider-auth": { scope: "credential", sameTarget: false, otherTarget: false, breaker: false, status: 502, masked: true, code: "upstream_auth" },
  "model-not-found": { scope: "model", sameTarget: false, otherTarget: true, breaker: false, status: 404, code: "model_not_found" },
  "content-filter": { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 400, code: "content_filter" },
  "protocol-violation": { scope: "provider", sameTarget: true, otherTarget: true, breaker: true, status: 502, code: "upstream_protocol_violation" },
  unknown: { scope: "provider", sameTarget: false, otherTarget: true, breaker: false, status: 502, code: "upstream_unknown" },
  unauthenticated: { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 401, code: "unauthenticated" },
  forbidden: { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 403, code: "forbidden" },
  "not-found": { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 404, code: "not_found" },
  denied: { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: "keep", code: "denied" },
  conflict: { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 409, code: "conflict" },
  "unsupported-media": { scope: "request", sameTarget: false, otherTarget: false, breaker: false, status: 415, code: "unsupported_media_type" },
  unavailable: { scope: "gateway", sameTarget: false, otherTarget: false, breaker: false, status: 503, code: "unavailable" },
  cancelled: { scope: "gateway", sameTarget: false, otherTarget: false, breaker: false, status: 503, code: "cancelled" },
  misconfigured: { scope: "gateway", sameTarget: false, otherTarget: true, breaker: false, status: 500, code: "provider_misconfigured" },
  defect: { scope: "gateway", sameTarget: false, otherTarget: false, breaker: false, status: 500, masked: true, code: "internal_error" }
} as const satisfies Record<string, ErrorPolicy>

/** The class of a failure. */
export type ErrorClass = keyof typeof policies

/** All classes. */
export const errorClasses: ReadonlyArray<ErrorClass> = Object.keys(policies).filter((name): name is ErrorClass => name in policies)

/** The policy of a class. */
export const policyOf = (errorClass: ErrorClass): ErrorPolicy => policies[errorClass]

/** The facts of a failure: plain data, carried by error events, error bodies and the ledger alike. */
export interface Failure {
  readonly class: ErrorClass
  /** What happened and what to do, for a person. */
  readonly message: string
  /** The provider's HTTP status, or ours where it differs from the policy's. */
  readonly status?: number
  /** The provider's own machine code (`insufficient_quota`, `invalid_request_error`). */
  readonly code?: string
  /** The provider's own error type. */
  readonly type?: string
  /** JSON Pointer or name of the offending field. */
  readonly param?: string
  /** How long the provider asked to wait, in milliseconds. */
  readonly retryAfterMs?: number
  /** The provider's error value, for its own dialect and, redacted, for the ledger. */
  readonly evidence?: Json
}

/** A failed exchange or attempt. Catch it by `_tag`; decide by `failure.class` and {@link policyOf}. */
export class GatewayError extends Schema.TaggedError<GatewayError>()("GatewayError", {
  failure: Schema.declare((value: unknown): value is Failure => typeof value === "object" && value !== null && "class" in value)
}) {
  override get message(): string {
    return `${this.failure.class}: ${this.failure.message}`
  }
}

/** A failure as an error: `fail({ class: "bad-request", message: "…" })`. */
export const fail = (failure: Failure): GatewayError => new GatewayError({ failure })

/** Statuses by which a provider says that it was too slow. */
const timeouts: ReadonlySet<number | undefined> = new Set([408, 504])

/**
 * The HTTP status the client is told. The provider's own status is kept only where the policy says so and it is an error status; that a
 * provider was too slow is told as 504.
 */
export const statusOf = (failure: Failure): number => {
  const policy = policyOf(failure.class)
  if (failure.class === "transient" && timeouts.has(failure.status)) return 504
  if (policy.status !== "keep") return policy.status
  const stated = failure.status ?? 0
  if (failure.class === "overloaded") return stated === 529 || stated === 503 ? stated : 503
  return stated >= 400 && stated < 600 ? stated : 400
}

/** What the client is told in words: masked classes keep their details out of the answer. */
export const clientMessage = (failure: Failure): string => {
  if (policyOf(failure.class).masked !== true) return failure.message
  return failure.class === "defect"
    ? "The gateway failed while handling this request; the request id names it in the log."
    : "The provider refused the gateway's credential; the operator of the gateway has to look at it."
}
