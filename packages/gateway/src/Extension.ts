/**
 * An extension admits, observes and finishes; it never changes content. Registered as a Layer; every extension that was
 * entered is finished exactly once, in reverse order, on every outcome.
 */
import type { Dialect, Operation } from "@sluice/protocol/Dialect"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ExchangeId } from "./ExchangeId.ts"
import type { AttemptRecord, Settlement } from "./Ledger.ts"
import type { Principal } from "./Principal.ts"
import { Extensions, type Ordered } from "./Registries.ts"

/** What hooks may know of an exchange. */
export interface ExchangeContext {
  readonly id: ExchangeId
  readonly startedAt: number
  readonly principal: Principal
  readonly inbound: Dialect["id"]
  readonly operation: Operation
  readonly model: string
  readonly stream: boolean
}

/** Hooks around an exchange. */
export interface Extension extends Ordered {
  /** May refuse with a failure of class `denied`, `rate-limited`, `forbidden` or `unavailable`. */
  readonly admit?: (context: ExchangeContext) => Effect.Effect<void, GatewayError>
  /** Told of every attempt that has ended. */
  readonly onAttempt?: (attempt: AttemptRecord, context: ExchangeContext) => Effect.Effect<void>
  /** Told the end of the exchange, once. */
  readonly finish?: (settlement: Settlement, context: ExchangeContext) => Effect.Effect<void>
}

/** Hands an extension to the gateway. */
export const layer = (extension: Extension): Layer.Layer<never, never, Extensions> =>
  Layer.effectDiscard(Extensions.use((registry) => registry.register(extension)))
