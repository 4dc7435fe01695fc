/**
 * The one terminal fact of an exchange. Exactly one is recorded for every exchange, whatever happened to the client, the
 * upstream or the process; `ledgerStatus` says how the ledger files it.
 */
import type { FinishReason } from "./CanonicalFinish.ts"
import type { ErrorClass } from "./GatewayError.ts"

/** How an exchange ended; the order is the order of precedence when several facts hold. */
export type Outcome =
  | { readonly _tag: "Defect"; readonly message: string }
  | { readonly _tag: "Denied"; readonly by: string; readonly class: ErrorClass; readonly message: string }
  /** Answered without a provider: `by` a cache, or by a part of the gateway that answers by itself. */
  | { readonly _tag: "Cached"; readonly by: string }
  | { readonly _tag: "Replayed" }
  | { readonly _tag: "UpstreamFailed"; readonly class: ErrorClass; readonly message: string; readonly committed: boolean }
  | { readonly _tag: "Completed"; readonly captureMiss?: boolean; readonly brokeAfter?: boolean }
  | { readonly _tag: "Incomplete"; readonly reason: FinishReason; readonly captureMiss?: boolean; readonly brokeAfter?: boolean }
  | { readonly _tag: "Cancelled"; readonly by: "client" | "server" | "unpolled"; readonly why?: string }
  | { readonly _tag: "Truncated" }
  | { readonly _tag: "Empty" }
  | { readonly _tag: "Abandoned" }

/** How the ledger files an exchange. */
export type LedgerStatus = typeof ledgerStatuses[number]

/** All of them. */
export const ledgerStatuses = ["open", "completed", "failed", "cancelled", "denied", "cached", "abandoned"] as const

/** The ledger status of an outcome. */
export const ledgerStatus = (outcome: Outcome): LedgerStatus => {
  switch (outcome._tag) {
    case "Completed":
    case "Incomplete":
      return "completed"
    case "Cancelled":
      return "cancelled"
    case "Denied":
      return "denied"
    case "Cached":
    case "Replayed":
      return "cached"
    case "Abandoned":
      return "abandoned"
    case "Defect":
    case "UpstreamFailed":
    case "Truncated":
    case "Empty":
      return "failed"
  }
}

/** The name of an outcome as the ledger, logs and metrics show it: `Cancelled(client)`, `Incomplete(length)`. */
export const label = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Cancelled":
      return `Cancelled(${outcome.by})`
    case "Incomplete":
      return `Incomplete(${outcome.reason})`
    case "UpstreamFailed":
      return `UpstreamFailed(${outcome.class})`
    case "Denied":
      return `Denied(${outcome.by})`
    case "Cached":
      return `Cached(${outcome.by})`
    default:
      return outcome._tag
  }
}

/** What the ledger row says went wrong; absent where nothing did. */
export const errorOf = (outcome: Outcome): { readonly class: string; readonly message: string } | undefined => {
  switch (outcome._tag) {
    case "Defect":
      return { class: "defect", message: outcome.message }
    case "Denied":
      return { class: outcome.class, message: outcome.message }
    case "UpstreamFailed":
      return { class: outcome.class, message: outcome.committed ? `upstream stream error: ${outcome.message}` : outcome.message }
    case "Truncated":
      return { class: "cut", message: "stream ended without stop event" }
    case "Empty":
      return { class: "empty", message: "empty upstream stream" }
    case "Cancelled":
      return outcome.why === undefined ? undefined : { class: "cancelled", message: outcome.why }
    default:
      return undefined
  }
}
