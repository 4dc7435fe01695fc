/**
 * Runs interceptors over a whole reply before it goes to the client, answers and error replies alike. One that fails with a stop puts
 * another reply in its place; on error replies that ends the chain, so that nothing is refused twice.
 */
import * as Effect from "effect/Effect"
import { contextOf, type Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import * as HeaderChange from "./HeaderChange.ts"
import type { ReplyChange, WholeReply } from "./Interceptor.ts"
import * as PartCall from "./PartCall.ts"
import type { Stop } from "./ShortCircuit.ts"

const isStatus = (status: number | undefined): status is number => status !== undefined && Number.isInteger(status) && status >= 200 && status < 600

const changed = (reply: WholeReply, change: ReplyChange | undefined): WholeReply =>
  change === undefined ? reply : {
    ...reply,
    status: isStatus(change.status) ? change.status : reply.status,
    headers: change.headers === undefined ? reply.headers : HeaderChange.sendable(HeaderChange.apply(reply.headers, change.headers)),
    body: change.body === undefined ? reply.body : typeof change.body === "string" ? Buffer.from(change.body) : change.body
  }

/** The reply as the interceptors want it. */
export const run = (gateway: Gateway, exchange: Exchange, reply: WholeReply): Effect.Effect<WholeReply, Stop> =>
  gateway.hooks.response.length === 0 ? Effect.succeed(reply) : through(gateway, exchange, reply)

const through = Effect.fnUntraced(function*(gateway: Gateway, exchange: Exchange, reply: WholeReply): Effect.fn.Return<WholeReply, Stop> {
  const context = contextOf(exchange)
  const place = { gateway, exchange, step: "interceptor" }
  let current = reply
  for (const hook of gateway.hooks.response) {
    const given = current
    const change = yield* PartCall.run(place, hook, (make) => make(given, context), undefined)
    const problem = HeaderChange.problem(change?.headers)
    if (problem === undefined) current = changed(given, change)
    else yield* Effect.fromResult(PartCall.fault(place, hook, problem, undefined))
  }
  return current
})
