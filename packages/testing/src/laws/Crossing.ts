/**
 * Law 2: what the other side of a crossing reads is what was said, less the reported losses. Checked from the canonical model
 * itself (every constructor there is) and from another dialect (what its clients really send).
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as Collect from "@sluice/protocol/Collect"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Loss from "@sluice/protocol/Loss"
import * as Result from "effect/Result"
import * as Draw from "../arbitraries/Draw.ts"
import * as Events from "../arbitraries/Events.ts"
import * as Requests from "../arbitraries/Requests.ts"
import { elsewhere } from "../arbitraries/Vocabulary.ts"
import * as CanonicalForm from "../CanonicalForm.ts"
import * as AnswerFacts from "./AnswerFacts.ts"
import * as Codec from "./Codec.ts"
import { explain } from "./Difference.ts"
import * as Law from "./Law.ts"
import type { LawOptions } from "./Options.ts"

/** What is wrong with the crossing of one request into a dialect; nothing when it holds. */
export const request = (to: Dialect, canonical: CanonicalRequest, { allows, oracle, coverage }: LawOptions, pair: string): string | undefined => {
  const encoded = to.request.encode(canonical)
  coverage?.losses(pair, encoded.losses)
  const refused = encoded.losses.find((loss) => allows?.(loss) === false)
  if (refused !== undefined) return `a loss outside the table of ${pair}: ${refused.canonical};${refused.reason};${refused.weight}`
  const received = Codec.receive(to, canonical, encoded)
  if (Result.isFailure(received)) return `the other side refuses what was encoded for it: ${received.failure.message} (${received.failure.param ?? "no place"})`
  // Loss.apply changes values in place of their pointers and keeps the type of the whole.
  const expected = Loss.apply(encoded.losses, canonical) as CanonicalRequest
  return Law.first(
    explain("the received request", CanonicalForm.ofRequest(expected), CanonicalForm.ofRequest(received.success)),
    oracle?.request?.(Codec.transmit(encoded.body))
  )
}

/** Law 2 for the canonical model itself. */
export const embeddingLaws = (dialect: Dialect, options: LawOptions): ReadonlyArray<Law.Law> => [
  Law.make(
    "2",
    `crossing of requests, canonical to ${dialect.id}`,
    Draw.arbitrary((draw) => Requests.request(draw, draw.chance(50) ? elsewhere : options.vocabulary ?? elsewhere)),
    (canonical) => {
      options.coverage?.request(canonical)
      return request(dialect, canonical, options, `canonical → ${dialect.id}`)
    }
  ),
  Law.make(
    "2",
    `crossing of streams, canonical to ${dialect.id}`,
    Draw.arbitrary((draw) =>
      Events.frames(draw, Events.events(draw, draw.chance(50) ? elsewhere : options.vocabulary ?? elsewhere, { choices: 3, ending: "either" }))
    ),
    (frames) => {
      options.coverage?.events(Codec.eventsOf(frames))
      const context = Codec.contextFor(Codec.plainRequest)
      const received = Codec.decodeStream(dialect, Codec.encodeStream(dialect, frames, context))
      return AnswerFacts.compare(Collect.collectFrames(frames), Collect.collectFrames(received), context.sink.losses)
    }
  ),
  Law.make(
    "2",
    `crossing of bodies, canonical to ${dialect.id}`,
    Draw.arbitrary((draw) => Events.events(draw, draw.chance(50) ? elsewhere : options.vocabulary ?? elsewhere, { choices: 3 })),
    (events) => {
      const context = Codec.contextFor(Codec.plainRequest)
      const body = Codec.transmit(dialect.response.encode([{ events }], context))
      return Law.first(
        AnswerFacts.compare(Collect.collect(events), Collect.collectFrames([dialect.response.decode(body)]), context.sink.losses),
        options.oracle?.response?.(body)
      )
    }
  )
]

/** Law 2 for an ordered pair of dialects: requests cross from client to provider, answers back. */
export const laws = (from: Dialect, to: Dialect, options: LawOptions, toOptions: LawOptions): ReadonlyArray<Law.Law> => {
  const pair = `${from.id} → ${to.id}`
  const vocabulary = options.vocabulary ?? elsewhere
  return [
    Law.make("2", `crossing of requests, ${pair}`, Draw.arbitrary((draw) => Requests.request(draw, vocabulary)), (canonical) => {
      const sent = Codec.receive(from, canonical, from.request.encode(canonical))
      if (Result.isFailure(sent)) return `the client's own dialect refuses its request: ${sent.failure.message}`
      return request(to, sent.success, options, pair)
    }),
    Law.make(
      "2",
      `crossing of streams, ${to.id} → ${from.id}`,
      Draw.arbitrary((draw) => Events.frames(draw, Events.events(draw, toOptions.vocabulary ?? elsewhere, { choices: 2, ending: "either" }))),
      (frames) => {
        const upstream = Codec.decodeStream(to, Codec.encodeStream(to, frames, Codec.contextFor(Codec.plainRequest)))
        const context = Codec.contextFor(Codec.plainRequest)
        const wire = Codec.encodeStream(from, upstream, context)
        return Law.first(
          AnswerFacts.compare(Collect.collectFrames(upstream), Collect.collectFrames(Codec.decodeStream(from, wire)), context.sink.losses),
          options.oracle?.stream?.(wire)
        )
      }
    ),
    Law.make(
      "2",
      `crossing of bodies, ${to.id} → ${from.id}`,
      Draw.arbitrary((draw) => Events.events(draw, toOptions.vocabulary ?? elsewhere, { choices: 2 })),
      (events) => {
        const upstream = to.response.decode(Codec.transmit(to.response.encode([{ events }], Codec.contextFor(Codec.plainRequest))))
        const context = Codec.contextFor(Codec.plainRequest)
        const body = Codec.transmit(from.response.encode([upstream], context))
        return Law.first(
          AnswerFacts.compare(Collect.collectFrames([upstream]), Collect.collectFrames([from.response.decode(body)]), context.sink.losses),
          options.oracle?.response?.(body)
        )
      }
    )
  ]
}
