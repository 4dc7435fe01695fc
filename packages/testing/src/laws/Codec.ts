/** A dialect's codecs as whole-value functions: what laws and conformance checks need of the step-wise machines. */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { AnswerContext, Dialect, EncodedRequest, Ending } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Loss from "@sluice/protocol/Loss"
import * as Sse from "@sluice/protocol/Sse"
import type { Json, JsonObject } from "@sluice/protocol/Wire"
import type * as Result from "effect/Result"

/** The context of an answer to a request, with a sink of its own. */
export const contextFor = (request: CanonicalRequest): AnswerContext => ({ request, id: "exchange-1", created: 1_700_000_000, sink: Loss.sink() })

/** A streaming request that wants usage: what the laws answer when the request does not matter. */
export const plainRequest: CanonicalRequest = { model: "m", turns: [], stream: true, streamOptions: { includeUsage: true } }

/** Parsed again, so that nothing but JSON crosses, as on a network. */
export const transmit = (body: JsonObject): JsonObject => JSON.parse(JSON.stringify(body))

/** Decodes a body as the dialect's generate endpoint would receive it. */
export const decodeRequest = (
  dialect: Dialect,
  body: Json,
  told: { readonly headers?: { readonly [name: string]: string }; readonly model?: string; readonly stream?: boolean } = {}
): Result.Result<CanonicalRequest, Failure> => {
  const generate = dialect.endpoints.find((endpoint) => endpoint.operation === "generate")
  return dialect.request.decode({
    body,
    headers: told.headers ?? {},
    path: {
      ...(generate?.model.in === "path" && told.model !== undefined ? { model: told.model } : {}),
      ...(generate?.stream.in === "path" && told.stream !== undefined ? { stream: told.stream } : {})
    }
  })
}

/** Decodes what an encoder made of a request, as the other side would receive it. */
export const receive = (dialect: Dialect, request: CanonicalRequest, encoded: EncodedRequest): Result.Result<CanonicalRequest, Failure> =>
  decodeRequest(dialect, transmit(encoded.body), {
    headers: encoded.headers,
    model: request.model,
    ...(request.stream === undefined ? {} : { stream: request.stream })
  })

/** All wire events of a stream. */
export const encodeStream = (dialect: Dialect, frames: ReadonlyArray<Frame>, context: AnswerContext): ReadonlyArray<Sse.WireEvent> => {
  const running = dialect.events.encoder.start(context)
  return [...frames.flatMap((frame) => running.step(frame)), ...running.end()]
}

/** All frames of a stream of wire events. */
export const decodeStream = (dialect: Dialect, events: ReadonlyArray<Sse.WireEvent>, ending: Ending = "eof"): ReadonlyArray<Frame> => {
  const running = dialect.events.decoder.start()
  return [...events.flatMap((event) => running.step(event)), ...running.end(ending)]
}

/** The wire events of bytes, however they were cut. */
export const splitBytes = (chunks: ReadonlyArray<Uint8Array>): ReadonlyArray<Sse.WireEvent> => {
  const splitter = Sse.splitter()
  return [...chunks.flatMap((chunk) => splitter.push(chunk).events), ...splitter.end({ tolerant: true }).events]
}

/** The events of frames, in order. */
export const eventsOf = (frames: ReadonlyArray<Frame>): ReadonlyArray<CanonicalEvent> => frames.flatMap((frame) => frame.events)
