/**
 * Law 2: what the other side of a crossing reads is what was said, less the reported losses. Checked from the canonical model
 * itself (every constructor there is) and from another dialect (what its clients really send).
 */
import type { Frame } from "@sluice/protocol/CanonicalEvent"
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

/** A loss that the table of a crossing does not have. */
const outside = (what: string, losses: ReadonlyArray<Loss.Loss>, allows: ((loss: Loss.Loss) => boolean) | undefined): string | undefined => {
  const found = losses.find((loss) => allows?.(loss) === false)
  return found === undefined ? undefined : `a loss outside the table of ${what}: ${found.canonical};${found.reason};${found.weight}`
}

/** Whether something is in the words of a dialect that no other has. */
const hasNative = (dialect: string, value: unknown): boolean =>
  Array.isArray(value)
    ? value.some((inner) => hasNative(dialect, inner))
    : typeof value === "object" && value !== null &&
      (("type" in value && value.type === "foreign" && "dialect" in value && value.dialect === dialect) ||
        Object.entries(value).some(([key, inner]) => key !== "wire" && hasNative(dialect, inner)))

/**
 * Whether outside judges have a say. What the dialect's own clients say goes out as it came, and its provider is the judge of it;
 * a request without a single turn says nothing.
 */
const isJudged = (to: Dialect, sent: CanonicalRequest, received: CanonicalRequest): boolean =>
  received.turns.length > 0 && !hasNative(to.id, [sent.turns, sent.tools, sent.toolChoice])

/** What is wrong with the crossing of one request into a dialect; nothing when it holds. */
export const request = (to: Dialect, canonical: CanonicalRequest, { allows, oracle, coverage }: LawOptions, pair: string): string | undefined => {
  const encoded = to.request.encode(canonical)
  coverage?.losses(`request ${pair}`, encoded.losses)
  const received = Codec.receive(to, canonical, encoded)
  if (Result.isFailure(received)) return `the other side refuses what was encoded for it: ${received.failure.message} (${received.failure.param ?? "no place"})`
  // Loss.apply changes values in place of their pointers and keeps the type of the whole.
  const expected = Loss.apply(encoded.losses, canonical) as CanonicalRequest
  return Law.first(
    outside(pair, encoded.losses, allows),
    explain("the received request", CanonicalForm.ofRequest(expected), CanonicalForm.ofRequest(received.success)),
    isJudged(to, canonical, received.success) ? oracle?.request?.(Codec.transmit(encoded.body)) : undefined
  )
}

/** What is wrong with the crossing of a stream to a client of a dialect; `options` are those of the client's dialect. */
export const stream = (client: Dialect, frames: ReadonlyArray<Frame>, { allowsAnswer, oracle, coverage }: LawOptions, pair: string): string | undefined => {
  const context = Codec.contextFor(Codec.plainRequest)
  const wire = Codec.encodeStream(client, frames, context)
  const { losses } = context.sink
  coverage?.losses(`answer ${pair}`, losses)
  return Law.first(
    outside(pair, losses, allowsAnswer),
    AnswerFacts.compare(Collect.collectFrames(frames), Collect.collectFrames(Codec.decodeStream(client, wire)), losses),
    oracle?.stream?.(wire, Codec.plainRequest)
  )
}

/** What is wrong with the crossing of a whole answer to a client of a dialect; `options` are those of the client's dialect. */
export const body = (client: Dialect, frame: Frame, { allowsAnswer, oracle, coverage }: LawOptions, pair: string): string | undefined => {
  const context = Codec.contextFor(Codec.plainRequest)
  const encoded = Codec.transmit(client.response.encode([frame], context))
  const { losses } = context.sink
  coverage?.losses(`answer ${pair}`, losses)
  return Law.first(
    outside(pair, losses, allowsAnswer),
    AnswerFacts.compare(Collect.collectFrames([frame]), Collect.collectFrames([client.response.decode(encoded)]), losses),
    oracle?.response?.(encoded)
  )
}

/** Law 2 for the canonical model itself. */
export const embeddingLaws = (dialect: Dialect, options: LawOptions): ReadonlyArray<Law.Law> => {
  const pair = `canonical → ${dialect.id}`
  const vocabularyOf = (draw: Draw.Draw) => draw.chance(50) ? elsewhere : options.vocabulary ?? elsewhere
  return [
    Law.make("2", `crossing of requests, ${pair}`, Draw.arbitrary((draw) => Requests.request(draw, vocabularyOf(draw))), (canonical) => {
      options.coverage?.request(canonical)
      return request(dialect, canonical, options, pair)
    }),
    Law.make(
      "2",
      `crossing of streams, ${pair}`,
      Draw.arbitrary((draw) => Events.frames(draw, Events.events(draw, vocabularyOf(draw), { choices: 3, ending: "either" }))),
      (frames) => {
        options.coverage?.events(Codec.eventsOf(frames))
        return stream(dialect, frames, options, pair)
      }
    ),
    Law.make(
      "2",
      `crossing of bodies, ${pair}`,
      Draw.arbitrary((draw) => Events.events(draw, vocabularyOf(draw), { choices: 3 })),
      (events) => body(dialect, { events }, options, pair)
    )
  ]
}

/** Law 2 for an ordered pair of dialects: requests cross from client to provider, answers back. */
export const laws = (from: Dialect, to: Dialect, options: LawOptions, toOptions: LawOptions): ReadonlyArray<Law.Law> => {
  const back = `${to.id} → ${from.id}`
  return [
    Law.make(
      "2",
      `crossing of requests, ${from.id} → ${to.id}`,
      Draw.arbitrary((draw) => Requests.request(draw, options.vocabulary ?? elsewhere)),
      (canonical) => {
        const sent = Codec.receive(from, canonical, from.request.encode(canonical))
        if (Result.isFailure(sent)) return `the client's own dialect refuses its request: ${sent.failure.message}`
        return request(to, sent.success, { ...options, ...(toOptions.oracle === undefined ? {} : { oracle: toOptions.oracle }) }, `${from.id} → ${to.id}`)
      }
    ),
    Law.make(
      "2",
      `crossing of streams, ${back}`,
      Draw.arbitrary((draw) => Events.frames(draw, Events.events(draw, toOptions.vocabulary ?? elsewhere, { choices: 2, ending: "either" }))),
      (frames) => stream(from, Codec.decodeStream(to, Codec.encodeStream(to, frames, Codec.contextFor(Codec.plainRequest))), options, back)
    ),
    Law.make(
      "2",
      `crossing of bodies, ${back}`,
      Draw.arbitrary((draw) => Events.events(draw, toOptions.vocabulary ?? elsewhere, { choices: 2 })),
      (events) => body(from, to.response.decode(Codec.transmit(to.response.encode([{ events }], Codec.contextFor(Codec.plainRequest)))), options, back)
    )
  ]
}
