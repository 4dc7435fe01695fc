/** What becomes of a request that the ledger does not take: it is refused, or it passes and is counted as one without a record, as the settings say. */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import type * as Effect from "effect/Effect"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as Metrics from "./Metrics.ts"

/** `message` is for the client. */
export const become = ({ settings }: Pick<Gateway, "settings">, { inbound }: Exchange, message: string): Effect.Effect<void, GatewayError> =>
  settings.onLedgerFailure === "allow" ? Metrics.unrecorded(inbound.id) : fail({ class: "unavailable", message, retryAfterMs: 1000 })
