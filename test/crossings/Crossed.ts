/**
 * Requests and answers of one dialect as another dialect's side receives them: what tests of a pair compare. Every stream is
 * checked against the grammar on the way.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect, Ending } from "@sluice/protocol/Dialect"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Loss from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import { assert } from "vitest"
import { dialect as messages } from "../../packages/anthropic/src/messages/Dialect.ts"
import { dialect as gemini } from "../../packages/gemini/src/generate/Dialect.ts"
import { dialect as chat } from "../../packages/openai/src/chat/Dialect.ts"
import { dialect as responses } from "../../packages/openai/src/responses/Dialect.ts"
import * as Codec from "../../packages/testing/src/laws/Codec.ts"

export { chat, gemini, messages, responses }

/** A request as the provider's side receives it. */
export interface CrossedRequest {
  readonly body: JsonObject
  /** Losses as `place reason`, the place in the client's body. */
  readonly losses: ReadonlyArray<string>
  /** Places of losses that refuse the request unless the operator says otherwise. */
  readonly refusing: ReadonlyArray<string>
  readonly renamed: ReadonlyMap<string, string>
}

/** Decodes a request that must be legal; for Gemini the path names a model, which may ask for a stream. */
export const asked = (from: Dialect, body: Json, model = "m"): CanonicalRequest =>
  Result.getOrThrowWith(Codec.decodeRequest(from, body, { model, stream: true }), (failure) => new Error(failure.message))

/** A client's request in the words of another dialect's provider. */
export const request = (from: Dialect, to: Dialect, body: Json, model = "m"): CrossedRequest => {
  const { body: written, losses, renamed } = to.request.encode(asked(from, body, model))
  return {
    body: Codec.transmit(written),
    losses: losses.map(({ at, reason }) => `${at} ${reason}`),
    refusing: losses.filter(({ weight }) => weight === "meaning").map(({ at }) => at),
    renamed
  }
}

/** Payloads of a provider as wire events; text stays as it is, and events of Responses and Messages are named by their type. */
export const wire = (values: ReadonlyArray<Json>): ReadonlyArray<WireEvent> =>
  values.map((value) => {
    if (typeof value === "string") return { data: value }
    const type = typeof value === "object" && value !== null && "type" in value ? value.type : undefined
    return { ...(typeof type === "string" ? { name: type } : {}), data: JSON.stringify(value) }
  })

/** An answer as the client's side receives it. */
export interface CrossedAnswer {
  /** Payloads in their order; what is no JSON stays text. */
  readonly events: ReadonlyArray<JsonObject>
  /** Payloads that are no JSON. */
  readonly marks: ReadonlyArray<string>
  readonly losses: ReadonlyArray<string>
}

const isJson = (data: string): boolean => data.startsWith("{")

/** A provider's stream in the words of another dialect's client. */
export const stream = (from: Dialect, to: Dialect, values: ReadonlyArray<Json>, request = Codec.plainRequest, ending: Ending = "eof"): CrossedAnswer => {
  const frames = Codec.decodeStream(from, wire(values), ending)
  const checked = Grammar.check(Grammar.initial, Codec.eventsOf(frames))
  assert.isFalse(Grammar.isViolation(checked), JSON.stringify(checked))
  const context = Codec.contextFor(request)
  const written = Codec.encodeStream(to, frames, context)
  return {
    events: written.filter(({ data }) => isJson(data)).map(({ data }): JsonObject => JSON.parse(data)),
    marks: written.filter(({ data }) => !isJson(data)).map(({ data }) => data),
    losses: context.sink.losses.map(({ at, reason }) => `${at} ${reason}`)
  }
}

/** A provider's whole answer in the words of another dialect's client. */
export const whole = (
  from: Dialect,
  to: Dialect,
  body: JsonObject,
  request = Codec.plainRequest
): { readonly body: JsonObject; readonly losses: ReadonlyArray<string> } => {
  const context = { ...Codec.contextFor(request), sink: Loss.sink() }
  const { body: written } = { body: to.response.encode([from.response.decode(body)], context) }
  return { body: Codec.transmit(written), losses: context.sink.losses.map(({ at, reason }) => `${at} ${reason}`) }
}
