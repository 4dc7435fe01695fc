/**
 * What admission (Admission.ts) means for one exchange: it takes a place before its body is read, holds the bytes it has in hand,
 * and gives both back when it is settled. Without an admission nothing of this happens.
 */
import type { Failure, GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import { endOnce, type Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"

/** Told the client of a stream that memory forces to end. */
export const shedding: Failure = { class: "cancelled", message: "The gateway is short of memory and had to end this answer; ask again in a moment." }

/** The bytes that a request's head states; 0 where it states none, and where it states too many to be read at all. */
const stated = (contentLength: string | undefined, limit: number): number => {
  const bytes = Number(contentLength ?? 0)
  return bytes > 0 && bytes <= limit ? bytes : 0
}

/** Waits for a place; fails where there is none. The settling gives it back, whatever comes of the waiting. */
export const enter = (gateway: Gateway, exchange: Exchange, contentLength: string | undefined): Effect.Effect<void, GatewayError> => {
  const { admission, settings } = gateway
  if (admission === undefined) return Effect.void
  exchange.step = "overload"
  exchange.ticket = admission.arrive(exchange.principal.priority ?? "interactive", stated(contentLength, settings.bodyLimitBytes))
  return exchange.ticket.state === "admitted" ? Effect.void : admission.admitted(exchange.ticket)
}

/** Holds more bytes, or fewer where `more` is negative; `false` = there is no room, and nothing is held for them. */
export const mayHold = ({ admission }: Gateway, { ticket }: Exchange, more: number): boolean =>
  admission === undefined || ticket === undefined || admission.hold(ticket, Math.max(0, ticket.bytes + more))

/** The same for bytes without which the exchange cannot go on; the failure says that there is no room. */
export const hold = (gateway: Gateway, exchange: Exchange, more: number): GatewayError | undefined => {
  const { admission } = gateway
  const { ticket } = exchange
  if (admission === undefined || ticket === undefined || mayHold(gateway, exchange, more)) return undefined
  // Before anything was opened it is a refusal; afterwards the exchange was ours to finish
  if (exchange.step === undefined) endOnce(exchange, { _tag: "ServerStop", why: "overload" })
  else exchange.step = "overload"
  return admission.noRoom(ticket)
}

/** Gives the place and the bytes back. */
export const leave = ({ admission }: Gateway, { ticket }: Exchange): void => {
  if (ticket !== undefined) admission?.leave(ticket)
}
