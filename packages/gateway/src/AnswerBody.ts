/**
 * The body of a streamed answer as the client pulls it: each pull pumps what has arrived and writes it in one piece. The wheel
 * sends heartbeats, ends streams whose limits ran out and drops readers that stall; when the body ends, the exchange's cell
 * is filled.
 */
import { frame } from "@sluice/protocol/CanonicalEvent"
import { joined } from "@sluice/protocol/Chunks"
import * as Framing from "@sluice/protocol/Framing"
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Loss from "@sluice/protocol/Loss"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import type { AnswerStream } from "./AnswerStream.ts"
import type { Started } from "./Attempts.ts"
import * as Checkpoints from "./Checkpoints.ts"
import { endOnce, type Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as Signal from "./internal/Signal.ts"
import * as Overload from "./Overload.ts"
import * as ShortCircuit from "./ShortCircuit.ts"
import type { Stop } from "./ShortCircuit.ts"
import { due } from "./Timeouts.ts"

/** Where the attempts of a streamed exchange stand: nothing yet, an answer, or a failure. Filled by the driver, read by the body. */
export interface Driven {
  started: Started | undefined
  failed: Stop | undefined
  /** Raised when either is filled, or when the pre-commit window has passed. */
  readonly signal: Signal.Signal
}

/** Attempts that have not come to anything yet. */
export const undriven = (): Driven => ({ started: undefined, failed: undefined, signal: Signal.make() })

const encoder = new TextEncoder()

/** Milliseconds a client that reads nothing is given to take the error of a stream that memory forces to end. */
const goodbyeMs = 1_000

/** A streamed answer's body and what its end means. */
export interface AnswerBody {
  readonly stream: Stream.Stream<Uint8Array>
  readonly contentType: string
  /** The upstream ended its answer but not yet its connection. */
  readonly isLingering: () => boolean
  readonly answer: () => AnswerStream | undefined
  /** Keeps the ledger informed; the wheel calls it while the body is read, and whoever reads on afterwards goes on with it. */
  readonly checkpoint: (now: number) => void
  /** How long the whole exchange may take by the limits of who answers it, in milliseconds. */
  readonly totalMs: () => number
}

/** Makes the body. `fiber` is the request's, which a stalled reader keeps waiting. */
export const make = (gateway: Gateway, exchange: Exchange, driven: Driven, fiber: Fiber.Fiber<unknown, unknown>): AnswerBody => {
  const { settings, wheel } = gateway
  const frames = Framing.writer(exchange.framing)
  const heartbeat = encoder.encode(frames.heartbeat)
  let heartbeatDue = false
  let isWaiting = false
  let lastPullAt = wheel.now()
  let lastWriteAt = wheel.now()
  let saidFailure = false
  const checkpoint = Checkpoints.make(gateway, exchange)

  let passed: AnswerStream | undefined
  /** The answer, once there is one; its bytes pass the stages that were shown the head. */
  const answer = (): AnswerStream | undefined => {
    const streamed = driven.started?.answer
    const stream = streamed?._tag === "Streamed" ? streamed.stream : undefined
    if (stream === passed || stream === undefined || exchange.chunks === undefined) return stream
    passed = stream
    stream.pass(exchange.chunks, ({ by, failure }) => endOnce(exchange, { _tag: "Refused", by, failure }))
    return stream
  }

  /** The attempts failed after the head had gone, or a part ended them: the client is told in the stream. */
  const sayFailure = (stop: Stop): Uint8Array | undefined => {
    if (saidFailure) return undefined
    saidFailure = true
    const { failure } = ShortCircuit.toError(stop)
    endOnce(exchange, exchange.step === undefined ? { _tag: "Failed", failure } : { _tag: "Refused", by: exchange.step, failure })
    const writer = exchange.inbound.events.encoder.start({
      request: exchange.request?.() ?? { model: "", turns: [] },
      id: exchange.id,
      created: Math.floor(exchange.startedAt / 1000),
      sink: Loss.sink()
    })
    const { chunks } = exchange
    const said = [frames.write(writer.step(frame({ type: "error", failure }))), frames.end()].filter((text) => text !== "").map((text) => encoder.encode(text))
    return joined(chunks === undefined ? said : [...said.flatMap((piece) => chunks.push(piece) ?? []), ...chunks.end("error")])
  }

  const next = (): Uint8Array | undefined => {
    if (driven.failed !== undefined) {
      const said = sayFailure(driven.failed)
      return said === undefined || said.length === 0 ? undefined : shown(said)
    }
    const stream = answer()
    stream?.pump(gateway.now())
    const bytes = stream?.take()
    if (bytes !== undefined) return shown(bytes)
    return heartbeatDue ? heartbeat : undefined
  }

  const shown = (bytes: Uint8Array): Uint8Array => {
    exchange.onBytes?.(bytes)
    return bytes
  }

  const isOver = (): boolean => driven.failed !== undefined ? saidFailure : answer()?.isOver() ?? false

  const pull: Effect.Effect<readonly [Uint8Array], Cause.Done> = Effect.suspend(() => {
    lastPullAt = wheel.now()
    isWaiting = false
    const bytes = next()
    if (bytes !== undefined) {
      heartbeatDue = false
      lastWriteAt = lastPullAt
      exchange.bytesOut += bytes.length
      return Effect.succeed([bytes] as const)
    }
    if (isOver()) return Cause.done()
    isWaiting = true
    return Effect.flatMap((answer()?.source ?? driven.signal).await, () => pull)
  })

  const wake = (): void => (answer()?.source ?? driven.signal).wake()

  const stop = (failure: Failure, now: number): void => {
    const stream = answer()
    if (stream === undefined || stream.isOver()) return
    stream.fail(failure, now)
    wake()
  }

  const tick = (now: number): void => {
    checkpoint(now)
    const stage = gateway.lifecycle.stage()
    if (stage._tag === "Draining" && now >= stage.stopsAt) {
      endOnce(exchange, { _tag: "ServerStop", why: "drain" })
      return stop({ class: "cancelled", message: "The gateway is shutting down; ask again." }, now)
    }
    if (!isWaiting && now - lastPullAt >= settings.writeStallMs) {
      endOnce(exchange, { _tag: "ClientGone", why: "slow reader" })
      return fiber.interruptUnsafe()
    }
    if (exchange.ticket?.shed === true) {
      endOnce(exchange, { _tag: "ServerStop", why: "overload" })
      // Who does not read will not read the error either
      return isWaiting || now - lastPullAt < goodbyeMs ? stop(Overload.shedding, now) : fiber.interruptUnsafe()
    }
    const stream = answer()
    const limits = driven.started?.limits
    if (stream !== undefined && limits !== undefined && isWaiting) {
      const ranOut = due(
        { exchangeStartedAt: exchange.begunAt, attemptStartedAt: exchange.begunAt, lastByteAt: stream.lastByteAt(), committed: true },
        limits,
        now
      )
      if (ranOut !== undefined) {
        return stop({
          class: ranOut,
          message: ranOut === "timeout-total" ? `The request took longer than ${limits.totalMs} ms.` : `The provider sent nothing for ${limits.idleMs} ms.`
        }, now)
      }
    }
    if (isWaiting && now - lastWriteAt >= settings.heartbeatMs) {
      heartbeatDue = true
      wake()
    }
  }

  const stream = Stream.fromPull(Effect.gen(function*() {
    yield* Effect.acquireRelease(Effect.sync(() => wheel.register({ tick })), (unregister) => Effect.sync(unregister))
    return pull
  })).pipe(Stream.scoped)

  return {
    stream,
    contentType: frames.contentType,
    answer,
    checkpoint,
    totalMs: () => driven.started?.limits.totalMs ?? 0,
    isLingering: () => answer()?.source.ended() === undefined
  }
}
