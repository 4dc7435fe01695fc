/**
 * `finish_reason` to and from the reasons all dialects share. Besides OpenAI's five words there are the words of compatible
 * providers; an unknown word is `other` and kept beside.
 */
import type { Finish, FinishReason } from "@sluice/protocol/CanonicalFinish"
import { present } from "@sluice/protocol/Json"
import type { ChunkChoice } from "./WireAnswer.ts"

const reasons: ReadonlyMap<string, FinishReason> = new Map<string, FinishReason>([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"],
  ["content_filter", "content-filter"],
  ["eos", "stop"],
  ["eos_token", "stop"],
  ["end", "stop"],
  ["end_turn", "stop"],
  ["COMPLETE", "stop"],
  ["STOP", "stop"],
  ["stop_sequence", "stop-sequence"],
  ["max_tokens", "length"],
  ["model_length", "length"],
  ["MAX_TOKENS", "length"],
  ["tool_use", "tool-calls"],
  ["tool_call", "tool-calls"],
  ["sensitive", "content-filter"],
  ["SAFETY", "content-filter"],
  ["refusal", "refusal"]
])

const official: ReadonlySet<string> = new Set(["stop", "length", "tool_calls", "function_call", "content_filter"])

/** The words of this dialect. A reason that says the answer is unfinished becomes `length`, never an invented stop. */
const words: { readonly [R in FinishReason]: string } = {
  stop: "stop",
  length: "length",
  "tool-calls": "tool_calls",
  "stop-sequence": "stop",
  "content-filter": "content_filter",
  refusal: "content_filter",
  pause: "length",
  compaction: "length",
  "context-window": "length",
  pending: "length",
  missing: "length",
  other: "stop"
}

/** What a choice says of its end. */
type Ended = Pick<ChunkChoice, "finish_reason" | "stop_reason" | "matched_stop">

/** What vLLM (`stop_reason`) and SGLang (`matched_stop`) say of the stop that matched; numbers are tokens, not sequences. */
const matchedStop = (choice: Ended): string | undefined => {
  const stop = choice.stop_reason ?? choice.matched_stop
  return typeof stop === "string" && stop !== "" ? stop : undefined
}

/** The finish a choice states; `undefined` where it states none. */
export const decode = (choice: Ended): Finish | undefined => {
  const raw = choice.finish_reason
  if (typeof raw !== "string" || raw === "") return undefined
  const stated = reasons.get(raw) ?? "other"
  const stop = stated === "stop" ? matchedStop(choice) : undefined
  return { reason: stop === undefined ? stated : "stop-sequence", raw, ...present({ stop }) }
}

/**
 * The finish that holds, once it is known what the choice said: a plain stop behind tool calls means that the tools are to be
 * called (OpenAI says so when a tool was forced, some providers always), and tool calls without a call are a plain stop. A
 * plain stop behind a refusal is a refusal: OpenAI says so only in the message.
 */
export const settled = (finish: Finish, said: { readonly calls: boolean; readonly refusal: boolean }): Finish => {
  if (finish.reason === "stop" && said.calls) return { ...finish, reason: "tool-calls" }
  if (finish.reason === "stop" && said.refusal) return { ...finish, reason: "refusal" }
  return finish.reason === "tool-calls" && !said.calls ? { ...finish, reason: "stop" } : finish
}

/** The word for a finish: the provider's own where it is one of OpenAI's and means this. */
export const encode = (finish: Finish): string =>
  finish.raw !== undefined && official.has(finish.raw) && reasons.get(finish.raw) === finish.reason ? finish.raw : words[finish.reason]

/** The finish as it is said behind a refusal: the message tells the refusal, the word is a plain stop. */
export const spoken = (finish: Finish, hasRefusal: boolean): Finish => hasRefusal && finish.reason === "refusal" ? { reason: "stop" } : finish

/** Whether the word for a finish says the same. */
export const isExact = (finish: Finish, hasRefusal: boolean): boolean => {
  const read = reasons.get(encode(spoken(finish, hasRefusal)))
  return (read === "stop" && hasRefusal ? "refusal" : read) === finish.reason
}
