/**
 * Why a choice ended. Every provider's finish or stop reason maps to one of these; the provider's own word is kept beside it.
 */
import type { Json } from "./Wire.ts"

/** The reasons all dialects share, in the order in which they are documented. */
export const reasons = [
  "stop",
  "length",
  "tool-calls",
  "stop-sequence",
  "content-filter",
  "refusal",
  "pause",
  "compaction",
  "context-window",
  "pending",
  "missing",
  "other"
] as const

/** Why a choice ended. `missing`: the provider ended without a reason. `other`: only {@link Finish.raw} says. */
export type FinishReason = (typeof reasons)[number]

/** The end of one choice. */
export interface Finish {
  readonly reason: FinishReason
  /** The provider's own word. */
  readonly raw?: string
  /** The stop sequence that matched. */
  readonly stop?: string
  /** The provider's further words: `incomplete_details`, `stop_details`. */
  readonly details?: Json
}

/** The reason that stands when a provider states several: tool calls beat a plain stop, else the later one wins. */
export const later = (earlier: Finish | undefined, next: Finish): Finish =>
  earlier !== undefined && earlier.reason === "tool-calls" && next.reason === "stop" ? earlier : next

/** Whether the choice said all it had to say: anything else is an incomplete answer. */
export const isComplete = (reason: FinishReason): boolean => reason === "stop" || reason === "tool-calls" || reason === "stop-sequence"
