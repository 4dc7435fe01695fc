/**
 * Error bodies and errors inside streams, to and from failures. Bodies are those of Chat Completions; streams fail with
 * `response.failed`, which carries the answer so far, or with an `error` event.
 */
import type { ErrorClass, Failure } from "@sluice/protocol/GatewayError"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { decode, encode, fromValue as fromBody } from "../chat/Errors.ts"

export { decode, encode }

/** A failure from an event or an answer: the error stands under `error`, in `response`, or is the event itself. */
export const fromValue = (value: Json): Failure => {
  if (!isObject(value)) return fromBody(value)
  const { response } = value
  if (isObject(response) && isObject(response["error"])) return fromBody(response["error"])
  if (isObject(value["error"]) || typeof value["error"] === "string") return fromBody(value)
  // The type of the event is not the type of the error.
  const { type: _, sequence_number: __, ...error } = value
  return fromBody(error)
}

/** Codes clients of this dialect act upon, by class. */
const codes: { readonly [K in ErrorClass]?: string } = {
  "rate-limited": "rate_limit_exceeded",
  "quota-exhausted": "insufficient_quota",
  overloaded: "server_is_overloaded",
  "context-overflow": "context_length_exceeded",
  "bad-request": "invalid_prompt",
  "content-filter": "content_filter",
  "model-not-found": "model_not_found"
}

/** The `error` of an answer that failed. */
export const errorOf = (failure: Failure, message: string): JsonObject => ({ code: failure.code ?? codes[failure.class] ?? "server_error", message })

/** The `error` event of a stream that failed before its answer began. */
export const eventOf = (failure: Failure, message: string): JsonObject => ({ type: "error", ...errorOf(failure, message), param: failure.param ?? null })
