/** Law 6: any bytes give frames or a typed error; no exception, and what comes out of a broken stream is legal all the same. */
import type { Dialect } from "@sluice/protocol/Dialect"
import { errorClasses, type Failure } from "@sluice/protocol/GatewayError"
import * as Sse from "@sluice/protocol/Sse"
import * as Result from "effect/Result"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import * as JsonValues from "../arbitraries/JsonValues.ts"
import * as Requests from "../arbitraries/Requests.ts"
import * as Texts from "../arbitraries/Texts.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Disturbance from "./Disturbance.ts"
import * as Identity from "./Identity.ts"
import * as Law from "./Law.ts"
import { illegality } from "./Legality.ts"
import type { LawOptions } from "./Options.ts"

const unclear = (failure: Failure): string | undefined =>
  errorClasses.includes(failure.class) && failure.message.length > 0 ? undefined : `a failure without class or message: ${JSON.stringify(failure)}`

/** Random bytes that look a little like a stream. */
const noise = (draw: Draw.Draw): string =>
  draw.list(
    0,
    12,
    () => draw.pick(["data: ", "event: message_delta\n", "\n\n", "{", "}", "[DONE]", "null", "{\"choices\":[{}]}", "\r", "\0", Texts.text(draw)])
  ).join("")

/** The law for one dialect. */
export const laws = (dialect: Dialect, { vocabulary = elsewhere }: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "6",
    `any bytes give a legal stream, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      noise: draw.maybe(40, () => noise(draw)),
      ending: draw.pick(["eof", "reset"] as const),
      wounds: draw.list(0, 4, () => ({ at: draw.below(1001), byte: draw.below(256) })),
      frames: Events.frames(draw, Events.events(draw, vocabulary, { choices: 2, ending: "either" }))
    })),
    ({ frames, wounds, noise, ending }) => {
      const bytes = new TextEncoder().encode(noise ?? Sse.writeAll(Codec.encodeStream(dialect, frames, Codec.contextFor(Codec.plainRequest))))
      for (const { at, byte } of wounds) if (bytes.length > 0) bytes[Math.floor(at * (bytes.length - 1) / 1000)] = byte
      const decoded = Codec.decodeStream(dialect, Codec.splitBytes([bytes]), ending)
      const events = Codec.eventsOf(decoded)
      Codec.encodeStream(dialect, decoded, Codec.contextFor(Codec.plainRequest))
      return Law.first(illegality(events), events.length <= bytes.length + 16 ? undefined : `${bytes.length} bytes became ${events.length} events`)
    }
  ),
  Law.make(
    "6",
    `wrong values in a stream give a legal stream, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      wounds: Disturbance.draw(draw, 3),
      frames: Events.frames(draw, Events.events(draw, vocabulary, { choices: 2, ending: "either" }))
    })),
    ({ frames, wounds }) => {
      const wire = Codec.encodeStream(dialect, frames, Codec.contextFor(Codec.plainRequest))
      const wounded = Disturbance.broken(wire.map(Identity.payload), wounds)
      const values = Array.isArray(wounded) ? wounded : [wounded]
      const events = values.map((value, index): Sse.WireEvent => ({ ...wire[index], data: typeof value === "string" ? value : JSON.stringify(value) }))
      const decoded = Codec.decodeStream(dialect, events)
      Codec.encodeStream(dialect, decoded, Codec.contextFor(Codec.plainRequest))
      return illegality(Codec.eventsOf(decoded))
    }
  ),
  Law.make(
    "6",
    `any body is an answer or a typed error, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      json: draw.maybe(30, () => JsonValues.json(draw)),
      wounds: Disturbance.draw(draw, 3),
      events: Events.events(draw, vocabulary, { choices: 2 })
    })),
    ({ json, wounds, events }) => {
      const body = json ?? Disturbance.broken(Codec.transmit(dialect.response.encode([{ events }], Codec.contextFor(Codec.plainRequest))), wounds)
      return illegality(dialect.response.decode(body).events)
    }
  ),
  Law.make(
    "6",
    `any request body is a request or a typed refusal, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      json: draw.maybe(20, () => JsonValues.json(draw)),
      wounds: Disturbance.draw(draw, 3),
      request: Requests.request(draw, vocabulary)
    })),
    ({ json, wounds, request }) => {
      const body = json ?? Disturbance.broken(Codec.transmit(dialect.request.encode(request).body), wounds)
      const decoded = Codec.decodeRequest(dialect, body)
      const checked = dialect.request.check({ body, headers: {}, path: {} })
      if (Result.isSuccess(decoded)) return checked === undefined ? Identity.request(dialect, body) : `the check refuses what is decoded: ${checked.message}`
      return Law.first(
        explain("the refusal of the check", decoded.failure, checked),
        unclear(decoded.failure),
        decoded.failure.class === "bad-request" ? undefined : `a wrong body is ${decoded.failure.class}, not bad-request`,
        decoded.failure.param === undefined ? "the refusal names no place" : undefined
      )
    }
  ),
  Law.make(
    "6",
    `any error reply is a failure with a class, ${dialect.id}`,
    Draw.arbitrary((draw) => ({
      status: 300 + draw.below(300),
      headers: {
        "retry-after": draw.pick(["1", "-5", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "1e9"]),
        date: draw.pick(["Wed, 21 Oct 2026 07:27:00 GMT", "x"])
      },
      body: draw.pick([
        JSON.stringify({ error: JsonValues.json(draw) }),
        JSON.stringify({ error: { message: Texts.text(draw), type: Texts.text(draw), code: JsonValues.json(draw, 1) } }),
        JSON.stringify({ type: "error", error: { type: "overloaded_error", message: Texts.text(draw) } }),
        "<html>busy</html>",
        Texts.text(draw),
        ""
      ])
    })),
    (reply) => {
      const failure = dialect.errors.decode(reply)
      const wait = failure.retryAfterMs
      return Law.first(
        unclear(failure),
        wait === undefined || (Number.isFinite(wait) && wait >= 0) ? undefined : `a wait of ${wait} ms`,
        JSON.stringify(failure.evidence ?? null).length <= 8192 ? undefined : "the evidence is too large"
      )
    }
  )
]
