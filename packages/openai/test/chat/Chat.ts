/** What the tests of this folder share: a dialect's codecs as whole-value functions, and short ways to write chunks. */
import type { CanonicalEvent, Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { AnswerContext, EncodedRequest, Ending } from "@sluice/protocol/Dialect"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Loss from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import { DialectId, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { assert } from "vitest"
import { dialect } from "../../src/chat/Dialect.ts"

/** A dialect that is not this one. */
export const elsewhere = DialectId.make("elsewhere")

/** Decodes a request that must be legal. */
export const decode = (body: Json, headers: { readonly [name: string]: string } = {}): CanonicalRequest =>
  Result.getOrThrowWith(dialect.request.decode({ body, headers, path: {} }), (failure) => new Error(failure.message))

/** Encodes a request. */
export const encode = (request: CanonicalRequest): EncodedRequest => dialect.request.encode(request)

/** A request with one user message, and what is added to it. */
export const request = (more: JsonObject = {}): JsonObject => ({ model: "gpt-4o", messages: [{ role: "user", content: "hi" }], ...more })

/** Losses as `canonical reason`. */
export const lossesOf = (encoded: EncodedRequest): ReadonlyArray<string> => encoded.losses.map((loss) => `${loss.canonical} ${loss.reason}`)

/** The context of an answer; usage is asked for unless said otherwise. */
export const context = (includeUsage = true): AnswerContext => ({
  request: { model: "asked-model", turns: [], stream: true, streamOptions: { includeUsage } },
  id: "exchange",
  created: 1_700_000_000,
  sink: Loss.sink()
})

/** A chunk of one choice. */
export const chunk = (delta: JsonObject, more: JsonObject = {}, top: JsonObject = {}): JsonObject => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 5,
  model: "m1",
  choices: [{ index: 0, delta, finish_reason: null, ...more }],
  ...top
})

/** A chunk with a finish and nothing else. */
export const finished = (reason: string): JsonObject => chunk({}, { finish_reason: reason })

/** A chunk without choices. */
export const trailer = (top: JsonObject): JsonObject => ({ id: "c1", object: "chat.completion.chunk", created: 5, model: "m1", choices: [], ...top })

/** A value as an event of the wire; text stays as it is. */
export const event = (value: Json): WireEvent => ({ data: typeof value === "string" ? value : JSON.stringify(value) })

/** The frames of a stream, which must be legal and end with one terminal event. */
export const frames = (values: ReadonlyArray<Json>, ending: Ending = "eof"): ReadonlyArray<Frame> => {
  const decoder = dialect.events.decoder.start()
  const found = [...values.flatMap((value) => decoder.step(event(value))), ...decoder.end(ending)]
  const end = Grammar.check(Grammar.initial, found.flatMap((frame) => frame.events))
  assert.isFalse(Grammar.isViolation(end), JSON.stringify(end))
  if (!Grammar.isViolation(end)) assert.strictEqual(end.phase, "ended")
  return found
}

/** The events of a stream. */
export const events = (values: ReadonlyArray<Json>, ending: Ending = "eof"): ReadonlyArray<CanonicalEvent> =>
  frames(values, ending).flatMap((frame) => frame.events)

/** Events as one line each: what tests compare at a glance. */
export const lines = (all: ReadonlyArray<CanonicalEvent>): ReadonlyArray<string> =>
  all.map((one) => {
    switch (one.type) {
      case "block-start":
        return `start ${one.choice}.${one.index} ${one.call === undefined ? one.kind : `${one.call.kind} ${one.call.id} ${one.call.name}`}`
      case "text-delta":
      case "reasoning-delta":
      case "tool-arguments-delta":
        return `${one.choice}.${one.index} ${one.text}`
      case "block-end":
        return `end ${one.choice}.${one.index}`
      case "finish":
        return `finish ${one.choice} ${one.reason}`
      case "error":
        return `error ${one.failure.class}`
      default:
        return one.type
    }
  })

/** What an encoder makes of frames. */
export const write = (all: ReadonlyArray<Frame>, told: AnswerContext = context()): ReadonlyArray<WireEvent> => {
  const encoder = dialect.events.encoder.start(told)
  return [...all.flatMap((frame) => encoder.step(frame)), ...encoder.end()]
}

/** Events that came from no wire, each in a frame of its own. */
export const bare = (...all: ReadonlyArray<CanonicalEvent>): ReadonlyArray<Frame> => all.map((one) => ({ events: [one] }))

/** Wire events as JSON, `[DONE]` as text. */
export const payloads = (written: ReadonlyArray<WireEvent>): ReadonlyArray<JsonObject | string> =>
  written.map(({ data }) => data === "[DONE]" ? data : JSON.parse(data))
