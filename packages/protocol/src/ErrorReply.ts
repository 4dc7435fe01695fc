/**
 * What error replies of all HTTP providers have in common, whatever their JSON looks like: how long to wait, bounded evidence,
 * words for bodies that are no JSON, and what a bare status means. Which class codes and messages tell is each dialect's own business.
 */
import * as Result from "effect/Result"
import type { ErrorClass, Failure } from "./GatewayError.ts"
import { parse, present } from "./Json.ts"
import type { Json } from "./Wire.ts"

/** Headers of a reply, names lower-case. */
export type Headers = { readonly [name: string]: string | undefined }

/** Characters of a provider's error value that are kept. */
const maxEvidence = 4096

/**
 * How long a provider asks to wait, in milliseconds: `retry-after-ms`, or `retry-after` in seconds or as a date, which counts
 * from the reply's own `date` and is ignored without one.
 */
export const retryAfterMs = (headers: Headers): number | undefined => {
  const exact = headers["retry-after-ms"]?.trim() ?? ""
  if (/^\d+(\.\d+)?$/.test(exact)) return Math.round(Number(exact))
  const after = headers["retry-after"]?.trim() ?? ""
  if (/^\d+(\.\d+)?$/.test(after)) return Math.round(Number(after) * 1000)
  const wait = Date.parse(after) - Date.parse(headers["date"] ?? "")
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined
}

/** The beginning of a text that is not much longer as JSON: a text of nothing but escapes is up to six times as long. */
const writable = (text: string): string => {
  let kept = text.slice(0, maxEvidence)
  for (let written = JSON.stringify(kept).length; written > 2 * maxEvidence; written = JSON.stringify(kept).length) {
    kept = kept.slice(0, Math.floor(kept.length * maxEvidence / written))
  }
  return kept
}

/** An error value as evidence: the value itself, or the beginning of its text where that is longer than 4 kB; at most 8 kB as JSON. */
export const evidence = (value: Json): Json => {
  const written = JSON.stringify(value)
  return written.length <= maxEvidence ? value : writable(typeof value === "string" ? value : written)
}

/** The words and the evidence of a body that is no JSON object: proxies answer with HTML pages, plain text or nothing. */
export const ofText = (body: string, status: number): Pick<Failure, "message" | "evidence"> => {
  const text = body.trim()
  if (text === "") return { message: `The provider answered with status ${status} and no body.` }
  const isHtml = /^<(!doctype|html|head|body)/i.test(text)
  return present({ message: isHtml ? "HTML page" : text.slice(0, maxEvidence), evidence: evidence(text) })
}

/** A text that says something: anything else, and an empty one, is absent. */
export const text = (value: Json | undefined): string | undefined => typeof value === "string" && value !== "" ? value : undefined

/** The class of an error of which only its HTTP status is known; `unknown` below 400. 529 is Anthropic's word for overloaded. */
export const classOfStatus = (status: number): ErrorClass => {
  switch (status) {
    case 401:
    case 403:
      return "provider-auth"
    case 402:
      return "quota-exhausted"
    case 404:
      return "model-not-found"
    case 408:
    case 504:
      return "transient"
    case 413:
      return "too-large"
    case 415:
      return "unsupported"
    case 429:
      return "rate-limited"
    case 503:
    case 529:
      return "overloaded"
    default:
      return status >= 500 ? "transient" : status >= 400 ? "bad-request" : "unknown"
  }
}

/** An error reply as it came. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** What a dialect knows of its own errors. */
export interface ErrorShape {
  /** Whether parsed JSON is an error of this dialect; anything else is taken as text. */
  readonly isError: (value: Json) => boolean
  /** The failure of such a value. */
  readonly fromValue: (value: Json, status: number) => Failure
  /** The class of an error of which only words and status are known. */
  readonly classOf: (message: string, status: number) => ErrorClass
}

/** The decoder of error replies of one dialect. It never fails: an unknown shape is classed by its status. */
export const decoder = ({ classOf, fromValue, isError }: ErrorShape) => ({ body, headers, status }: Reply): Failure => {
  const wait = present({ retryAfterMs: retryAfterMs(headers) })
  const parsed = parse(body)
  if (Result.isSuccess(parsed) && isError(parsed.success)) return { ...fromValue(parsed.success, status), ...wait }
  const words = ofText(body, status)
  return { ...words, class: classOf(words.message, status), status, ...wait }
}
