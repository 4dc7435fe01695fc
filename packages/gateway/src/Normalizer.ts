/**
 * A normalizer straightens what one provider says or wants otherwise than its protocol: at four points, canonical or wire, of the request
 * or of the answer. Pure and synchronous; it gives the same object where there is nothing to do. Registered as a Layer, run in a fixed
 * order: phase, then priority (higher first), then id. What is to be refused or told is an interceptor's business.
 *
 * @example
 * Normalizer.layer({ id: "no-nulls", providers: ["house"], wireRequest: (body) => ("user" in body && body.user === null ? omit(body, "user") : body) })
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import * as Layer from "effect/Layer"
import type { GatewayPart } from "./GatewayPart.ts"
import type { AttemptContext } from "./Interceptor.ts"
import { Normalizers } from "./Registries.ts"

/** What a normalizer does, at the points it has. A fault fails the exchange unless its fail policy is open. */
export interface Normalizer extends Omit<GatewayPart, "timeout"> {
  /** The ids of the providers it is for; absent = all. */
  readonly providers?: ReadonlyArray<string>
  /** The request before it is written in the provider's dialect, after all interceptors of attempts. */
  readonly canonicalRequest?: (request: CanonicalRequest, context: AttemptContext) => CanonicalRequest
  /** The body as it is written, in either lane; for every operation. */
  readonly wireRequest?: (body: JsonObject, context: AttemptContext) => JsonObject
  /** What the provider sent, before it is read: a whole body, or the payload of one event of a stream. */
  readonly wireResponse?: (value: Json, context: AttemptContext) => Json
  /** A frame of the answer, before the interceptors of frames; puts the exchange on the typed lane. */
  readonly canonicalResponse?: (frame: Frame, context: AttemptContext) => Frame
}

/** Hands a normalizer to the gateway. */
export const layer = (normalizer: Normalizer): Layer.Layer<never, never, Normalizers> =>
  Layer.effectDiscard(Normalizers.use((registry) => registry.register(normalizer)))
