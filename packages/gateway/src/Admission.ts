/**
 * The door of the process: how many requests run at the same time, how many bytes they hold together, and who goes first when there
 * is not room for all. Decided from the head of a request, before its body is read. It protects this process; what a key may use is
 * decided elsewhere. Optional: a gateway without it admits everybody. The rules are pure (admission/Gate.ts); here they are run.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type { Bounds, Reason } from "./admission/Bounds.ts"
import * as Gate from "./admission/Gate.ts"
import * as Gauges from "./admission/Gauges.ts"
import * as OpenFiles from "./admission/OpenFiles.ts"
import * as ProcessLoad from "./admission/ProcessLoad.ts"
import type { Ticket } from "./admission/Ticket.ts"
import type { Priority } from "./Principal.ts"
import * as SteadyTime from "./SteadyTime.ts"

export type { Bounds } from "./admission/Bounds.ts"
export type { Ticket } from "./admission/Ticket.ts"

/** The service. A ticket is taken when a request arrives and given back exactly once, however the request ends. */
export class Admission extends Context.Service<Admission, {
  /** Takes a ticket for a request whose head says that its body has so many bytes; 0 where it does not say. */
  readonly arrive: (priority: Priority, bytes: number) => Ticket
  /** Completes when the ticket is admitted; fails where it is refused. */
  readonly admitted: (ticket: Ticket) => Effect.Effect<void, GatewayError>
  /** Sets how many bytes the request holds; `false` = there is no room for more. */
  readonly hold: (ticket: Ticket, bytes: number) => boolean
  /** What is told a client for whose request there is no room for more bytes; counts it as refused. */
  readonly noRoom: (ticket: Ticket) => GatewayError
  readonly leave: (ticket: Ticket) => void
}>()("@sluice/gateway/Admission") {}

/** 256 MiB; a fifth for interactive requests; 100 ms for 2 s; 85 % of the heap; 256 waiting for 2 s. */
export const defaultBounds: Omit<Bounds, "streams"> = {
  bytes: 256 * 1024 * 1024,
  reserved: 0.2,
  loopDelayMs: 100,
  loopDelayForMs: 2_000,
  heap: 0.85,
  waiting: 256,
  waitMs: 2_000
}

/** Exchanges at the same time where nothing is configured, at most `wanted`: each takes two sockets, and some files are for others. */
export const defaultStreams = (openFiles: number, wanted = 2_000): number => Math.max(1, Math.min(wanted, Math.floor(openFiles * 0.45)))

const turnMs = 100
/** Turns from one measurement to the next. */
const measureEvery = 5

/** An admission of this process, measured by `load`. */
export const layer = (bounds: Partial<Bounds> = {}, load: Layer.Layer<ProcessLoad.ProcessLoad> = ProcessLoad.layer): Layer.Layer<Admission> =>
  Layer.effect(
    Admission,
    Effect.gen(function*() {
      const all: Bounds = { streams: bounds.streams ?? defaultStreams(OpenFiles.limit()), ...defaultBounds, ...bounds }
      const { measure } = yield* ProcessLoad.ProcessLoad
      const clock = yield* Clock.Clock
      const random = yield* Random.Random
      const gauges = yield* Gauges.make
      const waiters = new Map<Ticket, (outcome: Effect.Effect<void, GatewayError>) => void>()
      const now = () => SteadyTime.now(clock)

      const refusal = (reason: Reason): GatewayError =>
        fail({ class: "unavailable", code: "overloaded", message: words[reason], retryAfterMs: waitMs[reason] * (0.5 + random.nextDoubleUnsafe()) })

      const outcome = (ticket: Ticket): Effect.Effect<void, GatewayError> => ticket.state === "refused" ? refusal(ticket.reason ?? "streams") : Effect.void

      const gate = Gate.make(all, (ticket) => {
        if (ticket.state === "refused") gauges.refused(ticket.priority, ticket.reason ?? "streams")
        const resume = waiters.get(ticket)
        waiters.delete(ticket)
        resume?.(outcome(ticket))
      })

      let turns = 0
      const turn = Effect.sync(() => {
        gate.turn(now())
        if (turns++ % measureEvery === 0) {
          const measured = measure()
          const ended = gate.measure(now(), measured)
          gauges.measured(measured, ended)
        }
        gauges.state(gate.state(), all)
      })
      yield* turn.pipe(Effect.andThen(Effect.sleep(turnMs)), Effect.forever, Effect.forkScoped)

      return Admission.of({
        arrive: (priority, bytes) => {
          const ticket = gate.arrive(now(), priority, bytes)
          if (ticket.state === "refused") gauges.refused(priority, ticket.reason ?? "streams")
          return ticket
        },
        admitted: (ticket) =>
          ticket.state !== "waiting" ? outcome(ticket) : Effect.callback((resume) => {
            if (ticket.state !== "waiting") return resume(outcome(ticket))
            waiters.set(ticket, resume)
            return Effect.sync(() => waiters.delete(ticket))
          }),
        hold: (ticket, bytes) => gate.hold(now(), ticket, bytes),
        noRoom: (ticket) => {
          const reason = ticket.shed ? "heap" : "bytes"
          gauges.refused(ticket.priority, reason)
          return refusal(reason)
        },
        leave: (ticket) => gate.leave(now(), ticket)
      })
    })
  ).pipe(Layer.provide(load))

// internal

const words: Readonly<Record<Reason, string>> = {
  streams: "The gateway is serving as many requests as it can; ask again in a moment.",
  bytes: "The gateway holds as many bytes of requests and answers as it can; ask again in a moment.",
  loop: "The gateway is overloaded; ask again in a moment.",
  heap: "The gateway is short of memory; ask again in a moment."
}

/** How long a refused client is asked to wait, in milliseconds, before half as much is taken off or added by chance. */
const waitMs: Readonly<Record<Reason, number>> = { streams: 2_000, bytes: 2_000, loop: 4_000, heap: 10_000 }
