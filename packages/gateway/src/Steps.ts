/** The steps that every exchange takes, whatever it asks: it arrives, the extensions are entered, the record is opened. */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import { contextOf, type Exchange, opening } from "./Exchange.ts"
import type { Extension } from "./Extension.ts"
import type { Gateway } from "./Gateway.ts"
import type { Installed } from "./Hooks.ts"
import * as LedgerFailure from "./LedgerFailure.ts"
import * as Overload from "./Overload.ts"
import * as PartCall from "./PartCall.ts"

/** Whether there is a gateway that takes requests, and room for one more; `contentLength` is what the head says of the body. */
export const arrive = Effect.fnUntraced(
  function*(gateway: Gateway, exchange: Exchange, contentLength: string | undefined): Effect.fn.Return<void, GatewayError> {
    const stage = gateway.lifecycle.stage()
    exchange.step = "drain"
    if (stage._tag === "Draining" && exchange.begunAt >= stage.refusesAt) {
      return yield* fail({ class: "unavailable", message: "The gateway is shutting down.", retryAfterMs: 1000 })
    }
    if (gateway.admission !== undefined) yield* Overload.enter(gateway, exchange, contentLength)
  }
)

/** Extensions are entered one by one; those entered are finished, whatever comes. */
export const admit = Effect.fnUntraced(function*(gateway: Gateway, exchange: Exchange, entered: Array<Installed<Extension>>) {
  const context = contextOf(exchange)
  const place = { gateway, exchange, step: "admit" }
  for (const extension of gateway.extensions) {
    const skipped = PartCall.skipped(place, extension, undefined)
    if (skipped !== undefined) {
      yield* Effect.fromResult(skipped)
      continue
    }
    entered.push(extension)
    const { admit } = extension.call
    if (admit !== undefined) yield* PartCall.always(place, extension, () => admit(context), undefined)
  }
})

/** Nothing goes upstream before the ledger has the exchange, unless the settings serve without a record: then its settlement may still make one. */
export const open = (gateway: Gateway, exchange: Exchange): Effect.Effect<void, GatewayError> =>
  gateway.ledger.open(opening(exchange)).pipe(
    Effect.catch((error) => LedgerFailure.become(gateway, exchange, `The request was not sent because ${error.message}.`))
  )
