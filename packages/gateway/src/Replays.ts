/**
 * Idempotency: a client that names its request with a key and asks again gets the same answer, not a second charge. Claim first,
 * effect second, record third: the claim is in the store before anything goes upstream, so that a crash in between is answered with
 * "unknown" and never with a silent second execution. What the store keeps is sealed here; where it keeps it is `ReplayStore`'s.
 */
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { randomUUID } from "node:crypto"
import type { ExchangeId } from "./ExchangeId.ts"
import * as Conclusions from "./replays/Conclusions.ts"
import * as Recorded from "./replays/Recorded.ts"
import * as ReplayMetrics from "./replays/ReplayMetrics.ts"
import * as Seal from "./replays/Seal.ts"
import * as Waiters from "./replays/Waiters.ts"
import { ReplayStore, ReplayStoreUnavailable, type Told, type Why } from "./ReplayStore.ts"
import * as SteadyTime from "./SteadyTime.ts"

/** A request with a key. */
export interface Named {
  readonly exchange: ExchangeId
  readonly tenant: string | undefined
  /** Id of the principal. */
  readonly principal: string
  /** Method and path of the endpoint, without the model. */
  readonly route: string
  readonly key: string
  /** The path as it was called. */
  readonly path: string
  /** The decoded body. */
  readonly text: string
}

/** The right to execute, which is given back once: with the answer, without one, or unused. The first conclusion stands. */
export interface Ticket {
  readonly keep: (answer: Recorded.Recorded) => Effect.Effect<void>
  readonly lose: (why: Why) => Effect.Effect<void>
  readonly release: Effect.Effect<void>
}

/** What becomes of a request with a key. */
export type Claim = { readonly _tag: "Execute" } | { readonly _tag: "Replay"; readonly answer: Recorded.Recorded }

/** How replays are given. */
export interface Options {
  /** What names and answers are sealed with, at least 32 bytes nobody can guess. Absent = a secret of this process, for a store that lives no longer. */
  readonly secret?: Redacted.Redacted<string>
  /** How long a key is remembered, in milliseconds. */
  readonly ttlMs: number
  /** How long a request waits for the answer to another with the same key, in milliseconds. */
  readonly waitMs: number
  /** The largest answer that is kept, in bytes. */
  readonly maxAnswerBytes: number
  /** What becomes of an execution whose client left: it will ask again, so the answer is finished for it; or it is cancelled, as without a key. */
  readonly onClientGone: "finish" | "cancel"
  /** Whether keys count that a library made up by itself, one for each call (`stainless-…`): its user did not ask for anything. */
  readonly generatedKeys: boolean
}

/** 24 hours, 60 seconds of waiting, answers up to 8 MiB, executions finished without their client, no keys that libraries made up. */
export const defaultOptions: Options = {
  ttlMs: 24 * 60 * 60 * 1000,
  waitMs: 60_000,
  maxAnswerBytes: 8 * 1024 * 1024,
  onClientGone: "finish",
  generatedKeys: false
}

/** The port. A gateway without it takes no notice of keys. `onTicket` gets the right to execute before anything can interrupt. */
export class Replays extends Context.Service<Replays, {
  readonly options: Options
  /** Claims the key or finds the answer, waiting for it where it is being made. */
  readonly claim: (named: Named, onTicket: (ticket: Ticket) => void) => Effect.Effect<Claim, GatewayError>
}>()("@sluice/gateway/Replays") {}

/** How long a process counts as alive after its last sign of life, and how often it gives one, in milliseconds. */
const aliveMs = 20_000
const heartbeatMs = 5_000

/** How often it is asked whether another process has its answer, in milliseconds: at first, and at most. */
const firstPollMs = 50
const longestPollMs = 1_000

const lost: { readonly [W in Why]: string } = {
  cut: "was sent to a provider and broke off before its answer was whole; it may have been charged",
  gone: "was taken by a server that has ended since; whether it was executed is unknown, and it may have been charged",
  "too-large": "was executed, but its answer was too large to be kept",
  evicted: "was executed, but its answer had to make room for newer ones"
}

const conflict = (code: string, message: string, more: Partial<Failure> = {}): GatewayError => fail({ class: "conflict", code, message, ...more })

const unknown = (why: Why): GatewayError =>
  conflict("idempotency_result_unknown", `The first request with this Idempotency-Key ${lost[why]}. It is not executed again; to ask again, use another key.`)

const inUse = conflict("idempotency_key_in_use", "Another request with this Idempotency-Key is being worked on. Ask again in a moment.", {
  retryAfterMs: 2_000
})

const otherBody = fail({
  class: "bad-request",
  status: 422,
  code: "idempotency_key_reused",
  message: "This Idempotency-Key was used with another body or address before. A key stands for one request; use another key for another request."
})

const full = (of: "tenant" | "store"): GatewayError =>
  of === "tenant"
    ? fail({
      class: "rate-limited",
      code: "idempotency_keys_exhausted",
      message: "Too many Idempotency-Keys are remembered for this tenant.",
      retryAfterMs: 60_000
    })
    : fail({ class: "unavailable", message: "The request was not sent because no more Idempotency-Keys can be remembered.", retryAfterMs: 60_000 })

/** How long a store may take to answer, in milliseconds. */
const storeMs = 5_000

/** The store in a fiber of its own, so that waiting for it ends although a claim may not be interrupted. */
const bounded = (store: ReplayStore["Service"]): ReplayStore["Service"] => ({
  ask: (message) => {
    const asked = store.ask(message).pipe(
      Effect.timeoutOrElse({ duration: storeMs, orElse: () => Effect.fail(new ReplayStoreUnavailable({ reason: `it did not answer within ${storeMs} ms` })) })
    )
    return Effect.contextWith((context: Context.Context<never>) =>
      Effect.callback<Told, ReplayStoreUnavailable>((resume) => void Effect.runForkWith(context)(asked).addObserver(resume))
    )
  }
})

const make = Effect.fnUntraced(function*(options: Options) {
  const store = bounded(yield* ReplayStore)
  const clock = yield* Clock.Clock
  const now = () => SteadyTime.now(clock)
  const owner = randomUUID()
  const seal = options.secret === undefined ? Seal.unshared() : Seal.make(Buffer.from(Redacted.value(options.secret)))
  const waiters = Waiters.make()
  const conclusions = yield* Conclusions.make({ store, heartbeatMs, alive: { _tag: "Alive", owner, aliveMs }, onConcluded: waiters.wake })

  const ticketOf = (scope: string, claim: ExchangeId): Ticket => {
    conclusions.opened()
    return {
      keep: (answer) => Effect.suspend(() => conclusions.conclude({ _tag: "Keep", scope, claim, sealed: seal.close(scope, Recorded.toBytes(answer)) })),
      lose: (why) => conclusions.conclude({ _tag: "Lose", scope, claim, why }),
      release: conclusions.conclude({ _tag: "Release", scope, claim })
    }
  }

  const claim = (named: Named, onTicket: (ticket: Ticket) => void): Effect.Effect<Claim, GatewayError> => {
    const { exchange, key, path, principal, route, tenant, text } = named
    const scope = seal.name(["scope", tenant ?? "", principal, route, key])
    const print = seal.name(["print", path, text])
    const deadline = now() + options.waitMs
    const whose = tenant === undefined ? `key:${principal}` : `tenant:${tenant}`

    const ask = store.ask({ _tag: "Claim", scope, print, owner, claim: exchange, tenant: whose, ttlMs: options.ttlMs, aliveMs }).pipe(
      Effect.tap((told) => Effect.sync(() => told._tag === "Claimed" ? onTicket(ticketOf(scope, exchange)) : undefined)),
      Effect.uninterruptible,
      Effect.catch((error) => {
        // It may have been claimed all the same
        conclusions.later({ _tag: "Release", scope, claim: exchange })
        return fail({ class: "unavailable", message: `The request was not sent because ${error.message}.`, retryAfterMs: 1000 })
      })
    )

    const judge = (told: Told, pollMs: number): Effect.Effect<Claim, GatewayError> => {
      if ("print" in told && told.print !== print) return refused("reused", otherBody)
      switch (told._tag) {
        case "Claimed":
          return counted("executed", { _tag: "Execute" })
        case "Kept":
          return Option.match(Option.flatMap(seal.open(scope, told.sealed), Recorded.fromBytes), {
            onNone: () => refused("unknown", unknown("gone")),
            onSome: (answer) => counted("replayed", { _tag: "Replay", answer })
          })
        case "Lost":
          return refused("unknown", unknown(told.why))
        case "Full":
          return refused("full", full(told.of))
        case "Running": {
          const leftMs = deadline - now()
          if (leftMs <= 0 || !waiters.hasRoom()) return refused("in-use", inUse)
          const isOwn = told.owner === owner
          const wait = waiters.wait(scope).pipe(Effect.timeoutOption(Duration.millis(Math.min(leftMs, isOwn ? longestPollMs : pollMs))))
          return Effect.andThen(wait, attempt(Math.min(2 * pollMs, longestPollMs)))
        }
        case "Done":
          return fail({ class: "defect", message: "The store of replays answered a claim with nothing." })
      }
    }

    const attempt = (pollMs: number): Effect.Effect<Claim, GatewayError> => Effect.flatMap(ask, (told) => judge(told, pollMs))
    return attempt(firstPollMs)
  }

  return Replays.of({ options, claim })
})

const counted = (result: ReplayMetrics.Result, claim: Claim): Effect.Effect<Claim> => Effect.as(ReplayMetrics.claimed(result), claim)

const refused = (result: ReplayMetrics.Result, error: GatewayError): Effect.Effect<never, GatewayError> => Effect.andThen(ReplayMetrics.claimed(result), error)

/** Replays over a store. */
export const layer = (options: Partial<Options> = {}): Layer.Layer<Replays, never, ReplayStore> =>
  Layer.effect(Replays, make({ ...defaultOptions, ...options }))
