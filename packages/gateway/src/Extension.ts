/**
 * An extension admits, looks up, observes and finishes; it never changes content. Registered as a Layer, run in a fixed order:
 * phase, then priority (higher first), then id. Every extension that was entered is finished exactly once, in reverse order, on
 * every outcome.
 *
 * @example
 * Extension.layer({ id: "night", admit: ({ principal }) => principal.id === "batch" ? Effect.void : ShortCircuit.reply({ status: 503 }) })
 */
import type { CanonicalEvent } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect, Operation } from "@sluice/protocol/Dialect"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { ExchangeId } from "./ExchangeId.ts"
import type { GatewayPart } from "./GatewayPart.ts"
import type { AttemptRecord, Settlement } from "./Ledger.ts"
import type { Principal } from "./Principal.ts"
import type { RecordedAnswer } from "./RecordedAnswer.ts"
import { Extensions } from "./Registries.ts"
import type { Stop } from "./ShortCircuit.ts"

/** What hooks may know of an exchange. */
export interface ExchangeContext {
  readonly id: ExchangeId
  readonly startedAt: number
  readonly principal: Principal
  readonly inbound: Dialect["id"]
  readonly operation: Operation
  readonly model: string
  readonly stream: boolean
  /** A header the client sent, by its name in lower case; never one that may hold a credential. */
  readonly header: (name: string) => string | undefined
  /** The targets of the plan, in its order; empty before there is a plan. */
  readonly targets: ReadonlyArray<{ readonly provider: string; readonly model: string }>
}

/** Hooks around an exchange. */
export interface Extension extends GatewayPart {
  /** May refuse with a failure of class `denied`, `rate-limited`, `forbidden` or `unavailable`, or end the exchange with a reply of its own. */
  readonly admit?: (context: ExchangeContext) => Effect.Effect<void, Stop>
  /**
   * An answer to give instead of asking a provider. Asked after the interceptors of requests and after limits are reserved; the first
   * that has one is taken, for streams too. Only for exchanges that generate.
   */
  readonly lookup?: (request: CanonicalRequest, context: ExchangeContext) => Effect.Effect<Option.Option<RecordedAnswer>, GatewayError>
  /** Given a whole answer a provider gave after `lookup` had none, as the client was told it; bounded in size. Called before `finish`. */
  readonly store?: (answer: RecordedAnswer, request: CanonicalRequest, context: ExchangeContext) => Effect.Effect<void>
  /**
   * Told every event of an answer, as the client is told it, through a bounded queue beside the exchange; what does not fit is dropped and
   * counted. A `start` may come again where another attempt takes over.
   */
  readonly observe?: (event: CanonicalEvent, context: ExchangeContext) => Effect.Effect<void>
  /** Told of every attempt that has ended. */
  readonly onAttempt?: (attempt: AttemptRecord, context: ExchangeContext) => Effect.Effect<void>
  /** Told the end of the exchange, once. */
  readonly finish?: (settlement: Settlement, context: ExchangeContext) => Effect.Effect<void>
}

/** Hands an extension to the gateway. */
export const layer = (extension: Extension): Layer.Layer<never, never, Extensions> =>
  Layer.effectDiscard(Extensions.use((registry) => registry.register(extension)))
