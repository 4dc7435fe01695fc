/**
 * The beginning of every attempt, whatever it asks: the target is opened, an error reply becomes a failure, a body is read
 * within bounds and as JSON. Not what the answer means.
 */
import { fail, type Failure, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Json from "@sluice/protocol/Json"
import * as Loss from "@sluice/protocol/Loss"
import type { Asked } from "@sluice/protocol/Question"
import type { Json as JsonValue } from "@sluice/protocol/Wire"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import type { ByteSource } from "./ByteSource.ts"
import type { Credential } from "./Credential.ts"
import { contextOf, type Exchange } from "./Exchange.ts"
import type { Executor } from "./Executor.ts"
import type { Gateway } from "./Gateway.ts"
import type { Inbound } from "./Inbound.ts"
import type { AttemptContext } from "./Interceptor.ts"
import { readAll } from "./internal/wholeBody.ts"
import type { Outbound } from "./Outbound.ts"
import * as Overload from "./Overload.ts"
import type { Price } from "./Prices.ts"
import * as StreamTap from "./StreamTap.ts"
import type { Limits } from "./Timeouts.ts"
import type { UpstreamReply } from "./UpstreamClient.ts"

/** What an attempt is made of. */
export interface AttemptPlan<Q extends Asked> {
  readonly gateway: Gateway
  readonly exchange: Exchange
  readonly inbound: Inbound<Q>
  /** The target's name of the model. */
  readonly model: string
  /** The price the target has of its own. */
  readonly price: Price | undefined
  readonly executor: Executor
  /** What the provider is asked with; absent where it takes none. */
  readonly credential: Credential | undefined
  readonly outbound: Outbound
  readonly number: number
  /** The limits of the provider, but for the time of the whole exchange, which is the plan's. */
  readonly limits: Limits
  /** Milliseconds of the steady clock. */
  readonly begunAt: number
  /** The circuits whose probe this is. */
  readonly probes: ReadonlyArray<string> | undefined
  /** The provider has several credentials. */
  readonly isOneOfSeveral: boolean
  /** Marks the wheel reads; kept current by the attempt. */
  readonly marks: { lastByteAt: number; committed: boolean }
}

/** Where an attempt gathers what its answer says and loses. */
export interface Gathered {
  readonly tap: StreamTap.StreamTap
  readonly responseLosses: Loss.LossSink
}

/** Makes this attempt the one the exchange speaks of. */
export const begin = <Q extends Asked>({ credential, exchange, executor, model, outbound, price }: AttemptPlan<Q>): Gathered => {
  const tap = StreamTap.make()
  const responseLosses = Loss.sink()
  exchange.current = {
    provider: executor.id,
    upstreamModel: model,
    credential: credential?.kind === "none" ? undefined : credential?.id,
    upstream: executor.dialect.id,
    lane: outbound.lane,
    losses: exchange.requestLosses.length === 0 ? outbound.losses : [...exchange.requestLosses, ...outbound.losses],
    price,
    tap,
    responseLosses
  }
  return { tap, responseLosses }
}

/** What interceptors and normalizers of an attempt are told. */
export const attemptContext = <Q extends Asked>({ exchange, executor, model, number }: AttemptPlan<Q>): AttemptContext => ({
  ...contextOf(exchange),
  attempt: number,
  provider: executor.id,
  upstreamModel: model,
  upstream: executor.dialect.id
})

/** Sends the request and waits for a head that promises an answer. */
export const open = Effect.fnUntraced(
  function*<Q extends Asked>(plan: AttemptPlan<Q>): Effect.fn.Return<UpstreamReply, GatewayError, Scope.Scope> {
    const { credential, exchange, executor, gateway, inbound, marks, outbound } = plan
    exchange.sentUpstream = true
    const reply = yield* executor.open({
      operation: exchange.operation,
      ...(outbound.variant === undefined ? {} : { variant: outbound.variant }),
      model: plan.model,
      stream: inbound.stream,
      body: outbound.replaced ?? outbound.body,
      headers: outbound.headers,
      ...(outbound.changes === undefined ? {} : { changes: outbound.changes }),
      ...(credential === undefined ? {} : { credential })
    })
    marks.lastByteAt = gateway.wheel.now()
    if (reply.status >= 200 && reply.status < 300) return reply
    const body = yield* readError(reply.body)
    return yield* fail(executor.dialect.errors.decode({ status: reply.status, headers: reply.headers, body }))
  }
)

const maxErrorBytes = 64 * 1024
const decoder = new TextDecoder()

/** Reads what there is of an error body: its end may be missing, its status is not. */
const readError = (source: ByteSource): Effect.Effect<string> =>
  readAll(source, maxErrorBytes, () => undefined).pipe(Effect.map((bytes) => decoder.decode(bytes)), Effect.catch(() => Effect.succeed("")))

/** Whether a reply is a stream of server-sent events. */
export const isEventStream = (reply: UpstreamReply): boolean => (reply.headers["content-type"] ?? "").startsWith("text/event-stream")
const isJson = (reply: UpstreamReply): boolean => /^application\/(?:[\w.+-]+\+)?json/.test(reply.headers["content-type"] ?? "")

const notAnAnswer = (reply: UpstreamReply, text: string): Failure => ({
  class: "protocol-violation",
  message: `The provider answered ${reply.status} with ${reply.headers["content-type"] ?? "no content type"}, which is not an answer of its protocol${
    text.trimStart().startsWith("<") ? " (an HTML page)" : ""
  }.`
})

/** The whole body of a reply, within the gateway's limit and where there is room for it. */
export const readBody = <Q extends Asked>({ exchange, gateway, marks }: AttemptPlan<Q>, reply: UpstreamReply): Effect.Effect<Uint8Array, GatewayError> => {
  let held = 0
  return readAll(reply.body, gateway.settings.answerLimitBytes, (count) => {
    marks.lastByteAt = gateway.wheel.now()
    const refused = Overload.hold(gateway, exchange, count)
    if (refused === undefined) held += count
    return refused
  }).pipe(Effect.tapCause(() => Effect.sync(() => Overload.hold(gateway, exchange, -held))))
}

/** A body as JSON; empty bodies, pages and other things that are none are failures. */
export const parse = (reply: UpstreamReply, bytes: Uint8Array): Result.Result<JsonValue, Failure> => {
  if (bytes.length === 0) return Result.fail({ class: "empty", message: "The provider sent an empty answer." })
  const text = decoder.decode(bytes)
  const parsed = Json.parseExact(text)
  return Result.isFailure(parsed) || (!isJson(reply) && text.trimStart().startsWith("<"))
    ? Result.fail(notAnAnswer(reply, text))
    : Result.succeed(parsed.success)
}
