/**
 * An answer no provider was asked for: what a cache kept, or what a part of the gateway says by itself. Frames become the client's
 * reply in its own dialect, streamed or whole as it asked, and pass the interceptors of what goes to the client.
 */
import { type Frame, frame as frameOf } from "@sluice/protocol/CanonicalEvent"
import type { AnswerContext } from "@sluice/protocol/Dialect"
import * as Framing from "@sluice/protocol/Framing"
import * as Grammar from "@sluice/protocol/Grammar"
import * as Loss from "@sluice/protocol/Loss"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import { contextOf as exchangeContext, endOnce, type Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as HeaderChange from "./HeaderChange.ts"
import type { Headers } from "./HeaderChange.ts"
import type { RecordedAnswer } from "./RecordedAnswer.ts"
import * as PacedBody from "./replays/PacedBody.ts"
import * as Reply from "./Reply.ts"
import * as ResponseStage from "./ResponseStage.ts"
import type { Stop } from "./ShortCircuit.ts"
import * as ShownModel from "./ShownModel.ts"
import * as StreamHead from "./StreamHead.ts"

/** The answer, and whose it is. */
export interface Given {
  /** Who gave it: `lookup:cache`. */
  readonly by: string
  readonly frames: ReadonlyArray<Frame>
  /** How the frames came about; frames of no wire are `stream`. */
  readonly form: RecordedAnswer["form"]
  readonly headers: Headers
  /** What it cost when a provider gave it, in decimal US dollars. */
  readonly savedUsd: string | undefined
  /** The client did not ask for usage in its stream. */
  readonly hideUsage: boolean
}

const encoder = new TextEncoder()

const contextOf = (exchange: Exchange): AnswerContext => ({
  get request() {
    return exchange.request?.() ?? { model: exchange.model ?? "", turns: [] }
  },
  id: exchange.id,
  created: Math.floor(exchange.startedAt / 1000),
  ...(exchange.shownModel === undefined ? {} : { shownModel: exchange.shownModel }),
  sink: Loss.sink()
})

/** Why frames are no answer: they break the grammar, or do not come to its end. */
export const problem = (frames: ReadonlyArray<Frame>): string | undefined => {
  const checked = Grammar.check(Grammar.initial, frames.flatMap(({ events }) => events))
  if (Grammar.isViolation(checked)) return `It gave an illegal sequence of events: ${checked.message}.`
  return checked.phase === "ended" ? undefined : "It gave an answer without an end."
}

/** The answer as one body of the client's dialect. */
export const whole = (exchange: Exchange, { frames }: Pick<Given, "frames">): Uint8Array =>
  encoder.encode(JSON.stringify(exchange.inbound.response.encode(frames, contextOf(exchange))))

/** The wire events of a whole body say nothing in a stream. */
const streamable = ({ form, frames }: Given): ReadonlyArray<Frame> => form === "stream" ? frames : frames.map(({ events }) => ({ events }))

/** The name of the model that this client is shown stands in every answer. */
const named = ({ shownModel }: Exchange, given: Given): Given =>
  shownModel === undefined ? given : { ...given, frames: given.frames.flatMap(ShownModel.stage(shownModel).step) }

/** One piece for each wire event of the client's dialect, and what closes the body. */
function* pieces(exchange: Exchange, given: Given): Generator<Uint8Array, void> {
  const { chunks, inbound } = exchange
  const frames = Framing.writer(exchange.framing)
  const writer = inbound.events.encoder.start(contextOf(exchange))
  const hide = given.hideUsage ? inbound.bytes.hideUsage : undefined
  const sent = function*(text: string): Generator<Uint8Array, void> {
    if (text === "") return
    const bytes = encoder.encode(text)
    const passed = chunks === undefined ? bytes : chunks.push(bytes)
    if (passed !== undefined) yield passed
    const stopped = chunks?.stopped()
    if (stopped !== undefined) yield encoder.encode(frames.write(writer.step(frameOf({ type: "error", failure: stopped.failure }))))
  }
  for (const frame of streamable(given)) {
    if (chunks?.stopped() !== undefined) return
    for (const event of writer.step(frame)) {
      const visible = hide === undefined ? event : hide(event)
      if (visible !== undefined) yield* sent(frames.write([visible]))
    }
  }
  yield* sent(frames.end())
  for (const last of chunks?.end("end") ?? []) yield last
  if (exchange.replay !== undefined) exchange.replay.isWhole = true
}

/** Answers the client with it. The exchange has ended with that, whatever becomes of the client. */
export const respond = (gateway: Gateway, exchange: Exchange, given: Given): Effect.Effect<HttpServerResponse.HttpServerResponse, Stop> =>
  Effect.suspend(() => {
    for (const { events } of given.frames) gateway.observers?.offer(events, exchangeContext(exchange))
    const headers = { ...HeaderChange.sendable(given.headers), ...exchange.limitHeaders, ...Reply.identity(exchange.inbound, exchange.id) }
    const answer = named(exchange, given)
    return exchange.stream ? streamed(gateway, exchange, answer, headers) : buffered(gateway, exchange, answer, headers)
  })

const ends = (exchange: Exchange, { by, savedUsd }: Given): void => {
  endOnce(exchange, { _tag: "Cached", by })
  exchange.committed = true
  exchange.savedUsd = savedUsd
}

const buffered = (gateway: Gateway, exchange: Exchange, given: Given, headers: Headers) =>
  Effect.map(
    ResponseStage.run(gateway, exchange, { status: 200, headers: { "content-type": "application/json", ...headers }, body: whole(exchange, given) }),
    (reply) => {
      ends(exchange, given)
      exchange.bytesOut = reply.body.length
      exchange.onBytes?.(reply.body)
      if (exchange.replay !== undefined) exchange.replay.isWhole = true
      return Reply.send(reply)
    }
  )

const streamed = (gateway: Gateway, exchange: Exchange, given: Given, headers: Headers) =>
  Effect.flatMap(StreamHead.make(gateway, exchange, headers), (head) =>
    Effect.withFiber((fiber) => {
      ends(exchange, given)
      if (exchange.replay !== undefined) {
        exchange.replay.isStream = true
        exchange.replay.contentType = head.contentType
      }
      return Effect.succeed(HttpServerResponse.stream(PacedBody.make(gateway, exchange, pieces(exchange, given), fiber), head))
    }))
