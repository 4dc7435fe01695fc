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

/** What the service itself says of an answer that failed (specification of ResponseErrorCode), and the codes above. */
const known: ReadonlySet<string> = new Set([
  ...Object.values(codes),
  "server_error",
  "data_residency_mismatch",
  "bio_policy",
  "vector_store_timeout",
  "invalid_image",
  "invalid_image_format",
  "invalid_base64_image",
  "invalid_image_url",
  "image_too_large",
  "image_too_small",
  "image_parse_error",
  "image_content_policy_violation",
  "invalid_image_mode",
  "image_file_too_large",
  "unsupported_image_media_type",
  "empty_image_file",
  "failed_to_download_image",
  "image_file_not_found"
])

/** The `error` of an answer that failed. Its codes are a closed list: another provider's gives way to that of its class. */
export const errorOf = (failure: Failure, message: string): { readonly code: string; readonly message: string } => {
  const code = failure.code !== undefined && known.has(failure.code) ? failure.code : codes[failure.class]
  return { code: code ?? "server_error", message }
}

/** The `error` event of a stream that failed before its answer began. Its code is any text. */
export const eventOf = (failure: Failure, message: string): JsonObject => ({
  type: "error",
  code: failure.code ?? codes[failure.class] ?? "server_error",
  message,
  param: failure.param ?? null
})
