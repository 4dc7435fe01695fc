/** What the tests of this folder share: the dialect's codecs as whole-value functions, and short ways to write chunks. */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as Collect from "@sluice/protocol/Collect"
import type { AnswerContext, EncodedRequest, Ending } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Loss from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import { DialectId, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { assert } from "vitest"
import { dialect } from "../../src/generate/Dialect.ts"

/** A dialect that is not this one. */
export const elsewhere = DialectId.make("elsewhere")

/** Decodes a request that must be legal. */
export const decode = (body: Json, path: { readonly model?: string; readonly stream?: boolean } = { model: "gemini-2.5-pro" }): CanonicalRequest =>
  Result.getOrThrowWith(dialect.request.decode({ body, headers: {}, path }), (failure) => new Error(failure.message))

/** Why a request is refused. */
export const refusal = (body: Json): Failure | undefined => {
  const decoded = dialect.request.decode({ body, headers: {}, path: { model: "m" } })
  return Result.isFailure(decoded) ? decoded.failure : undefined
}

/** Encodes a request. */
export const encode = (request: CanonicalRequest): EncodedRequest => dialect.request.encode(request)

/** Encodes what was asked of no dialect in particular. */
export const encodeFresh = (request: Partial<CanonicalRequest>): EncodedRequest =>
  encode({ model: "gemini-2.5-pro", turns: [{ role: "user", parts: [{ type: "text", text: "hi" }] }], ...request })

/** A request with one user content, and what is added to it. */
export const request = (more: JsonObject = {}): JsonObject => ({ contents: [{ role: "user", parts: [{ text: "hi" }] }], ...more })

/** Losses as `canonical reason`. */
export const lossesOf = (encoded: EncodedRequest): ReadonlyArray<string> => encoded.losses.map((loss) => `${loss.canonical} ${loss.reason}`)

/** The context of an answer. */
export const context = (): AnswerContext => ({
  request: { model: "asked-model", turns: [], stream: true },
  id: "exchange",
  created: 1_700_000_000,
  sink: Loss.sink()
})

/** A chunk of one candidate. */
export const chunk = (parts: ReadonlyArray<JsonObject>, more: JsonObject = {}, top: JsonObject = {}): JsonObject => ({
  candidates: [{ content: { parts, role: "model" }, ...more }],
  modelVersion: "m1",
  responseId: "r1",
  ...top
})

/** A value as an event of the wire; text stays as it is. */
export const event = (value: Json): WireEvent => ({ data: typeof value === "string" ? value : JSON.stringify(value) })

/** The frames of a stream, which must be legal and end with one terminal event. */
export const frames = (values: ReadonlyArray<Json>, ending: Ending = "eof"): ReadonlyArray<Frame> => {
  const decoder = dialect.events.decoder.start()
  const found = [...values.flatMap((value) => decoder.step(event(value))), ...decoder.end(ending)]
  const end = Grammar.check(Grammar.initial, found.flatMap((frame) => frame.events))
  assert.isFalse(Grammar.isViolation(end), JSON.stringify(end))
  return found
}

/** All events of a stream. */
export const events = (values: ReadonlyArray<Json>, ending: Ending = "eof"): ReadonlyArray<CanonicalEvent> =>
  frames(values, ending).flatMap((frame) => frame.events)

/** The parts of the first candidate of a stream. */
export const partsOf = (values: ReadonlyArray<Json>) => Collect.collect(events(values)).choices[0]?.parts.map(({ part }) => part) ?? []

/** What an encoder writes for frames. */
export const written = (input: ReadonlyArray<Frame>, answer: AnswerContext = context()): ReadonlyArray<WireEvent> => {
  const encoder = dialect.events.encoder.start(answer)
  return [...input.flatMap((frame) => encoder.step(frame)), ...encoder.end()]
}

/** Events of another dialect, one frame each, as chunks. */
export const chunksOf = (...all: ReadonlyArray<CanonicalEvent>): ReadonlyArray<Json> =>
  written(all.map((each) => ({ events: [each] }))).map(({ data }): Json => JSON.parse(data))

/** The parts of the first candidate of every chunk. */
export const sentParts = (chunks: ReadonlyArray<Json>): ReadonlyArray<Json> =>
  chunks.flatMap((value) => {
    const parsed: { readonly candidates?: ReadonlyArray<{ readonly content: { readonly parts: ReadonlyArray<Json> } }> } = JSON.parse(JSON.stringify(value))
    return parsed.candidates?.[0]?.content.parts ?? []
  })
