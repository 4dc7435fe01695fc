/**
 * An interceptor may change what passes: the request once, each attempt, and the frames of the answer. Registered as a Layer,
 * run in a fixed order: phase, then priority (higher first), then id. One that wants frames puts the exchange on the typed lane.
 */
import type { EmbeddingRequest } from "@sluice/protocol/CanonicalEmbedding"
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ExchangeContext } from "./Extension.ts"
import { Interceptors, type Ordered } from "./Registries.ts"

/** What an interceptor of an attempt is told beside the exchange. */
export interface AttemptContext extends ExchangeContext {
  /** 1 for the first attempt of the exchange. */
  readonly attempt: number
  readonly provider: string
  readonly upstreamModel: string
}

/** Changes the frames of one stream; called synchronously for every frame. */
export interface FrameStage {
  /** An empty result, or a frame without events, drops the frame. */
  readonly step: (frame: Frame) => ReadonlyArray<Frame>
}

/** Hooks that may change what passes. */
export interface Interceptor extends Ordered {
  /** Once per exchange, before the plan; `context.operation` tells a prompt that is only counted from one that is answered. */
  readonly request?: (request: CanonicalRequest, context: ExchangeContext) => Effect.Effect<CanonicalRequest, GatewayError>
  /** Once per attempt, after the target was picked. */
  readonly attempt?: (request: CanonicalRequest, context: AttemptContext) => Effect.Effect<CanonicalRequest, GatewayError>
  /** Once per exchange that wants texts embedded, before the plan. */
  readonly embed?: (request: EmbeddingRequest, context: ExchangeContext) => Effect.Effect<EmbeddingRequest, GatewayError>
  /** Starts a stage with its own state for each answer, streamed or buffered. */
  readonly events?: (context: AttemptContext) => FrameStage
}

/** Hands an interceptor to the gateway. */
export const layer = (interceptor: Interceptor): Layer.Layer<never, never, Interceptors> =>
  Layer.effectDiscard(Interceptors.use((registry) => registry.register(interceptor)))
