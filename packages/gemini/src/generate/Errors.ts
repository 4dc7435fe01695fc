/**
 * Error bodies and in-stream errors of Google's APIs (`google.rpc.Status` as JSON), to and from failures. Classed by the reason in
 * their details, then by status word, then by HTTP status; streams without framing wrap the error in a list.
 */
import * as ErrorReply from "@sluice/protocol/ErrorReply"
import type { ErrorClass, Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const byWord: ReadonlyMap<string, ErrorClass> = new Map([
  ["INVALID_ARGUMENT", "bad-request"],
  ["FAILED_PRECONDITION", "bad-request"],
  ["OUT_OF_RANGE", "bad-request"],
  ["ALREADY_EXISTS", "bad-request"],
  ["UNAUTHENTICATED", "provider-auth"],
  ["PERMISSION_DENIED", "provider-auth"],
  ["NOT_FOUND", "model-not-found"],
  ["RESOURCE_EXHAUSTED", "rate-limited"],
  ["UNAVAILABLE", "overloaded"],
  ["INTERNAL", "transient"],
  ["DEADLINE_EXCEEDED", "transient"],
  ["ABORTED", "transient"],
  ["CANCELLED", "transient"],
  ["UNKNOWN", "transient"],
  ["DATA_LOSS", "transient"],
  ["UNIMPLEMENTED", "unsupported"]
])

const byReason: ReadonlyMap<string, ErrorClass> = new Map([
  ["API_KEY_INVALID", "provider-auth"],
  ["API_KEY_EXPIRED", "provider-auth"],
  ["API_KEY_SERVICE_BLOCKED", "provider-auth"],
  ["SERVICE_DISABLED", "provider-auth"],
  ["BILLING_DISABLED", "quota-exhausted"],
  ["RATE_LIMIT_EXCEEDED", "rate-limited"]
])

/** Google answers `CANCELLED` with 499 and `UNIMPLEMENTED` with 501 (google.rpc.Code). */
const byStatus = (status: number): ErrorClass => status === 499 ? "transient" : status === 501 ? "unsupported" : ErrorReply.classOfStatus(status)

/** What messages of `INVALID_ARGUMENT` tell beyond their word. */
const byMessage: ReadonlyArray<readonly [RegExp, ErrorClass]> = [
  [/input token count|exceeds? the maximum number of tokens|context (window|length)|too many (input )?tokens/i, "context-overflow"],
  [/api key (not valid|not found|expired)|api_key_invalid/i, "provider-auth"],
  [/request payload size exceeds|request is too large/i, "too-large"]
]

const prefix = "type.googleapis.com/google.rpc."

/** The entries of `details` of one type. */
const detailsOf = (error: JsonObject, type: string): ReadonlyArray<JsonObject> => {
  const details = error["details"]
  return Array.isArray(details) ? details.filter(isObject).filter((detail: JsonObject) => detail["@type"] === `${prefix}${type}`) : []
}

const listAt = (value: JsonObject | undefined, key: string): ReadonlyArray<JsonObject> => {
  const list = value?.[key]
  return Array.isArray(list) ? list.filter(isObject) : []
}

/** `34.4s`, a protobuf duration, in milliseconds. */
const duration = (value: Json | undefined): number | undefined => {
  const seconds = typeof value === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(value)?.[1] : undefined
  return seconds === undefined ? undefined : Math.round(Number(seconds) * 1000)
}

/** Limits by the day, or of nothing at all, are not over in a moment. */
const isQuota = (error: JsonObject): boolean =>
  detailsOf(error, "QuotaFailure").flatMap((detail) => listAt(detail, "violations")).some((violation) =>
    /per_?day/i.test(ErrorReply.text(violation["quotaId"]) ?? "") || violation["quotaValue"] === "0"
  ) || detailsOf(error, "ErrorInfo").some(({ metadata }) => isObject(metadata) && metadata["quota_limit_value"] === "0")

const classOf = (error: JsonObject, status: number): ErrorClass => {
  const message = ErrorReply.text(error["message"]) ?? ""
  const reasons = detailsOf(error, "ErrorInfo").flatMap(({ reason }) => typeof reason === "string" ? [reason] : [])
  const told = reasons.map((reason) => byReason.get(reason)).find((known) => known !== undefined)
  const word = byWord.get(ErrorReply.text(error["status"]) ?? "")
  const code = typeof error["code"] === "number" ? error["code"] : 0
  const found = told ?? word ?? (status >= 400 ? byStatus(status) : byStatus(code))
  if (found === "rate-limited" && isQuota(error)) return "quota-exhausted"
  if (found === "bad-request" || found === "unknown") return byMessage.find(([pattern]) => pattern.test(message))?.[1] ?? (status === 413 ? "too-large" : found)
  return found
}

/** The error inside a body; streams without framing wrap it in a list. */
const errorIn = (value: Json): Json | undefined => {
  const [first] = Array.isArray(value) ? value : [value]
  return isObject(first) ? first["error"] ?? undefined : undefined
}

/** Whether a body or a chunk says that the answer failed. */
export const isError = (value: Json): boolean => errorIn(value) !== undefined

const statusOf = (error: JsonObject, status: number): number | undefined => {
  const { code } = error
  return status >= 400 ? status : typeof code === "number" && code >= 400 && code < 600 ? code : undefined
}

/** A failure from an error value inside a stream or a body. `status` is 0 inside a stream. */
export const fromValue = (value: Json, status: number): Failure => {
  const inner = errorIn(value)
  const error: JsonObject = isObject(inner) ? inner : {}
  const [violation] = detailsOf(error, "BadRequest").flatMap((detail) => listAt(detail, "fieldViolations"))
  const type = ErrorReply.text(error["status"])
  return {
    class: classOf(error, status),
    message: ErrorReply.text(error["message"]) ?? ErrorReply.text(inner) ?? type ?? "The provider answered with an error and no message.",
    ...present({
      status: statusOf(error, status),
      type,
      code: detailsOf(error, "ErrorInfo").map(({ reason }) => ErrorReply.text(reason)).find((reason) => reason !== undefined),
      param: ErrorReply.text(violation?.["field"]),
      retryAfterMs: detailsOf(error, "RetryInfo").map(({ retryDelay }) => duration(retryDelay)).find((wait) => wait !== undefined)
    }),
    evidence: ErrorReply.evidence(value)
  }
}

/** An error reply as a failure; an unknown shape is classed by its status. */
export const decode = ErrorReply.decoder({
  isError: isError,
  fromValue,
  classOf: (message, status) => classOf({ message }, status)
})

/** Google's word by HTTP status (google.rpc.Code). */
const wordOf = (status: number): string => {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED"
    case 403:
      return "PERMISSION_DENIED"
    case 404:
      return "NOT_FOUND"
    case 409:
      return "ABORTED"
    case 429:
      return "RESOURCE_EXHAUSTED"
    case 499:
      return "CANCELLED"
    case 501:
      return "UNIMPLEMENTED"
    case 502:
    case 503:
    case 529:
      return "UNAVAILABLE"
    case 504:
      return "DEADLINE_EXCEEDED"
    default:
      return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT"
  }
}

const encodeDetails = (failure: Failure, requestId: string): ReadonlyArray<JsonObject> => [
  ...(failure.retryAfterMs === undefined ? [] : [{ "@type": `${prefix}RetryInfo`, retryDelay: `${failure.retryAfterMs / 1000}s` }]),
  ...(failure.param === undefined ? [] : [{ "@type": `${prefix}BadRequest`, fieldViolations: [{ field: failure.param, description: failure.message }] }]),
  { "@type": `${prefix}RequestInfo`, requestId }
]

/** The body of an error reply, and the chunk that ends a stream with an error. */
export const encode = (failure: Failure, facts: { readonly status: number; readonly requestId: string; readonly message: string }): JsonObject => ({
  error: { code: facts.status, message: facts.message, status: wordOf(facts.status), details: encodeDetails(failure, facts.requestId) }
})
