/** What an exchange carries while it holds the claim to an idempotency key: the answer as it is collected, and what it is so far. */
import type { Failure } from "@sluice/protocol/GatewayError"
import type { Capture } from "../Capture.ts"
import type { Ticket } from "../Replays.ts"

/** A claim under way. */
export interface Held {
  readonly ticket: Ticket
  readonly capture: Capture
  contentType: string
  isStream: boolean
  /** Headers of the gateway's own that say how the answer came about. */
  marks: { readonly [name: string]: string } | undefined
  /** The answer came to its end, whoever was there to see it. */
  isWhole: boolean
  /** The client was, or would have been, told this instead of an answer. */
  failure: Failure | undefined
}
