/** What several tests of this dialect need: short ways to decode, encode and stream. It holds no expectations. */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import * as Loss from "@sluice/protocol/Loss"
import type { WireEvent } from "@sluice/protocol/Sse"
import { isObject, type Json, type JsonObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import { dialect } from "../../src/messages/Dialect.ts"

/** A request body decoded; the test fails when it is refused. */
export const read = (body: Json): CanonicalRequest =>
  Result.getOrThrowWith(dialect.request.decode({ body, headers: {}, path: {} }), (failure) => new Error(failure.message))

/** A request of one user message, changed in some keys. */
export const asking = (keys: JsonObject = {}): JsonObject => ({
  model: "claude-sonnet-4-5",
  max_tokens: 100,
  messages: [{ role: "user", content: "Hi" }],
  ...keys
})

/** A request as another dialect would have decoded it. */
export const foreign = (request: Partial<CanonicalRequest>): CanonicalRequest => ({
  model: "claude-sonnet-4-5",
  maxOutputTokens: 100,
  turns: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }],
  ...request
})

/** What a client's request was, for encoders of answers. */
export const context = (): AnswerContext => ({ request: foreign({}), id: "x1", created: 1, sink: Loss.sink() })

/** Wire events by their payload. */
export const wire = (...values: ReadonlyArray<JsonObject>): ReadonlyArray<WireEvent> =>
  values.map((value) => ({ name: String(value["type"]), data: JSON.stringify(value) }))

/** The frames of a whole stream. */
export const decodeStream = (events: ReadonlyArray<WireEvent>, ending: "eof" | "reset" = "eof"): ReadonlyArray<Frame> => {
  const decoder = dialect.events.decoder.start()
  return [...events.flatMap((event) => decoder.step(event)), ...decoder.end(ending)]
}

/** The payloads of a whole stream. */
export const encodeStream = (frames: ReadonlyArray<Frame>, at: AnswerContext = context()): ReadonlyArray<JsonObject> => {
  const encoder = dialect.events.encoder.start(at)
  return [...frames.flatMap((frame) => encoder.step(frame)), ...encoder.end()].map((event) => JSON.parse(event.data))
}

/** The losses of an encoding, in short. */
export const losses = (found: ReadonlyArray<Loss.Loss>): ReadonlyArray<string> => found.map((loss) => `${loss.canonical};${loss.reason};${loss.weight}`)

/** A stream around content events. */
export const message = (...content: ReadonlyArray<JsonObject>): ReadonlyArray<WireEvent> =>
  wire(
    {
      type: "message_start",
      message: {
        id: "msg_1",
        type: "message",
        role: "assistant",
        model: "claude-x",
        content: [],
        stop_reason: null,
        usage: { input_tokens: 7, output_tokens: 1 }
      }
    },
    ...content,
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 5 } },
    { type: "message_stop" }
  )

/** One block of one message of a request body. */
export const blockAt = (body: JsonObject, message: number, block: number): Json | undefined => {
  const messages = body["messages"]
  const found = Array.isArray(messages) ? messages[message] : undefined
  const content = isObject(found) ? found["content"] : undefined
  return Array.isArray(content) ? content[block] : undefined
}

/** A key of an object, where the value is one. */
export const keyOf = (value: Json | undefined, key: string): Json | undefined => isObject(value) ? value[key] : undefined
