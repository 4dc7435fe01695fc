/**
 * Error bodies and in-stream errors of the Messages API, to and from failures. Classed by Anthropic's error type first, then by
 * status; what a message alone tells (context overflow, blocked output, spent credit) is read from the message.
 */
import * as ErrorReply from "@sluice/protocol/ErrorReply"
import type { ErrorClass, Failure } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"

const byType: ReadonlyMap<string, ErrorClass> = new Map([
  ["authentication_error", "provider-auth"],
  ["permission_error", "provider-auth"],
  ["billing_error", "quota-exhausted"],
  ["not_found_error", "model-not-found"],
  ["request_too_large", "too-large"],
  ["rate_limit_error", "rate-limited"],
  ["timeout_error", "transient"],
  ["api_error", "transient"],
  ["overloaded_error", "overloaded"]
])

/** What messages of type `invalid_request_error` tell beyond their type. */
const byMessage: ReadonlyArray<readonly [RegExp, ErrorClass]> = [
  [/prompt is too long|exceed(s|ed)? (the )?context (limit|window)|context window|input is too long/i, "context-overflow"],
  [/content filtering policy|output blocked/i, "content-filter"],
  [/credit balance is too low|usage limits/i, "quota-exhausted"],
  [/request (size )?exceeds the maximum size|request_too_large/i, "too-large"]
]

interface Facts {
  readonly type?: string
  readonly message?: string
  readonly code?: string
}

/** The error inside a body; some providers of this protocol leave the envelope out. */
const factsOf = (value: Json): Facts => {
  if (!isObject(value)) return present({ message: ErrorReply.text(value) })
  const error = value["error"]
  if (error === undefined || error === null) {
    return present({ type: value["type"] === "error" ? undefined : ErrorReply.text(value["type"]), message: ErrorReply.text(value["message"]) })
  }
  if (!isObject(error)) return present({ message: ErrorReply.text(error) ?? ErrorReply.text(value["message"]) })
  const details = error["details"]
  return present({
    type: ErrorReply.text(error["type"]),
    message: ErrorReply.text(error["message"]),
    code: ErrorReply.text(error["code"]) ?? (isObject(details) ? ErrorReply.text(details["error_code"]) : undefined)
  })
}

const classOf = ({ message, type }: Facts, status: number): ErrorClass => {
  const stated = type === undefined ? undefined : byType.get(type)
  if (stated !== undefined && stated !== "transient") return stated
  const told = status >= 500 || stated === "transient" ? undefined : byMessage.find(([pattern]) => pattern.test(message ?? ""))?.[1]
  if (told !== undefined) return told
  if (status >= 400) return ErrorReply.classOfStatus(status)
  return stated ?? (type === "invalid_request_error" ? "bad-request" : "unknown")
}

/** A failure from an error value inside a stream or a body. `status` is 0 inside a stream. */
export const fromValue = (value: Json, status: number): Failure => {
  const facts = factsOf(value)
  return {
    ...facts,
    class: classOf(facts, status),
    message: facts.message ?? facts.type ?? "The provider answered with an error and no message.",
    ...present({ status: status >= 400 ? status : undefined }),
    evidence: ErrorReply.evidence(value)
  }
}

/** An error reply as a failure; an unknown shape is classed by its status. */
export const decode = ErrorReply.decoder({
  isError: isObject,
  fromValue,
  classOf: (message, status) => classOf({ message }, status)
})

/** Whether a value inside a stream says that the answer failed. */
export const isError = (value: JsonObject): boolean => value["type"] === "error" || (value["type"] === undefined && isObject(value["error"]))

/** Anthropic's error type by status (docs: errors). */
const typeOf = (status: number): string => {
  switch (status) {
    case 401:
      return "authentication_error"
    case 402:
      return "billing_error"
    case 403:
      return "permission_error"
    case 404:
      return "not_found_error"
    case 413:
      return "request_too_large"
    case 429:
      return "rate_limit_error"
    case 503:
    case 529:
      return "overloaded_error"
    case 408:
    case 504:
      return "timeout_error"
    default:
      return status >= 500 ? "api_error" : "invalid_request_error"
  }
}

/** Codes that Anthropic's SDK looks for in `details`. */
const detailsOf = (failure: Failure): JsonObject | undefined => failure.code === "thread_unsupported_request" ? { error_code: failure.code } : undefined

/** The error value of a status, in bodies and in streams. */
export const errorOf = (failure: Failure, status: number, message: string): JsonObject =>
  present({ type: typeOf(status), message, details: detailsOf(failure) })

/** The body of an error reply. */
export const encode = (failure: Failure, facts: { readonly status: number; readonly requestId: string; readonly message: string }): JsonObject => ({
  type: "error",
  error: errorOf(failure, facts.status, facts.message),
  request_id: facts.requestId
})
