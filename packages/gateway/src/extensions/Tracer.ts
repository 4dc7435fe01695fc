/**
 * Writes what happens to exchanges as lines of JSON, one for each step: asked, sent to a provider, tried, ended. For looking at one
 * request closely; the record that counts is the ledger. Texts are told by their lengths unless everything is wanted. A file that cannot
 * be written costs lines, never a request.
 *
 * @example
 * Tracer.layer({ write: TraceFile.append("trace.ndjson") })
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { bare } from "@sluice/protocol/Equality"
import { label } from "@sluice/protocol/Outcome"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Extension from "../Extension.ts"
import * as Interceptor from "../Interceptor.ts"
import type { Extensions, Interceptors } from "../Registries.ts"
import * as TraceQueue from "../tracing/TraceQueue.ts"

/** How lines are written. */
export interface Options {
  /** Appends whole lines somewhere. */
  readonly write: (text: string) => Effect.Effect<void, { readonly message: string }>
  /** `lengths`: texts are told by their lengths. `full`: requests stand in the lines as they are sent, with whatever they hold. Absent = `lengths`. */
  readonly content?: "lengths" | "full"
  /** Lines that wait to be written at most; more are dropped and counted. Absent = 10,000. */
  readonly capacity?: number
}

/** What every line begins with. A reader that knows another schema must not guess. */
export interface TraceLine {
  readonly schema: 1
  /** ISO 8601. */
  readonly time: string
  readonly kind: "asked" | "sent" | "tried" | "ended"
  readonly exchange: string
  readonly [field: string]: unknown
}

const charactersOf = (value: unknown): number => {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null) return 0
  return Object.values(value).reduce<number>((sum, inner) => sum + charactersOf(inner), 0)
}

const isFull = ({ content }: Options): boolean => content === "full"

/** A request by its size, or whole. */
const shown = (request: CanonicalRequest, options: Options): object => {
  const { instructions = [], tools = [], turns } = request
  const sizes = { turns: turns.length, tools: tools.length, characters: charactersOf(bare([instructions, turns])) }
  return isFull(options) ? { ...sizes, request: bare(request) } : sizes
}

const make = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Layer.Layer<never, never, Extensions | Interceptors>, never, Scope.Scope> {
  const clock = yield* Clock.Clock
  const queue = yield* TraceQueue.make({ write: options.write, capacity: options.capacity ?? 10_000 })

  const tell = (kind: TraceLine["kind"], exchange: string, facts: object): Effect.Effect<void> =>
    Effect.sync(() => {
      const time = new Date(clock.currentTimeMillisUnsafe()).toISOString()
      queue.offer(JSON.stringify({ schema: 1, time, kind, exchange, ...facts } satisfies TraceLine))
    })

  return Layer.merge(
    Extension.layer({
      id: "tracer",
      failPolicy: "open",
      admit: ({ id, inbound, model, operation, principal, stream }) =>
        tell("asked", id, {
          principal: principal.id,
          ...(principal.tenant === undefined ? {} : { tenant: principal.tenant }),
          dialect: inbound,
          operation,
          model,
          stream
        }),
      onAttempt: ({ endedAt, error, startedAt, ...attempt }, { id }) =>
        tell("tried", id, {
          provider: attempt.provider,
          upstreamModel: attempt.upstreamModel,
          durationMs: endedAt - startedAt,
          // What providers say of a failure may repeat what they were sent
          ...(error === undefined ? {} : { error: isFull(options) ? error : { class: error.class, status: error.status, characters: error.message.length } })
        }),
      finish: (settlement, { id }) =>
        tell("ended", id, {
          outcome: label(settlement.outcome),
          durationMs: settlement.endedAt - settlement.startedAt,
          ttftMs: settlement.ttftMs,
          attempts: settlement.attempts.length,
          provider: settlement.provider,
          upstreamModel: settlement.upstreamModel,
          lane: settlement.lane,
          tokens: settlement.usage.tokens,
          losses: settlement.losses,
          bytesOut: settlement.bytesOut,
          costUsd: settlement.costUsd,
          savedUsd: settlement.savedUsd
        })
    }),
    Interceptor.layer({
      id: "tracer",
      failPolicy: "open",
      // Behind everything that changes what is sent
      phase: "late",
      priority: -1_000,
      attempt: (request, { attempt, id, provider, upstreamModel }) =>
        Effect.as(tell("sent", id, { attempt, provider, upstreamModel, ...shown(request, options) }), request)
    })
  )
})

/** Begins to write when the gateway starts, and writes what waits when it ends. */
export const layer = (options: Options): Layer.Layer<never, never, Extensions | Interceptors> => Layer.unwrap(make(options))
