/** Error replies: a refusal in the provider's own words, with the status, code and Retry-After a selection asks for. */
import { type Actions, contentTypes, whole } from "./Actions.ts"
import type { Refusal } from "./Facts.ts"
import type { Provider } from "./Provider.ts"
import { numberParameter, type Selection } from "./Selection.ts"

const messages: Readonly<Record<number, string | undefined>> = {
  400: "The request is not valid.",
  401: "The key is not valid.",
  403: "This key may not use this resource.",
  404: "The resource does not exist.",
  413: "Request exceeds the maximum allowed number of bytes.",
  429: "Rate limit reached.",
  500: "Internal server error",
  503: "The engine is currently overloaded, please try again later.",
  529: "Overloaded"
}

/** The words of an error the simulator makes up for a status. */
export const errorMessage = (status: number): string => messages[status] ?? `The simulator was asked for status ${status}.`

/** A refusal as a reply. */
export const refused = (provider: Provider, answer: number, refusal: Refusal, extra: Readonly<Record<string, string>> = {}): Actions =>
  whole(refusal.status, { ...contentTypes.json, ...provider.answerHeaders(answer), ...extra }, provider.refusal(answer, refusal))

/**
 * An error reply with the parameters of the selection; 429 says to wait a second unless told otherwise, in the place the
 * provider uses. `retryAfter` is passed on as it is.
 */
export const failed = (provider: Provider, answer: number, selection: Selection, otherwise: number): Actions => {
  const status = numberParameter(selection, "status", otherwise)
  const code = selection.parameters.get("code")
  const usual = status === 429 && !selection.parameters.has("retryAfterMs") ? "1" : ""
  const retryAfter = selection.parameters.get("retryAfter") ?? (provider.retryInBody === true ? "" : usual)
  const retryAfterMs = selection.parameters.get("retryAfterMs") ?? ""
  const seconds = selection.parameters.get("retryAfter") ?? usual
  const retryMillis = seconds === "" || Number.isNaN(Number(seconds)) ? numberParameter(selection, "retryAfterMs", -1) : Number(seconds) * 1000
  const refusal = { status, message: errorMessage(status), ...(code === undefined ? {} : { code }), ...(retryMillis < 0 ? {} : { retryMillis }) }
  return refused(provider, answer, refusal, {
    ...(retryAfter === "" ? {} : { "retry-after": retryAfter }),
    ...(retryAfterMs === "" ? {} : { "retry-after-ms": retryAfterMs })
  })
}
