/**
 * Reading an upstream on after the client has what it wanted, or has left: a moment for the connection to end by itself and be
 * used again, or, where the model's entry says so, the rest of the answer for its usage, within bounds.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { AnswerStream } from "./AnswerStream.ts"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as Metrics from "./Metrics.ts"
import type { OnClientGone } from "./ModelEntry.ts"
import { due } from "./Timeouts.ts"

/** Milliseconds a finished answer's connection may take to end. */
const lingerMs = 250

const untilEnded = (answer: AnswerStream): Effect.Effect<void> =>
  Effect.suspend(() => {
    answer.source.take()
    return answer.source.ended() === undefined ? Effect.flatMap(answer.source.await, () => untilEnded(answer)) : Effect.void
  })

/** Waits for the end of a connection whose answer is over. The wheel ends the waiting: nearly every stream lingers, and a timer each is dear. */
export const linger = (gateway: Gateway, answer: AnswerStream): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const until = gateway.wheel.now() + lingerMs
    const unregister = gateway.wheel.register({ tick: (now) => now >= until ? fiber.interruptUnsafe() : undefined })
    return Effect.ensuring(untilEnded(answer), Effect.sync(unregister))
  })

/** What bounds the reading on after clients that left, where a model's entry says no more than `drain`, and how many may be read on for. */
export interface Bounds {
  /** At the same time; over it, the upstream is closed as if nobody drained. */
  readonly concurrent: number
  readonly timeMs: number
  readonly bytes: number
}

/** At most 64 at a time, each for 5 minutes and 64 MiB. */
export const defaultBounds: Bounds = { concurrent: 64, timeMs: 300_000, bytes: 64 * 1024 * 1024 }

/** How many upstreams are read on now. */
export interface Drains {
  active: number
}

/** None yet. */
export const none = (): Drains => ({ active: 0 })

/** How reading on ended: with the answer, or by a bound of its own or of the provider. */
type Result = "whole" | "time" | "bytes" | "timeout" | "stopped"

/** Reads on after the client left, as the entry wants it; `undefined` = the upstream is to be closed at once. */
export const afterClient = (gateway: Gateway, exchange: Exchange, answer: AnswerStream, policy: OnClientGone): Effect.Effect<void> | undefined => {
  if (policy === "cancel") return undefined
  const { drains, settings } = gateway
  const provider = exchange.current?.provider
  if (provider === undefined || drains.active >= settings.drains.concurrent) {
    Metrics.drained(provider ?? "none", "refused", drains.active)
    return undefined
  }
  Metrics.draining(++drains.active)
  const { bytes, timeMs } = policy === "drain" ? settings.drains : { bytes: policy.drain.bytes, timeMs: Duration.toMillis(policy.drain.time) }
  let result: Result = "stopped"
  let read = 0
  const more: Effect.Effect<void> = Effect.suspend(() => {
    answer.pump(gateway.now())
    const taken = answer.take()
    if (taken !== undefined) {
      read += taken.length
      exchange.replay?.capture.push(taken)
    }
    if (answer.isOver()) {
      result = "whole"
      if (exchange.replay !== undefined) exchange.replay.isWhole = true
    } else if (read < bytes) return Effect.flatMap(answer.source.await, () => more)
    else result = "bytes"
    return Effect.void
  })
  const bounded = Effect.withFiber((fiber) => {
    const startedAt = gateway.wheel.now()
    const limits = gateway.executors.get(provider)?.limits
    const tick = (now: number): void => {
      const ranOut = limits &&
        due({ exchangeStartedAt: exchange.begunAt, attemptStartedAt: startedAt, lastByteAt: answer.lastByteAt(), committed: true }, limits, now)
      if (now - startedAt < timeMs && ranOut === undefined) return
      result = ranOut === undefined ? "time" : "timeout"
      fiber.interruptUnsafe()
    }
    return Effect.ensuring(more, Effect.sync(gateway.wheel.register({ tick })))
  })
  const ended = Effect.sync(() => {
    answer.abandon(gateway.now())
    Metrics.drained(provider, result, --drains.active)
  })
  return Effect.ensuring(bounded, ended)
}
