/**
 * Error bodies of chat completion providers, in replies and inside streams, to and from failures. Shapes seen in traffic:
 * `{error: {…}}`, `{error: "text"}`, `{message}`, `{detail}`, lists of those, and HTML pages of proxies.
 */
import * as ErrorReply from "@sluice/protocol/ErrorReply"
import { type ErrorClass, type Failure, policyOf } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

/** Codes and types of errors that say more than their status, by class. */
const codes: ReadonlyArray<readonly [ErrorClass, ReadonlyArray<string>]> = [
  ["quota-exhausted", [
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "insufficient_balance",
    "insufficient_credits",
    "access_terminated"
  ]],
  ["rate-limited", ["rate_limit_exceeded", "rate_limit_error", "RateLimitReached", "requests", "tokens", "too_many_requests"]],
  ["context-overflow", ["context_length_exceeded", "string_above_max_length", "exceed_context_size_error", "max_tokens_exceeded"]],
  ["model-not-found", ["model_not_found", "DeploymentNotFound"]],
  ["content-filter", ["content_filter", "content_policy_violation", "moderation_blocked", "image_content_policy_violation", "bio_policy", "cyber_policy"]],
  ["provider-auth", ["invalid_api_key", "authentication_error", "invalid_authentication_error", "permission_error", "account_deactivated"]],
  ["overloaded", ["overloaded", "overloaded_error", "engine_overloaded", "service_unavailable", "server_is_overloaded", "slow_down"]],
  ["transient", ["server_error", "internal_error", "internal_server_error", "api_error", "timeout", "vector_store_timeout"]],
  ["unsupported", ["unsupported_parameter", "unsupported_value", "unsupported_country_region_territory"]],
  ["bad-request", [
    "invalid_request_error",
    "invalid_prompt",
    "invalid_image",
    "invalid_image_format",
    "invalid_base64_image",
    "invalid_image_url",
    "invalid_image_mode",
    "image_too_large",
    "image_too_small",
    "image_parse_error",
    "image_file_too_large",
    "unsupported_image_media_type",
    "empty_image_file",
    "failed_to_download_image",
    "image_file_not_found",
    "data_residency_mismatch"
  ]]
]

const byCode: ReadonlyMap<string, ErrorClass> = new Map(codes.flatMap(([name, words]) => words.map((word): readonly [string, ErrorClass] => [word, name])))

/** Codes by class where the provider's status says less; a status below wins over the broad `invalid_request_error`. */
const broad: ReadonlySet<string> = new Set(["invalid_request_error", "api_error", "server_error", "requests", "tokens"])

/** Messages of providers without a code for it. */
const overflow = /context (length|window|size)|maximum context|too many (input )?tokens|prompt is too long|reduce the length/i

/** Numbers are codes too: OpenRouter and llama.cpp put the status there. */
const codeOf = (value: Json | undefined): string | undefined => typeof value === "number" ? String(value) : ErrorReply.text(value)

interface Facts {
  readonly message?: string
  readonly code?: string
  readonly type?: string
  readonly param?: string
}

const detailText = (detail: Json | undefined): string | undefined => {
  if (!Array.isArray(detail)) return ErrorReply.text(detail)
  // FastAPI: a list of {loc, msg, type}.
  const messages = detail.flatMap((entry) => (isObject(entry) ? ErrorReply.text(entry["msg"]) : undefined) ?? [])
  return messages.length === 0 ? JSON.stringify(detail) : messages.join("; ")
}

const factsOf = (value: Json): Facts => {
  if (typeof value === "string") return present({ message: ErrorReply.text(value) })
  if (Array.isArray(value)) return value[0] === undefined ? {} : factsOf(value[0])
  if (!isObject(value)) return {}
  const { error } = value
  if (isObject(error)) return factsOf(error)
  if (Array.isArray(error) && error[0] !== undefined) return factsOf(error[0])
  return present({
    message: ErrorReply.text(value["message"]) ?? ErrorReply.text(error) ?? detailText(value["detail"]) ?? ErrorReply.text(value["msg"]) ??
      ErrorReply.text(value["error_description"]),
    code: codeOf(value["code"]),
    type: ErrorReply.text(value["type"]),
    param: ErrorReply.text(value["param"])
  })
}

const classOf = (facts: Facts, status: number): ErrorClass => {
  const ofCode = facts.code === undefined ? undefined : byCode.get(facts.code)
  const ofType = facts.type === undefined ? undefined : byCode.get(facts.type)
  const isPrecise = (code: string | undefined): boolean => code !== undefined && !broad.has(code)
  const stated = ofCode !== undefined && isPrecise(facts.code) ? ofCode : ofType !== undefined && isPrecise(facts.type) ? ofType : undefined
  if (stated !== undefined && stated !== "provider-auth") return stated
  if ((status === 400 || status === 413 || status === 0) && overflow.test(facts.message ?? "")) return "context-overflow"
  const known = status >= 400 ? ErrorReply.classOfStatus(status) : undefined
  return known ?? stated ?? ofCode ?? ofType ?? "unknown"
}

/** The status an error value states itself, for errors inside a stream that came with status 200. */
const statedStatus = (value: Json): number | undefined => {
  const error = isObject(value) && isObject(value["error"]) ? value["error"] : value
  if (!isObject(error)) return undefined
  return [error["status_code"], error["status"], error["code"]]
    .map((value) => typeof value === "number" || typeof value === "string" ? Number(value) : 0)
    .find((candidate) => Number.isInteger(candidate) && candidate >= 400 && candidate < 600)
}

/** A failure from an error value inside a stream or a body. */
export const fromValue = (value: Json, status?: number): Failure => {
  const facts = factsOf(value)
  const told = status ?? statedStatus(value)
  return {
    ...facts,
    class: classOf(facts, told ?? 0),
    message: facts.message ?? "The provider answered with an error and no message.",
    ...present({ status: told }),
    evidence: ErrorReply.evidence(value)
  }
}

/** An error reply as a failure; an unknown shape is classed by its status. */
export const decode = ErrorReply.decoder({
  isError: (value) => isObject(value) || Array.isArray(value),
  fromValue,
  classOf: (message, status) => classOf({ message }, status)
})

/** OpenAI's error type by status, for failures that have none of their own. */
const typeOf = (status: number): string => {
  switch (status) {
    case 401:
      return "authentication_error"
    case 403:
      return "permission_error"
    case 429:
      return "rate_limit_error"
    default:
      return status >= 500 ? "server_error" : "invalid_request_error"
  }
}

/** The body of an error reply, with all four keys OpenAI's schema requires. */
export const encode = (failure: Failure, facts: { readonly status: number; readonly requestId: string; readonly message: string }): JsonObject => ({
  error: {
    message: facts.message,
    type: failure.type ?? typeOf(facts.status),
    param: failure.param ?? null,
    code: failure.code ?? policyOf(failure.class).code
  }
})
