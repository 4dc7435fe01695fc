/**
 * The reply of an exchange that ended without an answer of a provider: a refusal or failure in the client's dialect, the reply of a part's
 * own, or an answer a part gives by itself. The cell that says how the exchange ended is filled here.
 */
import { fail, type Failure } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import { endOnce, type Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as GivenAnswer from "./GivenAnswer.ts"
import type { WholeReply } from "./Interceptor.ts"
import * as Replaying from "./Replaying.ts"
import * as Reply from "./Reply.ts"
import * as ResponseStage from "./ResponseStage.ts"
import * as ShortCircuit from "./ShortCircuit.ts"
import type { Stop } from "./ShortCircuit.ts"

/** Sends a reply past the interceptors of replies; what one of them puts in its place is sent as it is. */
const sent = (gateway: Gateway, exchange: Exchange, reply: WholeReply): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  ResponseStage.run(gateway, exchange, reply).pipe(
    Effect.catch((stop) => Effect.succeed(replyTo(exchange, stop))),
    Effect.map((last) => {
      exchange.bodies?.response.push(last.body)
      return Reply.send(last)
    })
  )

const replyTo = (exchange: Exchange, stop: Stop): WholeReply => {
  const { failure } = ShortCircuit.toError(stop)
  return stop._tag === "ShortCircuit" && stop.with._tag === "Reply"
    ? Reply.own(exchange, stop.with, failure)
    : Reply.failed(exchange.inbound, exchange.id, failure, exchange)
}

/** What the client gets instead of an answer. */
export const failed = (gateway: Gateway, exchange: Exchange, failure: Failure): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  Replaying.noteFailure(exchange, failure)
  return sent(gateway, exchange, Reply.failed(exchange.inbound, exchange.id, failure, exchange))
}

const refused = (gateway: Gateway, exchange: Exchange, stop: Stop): Effect.Effect<HttpServerResponse.HttpServerResponse> =>
  Effect.suspend(() => {
    const { failure } = ShortCircuit.toError(stop)
    const by = failure.class === "unsupported-crossing" ? "fidelity" : exchange.step
    endOnce(exchange, by === undefined ? { _tag: "Failed", failure } : { _tag: "Refused", by, failure })
    Replaying.noteFailure(exchange, failure)
    return sent(gateway, exchange, replyTo(exchange, stop))
  })

/** The reply to what stopped the exchange. */
export const of = (gateway: Gateway, exchange: Exchange, stop: Stop): Effect.Effect<HttpServerResponse.HttpServerResponse> => {
  if (stop._tag !== "ShortCircuit" || stop.with._tag !== "Answer" || exchange.operation !== "generate") return refused(gateway, exchange, stop)
  const { frames, headers = {} } = stop.with
  const problem = GivenAnswer.problem(frames)
  if (problem !== undefined) return refused(gateway, exchange, fail({ class: "defect", message: `${exchange.step ?? "A part"}: ${problem}` }))
  const given = { by: exchange.step ?? "interceptor", frames, form: "stream" as const, headers, savedUsd: undefined, hideUsage: false }
  return Effect.catch(GivenAnswer.respond(gateway, exchange, given), (again) => refused(gateway, exchange, again))
}
