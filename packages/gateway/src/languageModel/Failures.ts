/** Failures of the gateway as those of Effect's language models, and the other way around: class by class. */
import { clientMessage, type ErrorClass, type Failure, type GatewayError, policyOf } from "@sluice/protocol/GatewayError"
import { present } from "@sluice/protocol/Json"
import * as AiError from "effect/ai/AiError"
import * as Duration from "effect/Duration"
import * as Metadata from "./Metadata.ts"

const reasonOf = (failure: Failure): AiError.AiErrorReason => {
  const description = clientMessage(failure)
  const metadata = { [Metadata.name]: { class: failure.class, code: failure.code ?? policyOf(failure.class).code } }
  switch (failure.class) {
    case "rate-limited":
      return new AiError.RateLimitError({
        metadata,
        ...(failure.retryAfterMs === undefined ? {} : { retryAfter: Duration.millis(failure.retryAfterMs) })
      })
    case "quota-exhausted":
      return new AiError.QuotaExhaustedError({ metadata })
    case "provider-auth":
    case "unauthenticated":
      return new AiError.AuthenticationError({ kind: "Unknown", description, metadata })
    case "forbidden":
      return new AiError.AuthenticationError({ kind: "InsufficientPermissions", description, metadata })
    case "content-filter":
      return new AiError.ContentPolicyError({ description, metadata })
    case "bad-request":
    case "too-large":
    case "unsupported":
    case "unsupported-crossing":
    case "context-overflow":
    case "model-not-found":
    case "not-found":
    case "denied":
    case "conflict":
    case "unsupported-media":
      return new AiError.InvalidRequestError({ description, metadata, ...(failure.param === undefined ? {} : { parameter: failure.param }) })
    case "protocol-violation":
      return new AiError.InvalidResponseError({ description, metadata })
    case "unknown":
    case "misconfigured":
    case "defect":
      return new AiError.UnknownError({ description, metadata })
    default:
      return new AiError.InternalProviderError({ description, metadata })
  }
}

/** A failure of the gateway as one of a language model. */
export const toAiError = (method: string) => ({ failure }: GatewayError): AiError.AiError =>
  AiError.make({ module: "Sluice", method, reason: reasonOf(failure) })

const classOf = (reason: AiError.AiErrorReason): ErrorClass => {
  switch (reason._tag) {
    case "RateLimitError":
      return "rate-limited"
    case "QuotaExhaustedError":
      return "quota-exhausted"
    case "AuthenticationError":
      return "provider-auth"
    case "ContentPolicyError":
      return "content-filter"
    case "InvalidRequestError":
    case "InvalidUserInputError":
      return "bad-request"
    case "UnsupportedSchemaError":
      return "unsupported"
    case "NetworkError":
    case "InternalProviderError":
      return "transient"
    case "InvalidOutputError":
    case "InvalidResponseError":
    case "StructuredOutputError":
      return "protocol-violation"
    default:
      return "unknown"
  }
}

/** A failure of a language model as one of a provider. */
export const toFailure = ({ reason }: AiError.AiError): Failure =>
  present({
    class: classOf(reason),
    message: reason.message,
    type: reason._tag,
    param: reason._tag === "InvalidRequestError" ? reason.parameter : undefined,
    retryAfterMs: reason._tag === "RateLimitError" && reason.retryAfter !== undefined ? Duration.toMillis(reason.retryAfter) : undefined
  })
