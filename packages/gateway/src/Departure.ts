/** How a handler or a body ended that did not end by itself: the client left, the server stopped, or something died. */
import type { Failure } from "@sluice/protocol/GatewayError"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as HttpServerError from "effect/http/HttpServerError"
import * as Option from "effect/Option"
import { endOnce, type Exchange } from "./Exchange.ts"

const clientAbort = (reason: Cause.Reason<unknown>) => Context.getOption(Cause.reasonAnnotations(reason), HttpServerError.ClientAbort)

/** Whether it was the client who left. */
export const isByClient = (cause: Cause.Cause<unknown>): boolean => cause.reasons.some((reason) => Option.isSome(clientAbort(reason)))

/** What died, as a failure. */
export const defect = (cause: Cause.Cause<unknown>): Failure => ({ class: "defect", message: Cause.pretty(cause) })

/** Fills the exchange's cell from the way a handler or a body ended: who interrupted, or what died. */
export const note = (exchange: Exchange, exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isSuccess(exit)) return
  const { cause } = exit
  if (Cause.hasDies(cause) && !Cause.hasInterrupts(cause)) return endOnce(exchange, { _tag: "Defect", message: Cause.pretty(cause) })
  endOnce(exchange, isByClient(cause) ? { _tag: "ClientGone" } : { _tag: "ServerStop", why: "shutdown" })
}
