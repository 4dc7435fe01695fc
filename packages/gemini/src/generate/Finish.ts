/**
 * Finish reasons and block reasons. Gemini ends calls of functions as it ends text; a prompt that it blocks has no candidate at all.
 * Numbers of the enumeration are read as far as the Gemini API and Vertex AI agree on them.
 */
import type { Finish, FinishReason } from "@sluice/protocol/CanonicalFinish"
import { present } from "@sluice/protocol/Json"
import { isObject, type Json } from "@sluice/protocol/Wire"
import type * as Wire from "./Wire.ts"

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["STOP", "stop"],
  ["MAX_TOKENS", "length"],
  ["SAFETY", "content-filter"],
  ["RECITATION", "content-filter"],
  ["BLOCKLIST", "content-filter"],
  ["PROHIBITED_CONTENT", "content-filter"],
  ["SPII", "content-filter"],
  ["IMAGE_SAFETY", "content-filter"],
  ["IMAGE_PROHIBITED_CONTENT", "content-filter"],
  ["IMAGE_RECITATION", "content-filter"],
  ["MODEL_ARMOR", "content-filter"],
  ["FINISH_REASON_UNSPECIFIED", "missing"],
  ["OTHER", "other"],
  ["LANGUAGE", "other"],
  ["MALFORMED_FUNCTION_CALL", "other"],
  ["UNEXPECTED_TOOL_CALL", "other"],
  ["TOO_MANY_TOOL_CALLS", "other"],
  ["MISSING_THOUGHT_SIGNATURE", "other"],
  ["IMAGE_OTHER", "other"],
  ["NO_IMAGE", "other"]
])

const numbers = ["FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION"] as const

const words: { readonly [R in FinishReason]: string } = {
  stop: "STOP",
  length: "MAX_TOKENS",
  "tool-calls": "STOP",
  "stop-sequence": "STOP",
  "content-filter": "SAFETY",
  refusal: "SAFETY",
  pause: "OTHER",
  compaction: "OTHER",
  "context-window": "MAX_TOKENS",
  pending: "FINISH_REASON_UNSPECIFIED",
  missing: "FINISH_REASON_UNSPECIFIED",
  other: "OTHER"
}

const detailsOf = (message: string | null | undefined): { readonly details?: Json } =>
  present({ details: message === undefined || message === null ? undefined : { finishMessage: message } })

/** The end of a candidate; `undefined` while it says none. */
export const decode = (wire: Wire.Candidate): Finish | undefined => {
  const stated = wire.finishReason ?? undefined
  if (stated === undefined) return undefined
  const word = typeof stated === "number" ? numbers[stated] ?? String(stated) : stated
  return { reason: reasons.get(word) ?? "other", raw: word, ...detailsOf(wire.finishMessage) }
}

/** A stop behind calls is a stop for calls. */
export const withCalls = (finish: Finish): Finish => finish.reason === "stop" ? { ...finish, reason: "tool-calls" } : finish

/** The end that a blocked prompt has; `undefined` where the prompt was not blocked. */
export const ofPrompt = ({ promptFeedback: feedback }: Wire.Answer): Finish | undefined => {
  const stated = feedback?.blockReason ?? undefined
  if (stated === undefined) return undefined
  const message = feedback?.blockReasonMessage ?? undefined
  return {
    reason: stated === 0 || /^BLOCK(ED)?_REASON_UNSPECIFIED$/.test(String(stated)) ? "missing" : "content-filter",
    raw: String(stated),
    ...present({ details: message === undefined ? undefined : { blockReasonMessage: message } })
  }
}

/** The word for a reason. One of Gemini's own is said again where it means the reason. */
export const encode = (finish: Finish): string => finish.raw !== undefined && reasons.get(finish.raw) === finish.reason ? finish.raw : words[finish.reason]

/** What a finish says beside its reason. */
export const messageOf = ({ details }: Finish): string | undefined => {
  const message = isObject(details) ? details["finishMessage"] : undefined
  return typeof message === "string" ? message : undefined
}

/** Whether the word says the very reason; `hasCalls` is whether the candidate made calls. */
export const isExact = (finish: Finish, hasCalls: boolean): boolean => {
  switch (finish.reason) {
    case "tool-calls":
      return hasCalls
    case "stop":
    case "length":
    case "content-filter":
    case "missing":
    case "other":
      return true
    default:
      return false
  }
}
