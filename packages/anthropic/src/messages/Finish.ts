/**
 * Stop reasons. A reason that another protocol did not give stays null, because a stop is never invented.
 */
import type { Finish, FinishReason } from "@sluice/protocol/CanonicalFinish"
import { same } from "@sluice/protocol/Equality"
import { type Patch } from "@sluice/protocol/Fields"
import { present } from "@sluice/protocol/Json"
import type { LossSink } from "@sluice/protocol/Loss"
import type { Json } from "@sluice/protocol/Wire"

/** What an answer or a message_delta says of its end. */
export interface Stop {
  readonly stop_reason?: string | null
  readonly stop_sequence?: string | null
  readonly stop_details?: Json | null
}

const reasons: ReadonlyMap<string, FinishReason> = new Map([
  ["end_turn", "stop"],
  ["max_tokens", "length"],
  ["stop_sequence", "stop-sequence"],
  ["tool_use", "tool-calls"],
  ["pause_turn", "pause"],
  ["refusal", "refusal"],
  // Providers of this protocol beside Anthropic.
  ["sensitive", "content-filter"],
  ["compaction", "compaction"],
  ["model_context_window_exceeded", "context-window"]
])

const stops: { readonly [R in FinishReason]: string | null } = {
  stop: "end_turn",
  length: "max_tokens",
  "stop-sequence": "stop_sequence",
  "tool-calls": "tool_use",
  pause: "pause_turn",
  refusal: "refusal",
  "content-filter": "refusal",
  compaction: "compaction",
  "context-window": "model_context_window_exceeded",
  pending: null,
  missing: null,
  other: "end_turn"
}

/** The end of an answer; `missing` where no reason is given. */
export const decode = ({ stop_details, stop_reason, stop_sequence }: Stop): Finish => {
  if (stop_reason === undefined || stop_reason === null) return { reason: "missing" }
  return present({
    reason: reasons.get(stop_reason) ?? "other",
    raw: stop_reason,
    stop: stop_sequence ?? undefined,
    details: stop_details ?? undefined
  })
}

/** The stop keys of a new answer. Reasons without a counterpart are reported. */
export const encode = (
  finish: Finish | undefined,
  sink: LossSink
): { readonly stop_reason: Json; readonly stop_sequence: Json; readonly stop_details: Json } => {
  const reason = finish?.reason ?? "missing"
  if (reason === "content-filter" || reason === "other" || reason === "pending") {
    const canonical = "/choices/0/finish/reason"
    sink.add({ at: canonical, canonical, reason: "approximated", weight: "hint", before: reason })
  }
  return { stop_reason: stops[reason], stop_sequence: finish?.stop ?? null, stop_details: reason === "refusal" ? finish?.details ?? null : null }
}

/** The stop keys over the ones an answer came with: nothing when they say the same. */
export const over = (finish: Finish | undefined, origin: Stop, sink: LossSink): Patch => {
  const before = decode(origin)
  if (same(before, finish ?? { reason: "missing" })) return {}
  const fresh = encode(finish, sink)
  return {
    ...(before.reason === finish?.reason ? {} : { stop_reason: fresh.stop_reason }),
    ...(before.stop === finish?.stop ? {} : { stop_sequence: fresh.stop_sequence }),
    ...(same(before.details, finish?.details) ? {} : { stop_details: finish?.details })
  }
}
