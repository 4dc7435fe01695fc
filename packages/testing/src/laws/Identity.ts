/** Law 1: inside one dialect, encoding what was decoded gives back what was received: requests, bodies and streams alike. */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Json from "@sluice/protocol/Json"
import type { WireEvent } from "@sluice/protocol/Sse"
import type { Json as JsonValue, JsonObject } from "@sluice/protocol/Wire"
import { isObject } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import * as Requests from "../arbitraries/Requests.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Disturbance from "./Disturbance.ts"
import * as Law from "./Law.ts"
import type { LawOptions } from "./Options.ts"

/** What is wrong with the identity of one request body; nothing when it holds. */
export const request = (dialect: Dialect, body: JsonValue): string | undefined => {
  const decoded = Codec.decodeRequest(dialect, body)
  if (Result.isFailure(decoded)) return `a legal request is refused: ${decoded.failure.message}`
  const encoded = dialect.request.encode(decoded.success)
  return Law.first(
    explain("the request", body, encoded.body),
    encoded.losses.length === 0 ? undefined : `an encoding into the own dialect loses ${encoded.losses.map((loss) => loss.canonical).join(", ")}`
  )
}

/** What is wrong with the identity of one buffered body. */
export const response = (dialect: Dialect, body: JsonObject): string | undefined =>
  explain("the body", body, dialect.response.encode([dialect.response.decode(body)], Codec.contextFor(Codec.plainRequest)))

/** The payload parsed, where it is JSON: how stream events are compared. */
export const payload = (event: WireEvent): JsonValue => {
  const parsed = Json.parse(event.data)
  return Result.isSuccess(parsed) ? parsed.success : event.data
}

const comparable = (events: ReadonlyArray<WireEvent>) => events.map((event) => ({ name: event.name ?? "message", payload: payload(event) }))

/** How many of the wire events the answer consists of: what a provider sends behind a terminal is no part of it. */
const lengthOf = (dialect: Dialect, events: ReadonlyArray<WireEvent>): number => {
  const running = dialect.events.decoder.start()
  const last = events.findIndex((event) => running.step(event).some((frame) => frame.events.some(({ type }) => type === "end" || type === "error")))
  return last === -1 ? events.length : last + 1
}

/**
 * What is wrong with the identity of one stream. Events without data are silent and may go; a terminal that the decoder adds
 * because the provider left it out came from no wire event and is not compared.
 */
export const stream = (dialect: Dialect, events: ReadonlyArray<WireEvent>): string | undefined => {
  const sent = events.slice(0, lengthOf(dialect, events))
  const received = Codec.decodeStream(dialect, sent).filter((frame) => frame.wire !== undefined)
  return explain(
    "the stream",
    comparable(sent.filter((event) => event.data.trim() !== "")),
    comparable(Codec.encodeStream(dialect, received, Codec.contextFor(Codec.plainRequest)))
  )
}

/** The events with unknown keys in some of their payloads. */
export const disturbedEvents = (events: ReadonlyArray<WireEvent>, disturbances: ReadonlyArray<Disturbance.Disturbance>): ReadonlyArray<WireEvent> => {
  const payloads = events.map((event) => payload(event))
  const disturbed = Disturbance.withUnknownKeys(payloads, disturbances)
  return events.map((event, index) => {
    const value = Array.isArray(disturbed) ? disturbed[index] : undefined
    return isObject(value) ? { ...event, data: JSON.stringify(value) } : event
  })
}

/** The law for one dialect. */
export const laws = (dialect: Dialect, { vocabulary = elsewhere, coverage }: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "1",
    `identity of requests, ${dialect.id}`,
    Draw.arbitrary((draw) => ({ request: Requests.request(draw, vocabulary), unknown: Disturbance.draw(draw, 3) })),
    ({ request: canonical, unknown }) => {
      coverage?.request(canonical)
      return request(dialect, Disturbance.withUnknownKeys(Codec.transmit(dialect.request.encode(canonical).body), unknown))
    }
  ),
  Law.make(
    "1",
    `identity of bodies, ${dialect.id}`,
    Draw.arbitrary((draw) => ({ events: Events.events(draw, vocabulary, { choices: 3 }), unknown: Disturbance.draw(draw, 3) })),
    ({ events, unknown }) => {
      coverage?.events(events)
      const body = Codec.transmit(dialect.response.encode([{ events }], Codec.contextFor(Codec.plainRequest)))
      const disturbed = Disturbance.withUnknownKeys(body, unknown)
      return isObject(disturbed) ? response(dialect, disturbed) : undefined
    }
  ),
  Law.make(
    "1",
    `identity of streams, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      frames: Events.frames(draw, Events.events(draw, vocabulary, { choices: 3, ending: "either" })),
      unknown: Disturbance.draw(draw, 3)
    })),
    ({ frames, unknown }) => {
      coverage?.events(Codec.eventsOf(frames))
      return stream(dialect, disturbedEvents(Codec.encodeStream(dialect, frames, Codec.contextFor(Codec.plainRequest)), unknown))
    }
  )
]
