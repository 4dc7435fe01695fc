/**
 * The `status` of an answer and the reason in `incomplete_details` to and from the reasons all dialects share.
 */
import type { Finish, FinishReason } from "@sluice/protocol/CanonicalFinish"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { settled, spoken } from "../chat/Finish.ts"

export { settled, spoken }

const incomplete: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ["max_output_tokens", "length"],
  ["max_tokens", "length"],
  ["length", "length"],
  ["content_filter", "content-filter"]
])

/** The finish a whole answer states; the status `failed` is an error and not read here. */
export const decode = (response: JsonObject): Finish => {
  const { status, incomplete_details: details } = response
  switch (status) {
    case "completed":
    case "complete":
      return { reason: "stop", raw: status }
    case "incomplete": {
      const raw = isObject(details) && typeof details["reason"] === "string" ? details["reason"] : status
      return { reason: raw === status ? "length" : incomplete.get(raw) ?? "other", raw }
    }
    case "queued":
    case "in_progress":
      return { reason: "pending", raw: status }
    default:
      return typeof status === "string" && status !== "" ? { reason: "other", raw: status } : { reason: "missing" }
  }
}

/** Why an answer is incomplete, in this dialect's words; absent where it is complete. A reason that is unknown here says that words are missing. */
const words: { readonly [R in FinishReason]: "max_output_tokens" | "content_filter" | undefined } = {
  stop: undefined,
  "tool-calls": undefined,
  "stop-sequence": undefined,
  other: undefined,
  length: "max_output_tokens",
  pause: "max_output_tokens",
  compaction: "max_output_tokens",
  "context-window": "max_output_tokens",
  pending: "max_output_tokens",
  missing: "max_output_tokens",
  "content-filter": "content_filter",
  refusal: "content_filter"
}

/** What an answer says of its end. */
export interface Ended {
  readonly status: "completed" | "incomplete"
  readonly incomplete_details: { readonly reason: string } | null
}

/** A finish as the status of an answer; behind a refusal in words the answer is complete. */
export const encode = (finish: Finish, hasRefusal: boolean): Ended => {
  const reason = words[spoken(finish, hasRefusal).reason]
  return reason === undefined ? { status: "completed", incomplete_details: null } : { status: "incomplete", incomplete_details: { reason } }
}

/** Whether the status says the same as the finish. */
export const isExact = (finish: Finish, said: { readonly calls: boolean; readonly refusal: boolean }): boolean => {
  const ended = encode(finish, said.refusal && !said.calls)
  const written: { readonly [key: string]: Json } = { ...ended, incomplete_details: ended.incomplete_details === null ? null : { ...ended.incomplete_details } }
  return settled(decode(written), said).reason === finish.reason
}
