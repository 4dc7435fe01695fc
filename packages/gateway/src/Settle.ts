/**
 * How an exchange ends: the body's end fills the once-only cell, and the finalizer of the exchange's scope reads it and settles
 * ledger, metrics and extensions, uninterruptibly and within bounds. The client never waits for it.
 */
import { label } from "@sluice/protocol/Outcome"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { AnswerBody } from "./AnswerBody.ts"
import * as AttemptReport from "./AttemptReport.ts"
import * as Costs from "./Costs.ts"
import * as CountedInput from "./CountedInput.ts"
import * as Drain from "./Drain.ts"
import { contextOf, endOnce, type Exchange, settlement } from "./Exchange.ts"
import type { Extension } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import type { Installed } from "./Hooks.ts"
import type { Settlement } from "./Ledger.ts"
import * as Lookup from "./Lookup.ts"
import * as Metrics from "./Metrics.ts"
import type { ModelEntry } from "./ModelEntry.ts"
import * as Overload from "./Overload.ts"
import * as PartCall from "./PartCall.ts"
import * as Refusals from "./Refusals.ts"
import * as Replaying from "./Replaying.ts"
import * as Reserve from "./Reserve.ts"

/** Milliseconds the settling may take; the ledger keeps what it could not write by then. */
const settleWithinMs = 2_000

/** Milliseconds one extension may take to finish, where it does not ask for less. */
const finishWithinMs = 5_000

/**
 * Awaits an effect for a bounded time although the region is uninterruptible: the effect runs in a fiber of its own, and the
 * wheel ends the waiting, not the effect.
 */
const bounded = (gateway: Gateway, effect: Effect.Effect<void>, onLate: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.suspend(() => {
      const fiber = Effect.runForkWith(context)(effect)
      return fiber.pollUnsafe() === undefined ? awaited(gateway, fiber, onLate) : Effect.void
    })
  )

const awaited = (gateway: Gateway, fiber: Fiber.Fiber<void>, onLate: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    const startedAt = gateway.wheel.now()
    const unregister = gateway.wheel.register({ tick: (now) => now - startedAt >= settleWithinMs ? resume(onLate) : undefined })
    fiber.addObserver(() => {
      unregister()
      resume(Effect.void)
    })
  })

/** What others wait for ends beside the record, not after it: the caller's next request, or one with the same idempotency key, may be on its way. */
const ending = (exchange: Exchange, record: Settlement, recorded: Effect.Effect<void>): Effect.Effect<void> => {
  const { replay, reservation } = exchange
  if (replay === undefined && reservation === undefined) return recorded
  const ends = [
    ...(reservation === undefined ? [] : [Reserve.end(exchange, record)]),
    ...(replay === undefined ? [] : [Replaying.conclude(exchange, replay, record)]),
    recorded
  ]
  return Effect.all(ends, { concurrency: "unbounded", discard: true })
}

/** Settles the exchange: ledger, metrics, then `finish` of every extension that was entered, in reverse. */
export const settle = (gateway: Gateway, exchange: Exchange, entered: ReadonlyArray<Installed<Extension>>): Effect.Effect<void> =>
  Effect.suspend(() => {
    // Whoever was never pulled hears of the end here
    exchange.chunks?.end("interrupted")
    AttemptReport.ended(gateway, exchange)
    const plain = settlement(exchange, gateway.now())
    return CountedInput.isWanted(gateway, exchange, plain)
      ? Effect.flatMap(CountedInput.count(gateway, exchange, plain), (counted) => conclude(gateway, exchange, entered, counted))
      : conclude(gateway, exchange, entered, plain)
  }).pipe(Effect.uninterruptible)

const conclude = (gateway: Gateway, exchange: Exchange, entered: ReadonlyArray<Installed<Extension>>, plain: Settlement): Effect.Effect<void> =>
  Effect.suspend(() => {
    const record = Costs.priced(gateway, exchange, plain)
    const recorded = gateway.ledger.settle(record).pipe(
      Effect.catch((error) =>
        Effect.andThen(
          Metrics.unsettled(record.inbound),
          Effect.logError("The ledger refused a settlement", error, { id: exchange.id, outcome: label(record.outcome) })
        )
      )
    )
    Overload.leave(gateway, exchange)
    const written = Refusals.isRefusal(record) && !gateway.refusals.add(record) ? Effect.void : bounded(
      gateway,
      ending(exchange, record, recorded),
      Effect.logError("A settlement was not confirmed in time", { id: exchange.id })
    )
    if (entered.length === 0) return Effect.andThen(written, Metrics.settled(record))
    const context = contextOf(exchange)
    const place = { gateway, exchange, step: "finish" }
    const kept = exchange.recording === undefined ? Effect.void : Lookup.store(gateway, exchange, record)
    // Whoever was entered is finished, fused meanwhile or not
    const finished = Effect.forEach(entered.toReversed(), (extension) => {
      const { finish } = extension.call
      const hook: Installed<typeof finish> = { ...extension, call: finish, failPolicy: "open", timeoutMs: Math.min(extension.timeoutMs, finishWithinMs) }
      if (finish === undefined) return Effect.void
      const ended = PartCall.always(place, hook, () => finish(record, context), undefined)
      // What it was to be told of the answer comes before the end of it
      return extension.call.observe === undefined || gateway.observers === undefined
        ? ended
        : Effect.andThen(bounded(gateway, gateway.observers.told(extension.id), Effect.void), ended)
    }, { discard: true })
    return written.pipe(Effect.andThen(Metrics.settled(record)), Effect.andThen(kept), Effect.andThen(Effect.ignore(finished)))
  })

/** A streamed body has ended, by itself or by somebody: fills the cell and decides what becomes of the upstream. */
export const bodyEnded = (
  gateway: Gateway,
  exchange: Exchange,
  entry: ModelEntry,
  body: AnswerBody,
  exit: Exit.Exit<unknown, unknown>,
  scope: Scope.Closeable,
  noteExit: () => void
): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (Exit.isSuccess(exit)) endOnce(exchange, { _tag: "Delivered" })
    else noteExit()
    const { replay } = exchange
    if (replay !== undefined) replay.isWhole = Exit.isSuccess(exit)
    const answer = body.answer()
    if (answer === undefined) return Effect.void
    const drain = Exit.isSuccess(exit)
      ? body.isLingering() ? Drain.linger(gateway, answer) : undefined
      : exchange.ending?._tag === "ClientGone" && !answer.isOver()
      ? Drain.afterClient(gateway, exchange, answer, Replaying.onClientGone(gateway, exchange, entry.onClientGone, body.totalMs()))
      : undefined
    if (drain === undefined) return Effect.sync(() => answer.abandon(gateway.now()))
    exchange.outlivesRequest = true
    const unregister = gateway.wheel.register({ tick: body.checkpoint })
    const ended = Effect.suspend(() => {
      unregister()
      return Scope.close(scope, Exit.void)
    })
    return drain.pipe(Effect.ensuring(ended), Effect.forkIn(gateway.scope), Effect.asVoid)
  })
