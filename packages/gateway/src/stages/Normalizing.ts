/**
 * Normalizers of wire values at work: on the body a target is sent, on a whole body it answered, and on the payloads of its events. The
 * same value comes back where nothing was to be done, so that bytes nobody changed go on as they are.
 */
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Protocol from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import { contextOf, type Exchange } from "../Exchange.ts"
import type { Gateway } from "../Gateway.ts"
import type { Installed } from "../Hooks.ts"
import type { AttemptContext } from "../Interceptor.ts"
import type { Outbound } from "../Outbound.ts"
import * as PartCall from "../PartCall.ts"
import type { Stopped } from "./FrameRun.ts"

/** One that may be for some providers only. */
export interface Chosen {
  readonly providers: ReadonlyArray<string> | undefined
  readonly normalize: (value: Json, context: AttemptContext) => Json
}

/** The normalizers of one point. */
export type Point = ReadonlyArray<Installed<Chosen>>

const place = (gateway: Gateway, exchange: Exchange): PartCall.Place => ({ gateway, exchange, step: "normalizer" })

/** A value past all normalizers that are for its provider; the same one where none changed it. */
const through = (at: PartCall.Place, point: Point, value: Json, context: AttemptContext): Result.Result<Json, GatewayError> => {
  let current = value
  for (const hook of point) {
    const { normalize, providers } = hook.call
    if (providers !== undefined && !providers.includes(context.provider)) continue
    const before = current
    const instead = PartCall.skipped(at, hook, before)
    const made = instead ?? Result.match(Result.try({ try: () => normalize(before, context), catch: (thrown) => thrown }), {
      onSuccess: (made): Result.Result<Json, GatewayError> => Result.succeed(made),
      onFailure: (thrown) => PartCall.fault(at, hook, thrown, before)
    })
    if (Result.isFailure(made)) return made
    current = made.success
  }
  return Result.succeed(current)
}

/** What a target is sent, with its body past the normalizers of requests. */
export const outbound = (
  gateway: Gateway,
  exchange: Exchange,
  target: Pick<AttemptContext, "provider" | "upstreamModel" | "upstream">,
  written: Outbound
): Result.Result<Outbound, GatewayError> => {
  const { wireRequest } = gateway.hooks
  if (wireRequest.length === 0) return Result.succeed(written)
  const parsed = Protocol.parse(written.body)
  if (Result.isFailure(parsed) || !isObject(parsed.success)) return Result.succeed(written)
  const body = parsed.success
  const context = { ...contextOf(exchange), ...target, attempt: exchange.attempts.length + 1 }
  return Result.map(
    through(place(gateway, exchange), wireRequest, body, context),
    (made) => made === body ? written : { ...written, body: JSON.stringify(made) }
  )
}

/** A whole body of an answer past the normalizers of answers. */
export const whole = (gateway: Gateway, exchange: Exchange, context: () => AttemptContext, value: Json): Result.Result<Json, GatewayError> => {
  const { wireResponse } = gateway.hooks
  return wireResponse.length === 0 ? Result.succeed(value) : through(place(gateway, exchange), wireResponse, value, context())
}

/** The events of one stream past the normalizers of answers. */
export interface EventRun {
  /** The same event where nothing was changed. */
  readonly step: (event: WireEvent) => WireEvent
  /** Set when one that must not fail did. */
  readonly stopped: () => Stopped | undefined
}

/** Starts for one stream; `undefined` where there is none. */
export const events = (gateway: Gateway, exchange: Exchange, context: () => AttemptContext): EventRun | undefined => {
  const { wireResponse } = gateway.hooks
  if (wireResponse.length === 0) return undefined
  const at = place(gateway, exchange)
  const facts = context()
  let stopped: Stopped | undefined
  return {
    step: (event) => {
      const parsed = Protocol.parse(event.data)
      // Marks like `[DONE]` are none of theirs
      if (Result.isFailure(parsed) || stopped !== undefined) return event
      const made = through(at, wireResponse, parsed.success, facts)
      if (Result.isSuccess(made)) return made.success === parsed.success ? event : { ...event, data: JSON.stringify(made.success) }
      stopped = { by: exchange.step ?? at.step, failure: made.failure.failure }
      return event
    },
    stopped: () => stopped
  }
}
