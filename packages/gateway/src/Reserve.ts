/**
 * The step of the pipeline that asks for room in limits, and its end: what an exchange took is told once, when it is settled. What an
 * exchange may take is estimated only where a limit wants to know.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Money from "@sluice/protocol/Money"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type { Settlement } from "./Ledger.ts"
import type { Limits } from "./Limits.ts"
import * as Estimate from "./limits/Estimate.ts"
import type { Candidate } from "./Planner.ts"

const estimate = ({ estimatedInput, operation, request }: Exchange): Estimate.Estimate => {
  // Nobody charges for a count
  if (operation === "count") return Estimate.nothing
  const asked: CanonicalRequest | undefined = operation === "generate" ? request?.() : undefined
  return asked === undefined ? { input: estimatedInput, output: 0 } : Estimate.of(asked)
}

/** The dearer service tier, where it is asked for; what is asked for at less may come at the standard price all the same. */
const dearerTier = ({ operation, request }: Exchange): "priority" | undefined =>
  operation === "generate" && request?.().serviceTier === "priority" ? "priority" : undefined

/** The most the exchange may cost whichever target answers; undefined where one has no price. */
const bound = (
  { executors, prices }: Gateway,
  exchange: Exchange,
  candidates: ReadonlyArray<Candidate>,
  { input, output }: Estimate.Estimate
): Money.Money | undefined => {
  if (exchange.operation === "count") return Money.zero
  // What is handed on as it is may cost anything
  if (exchange.operation === "raw") return undefined
  let most = Money.zero
  const tier = dearerTier(exchange)
  for (const { model, price, provider } of candidates) {
    const found = prices?.bound({
      at: exchange.startedAt,
      upstreamModel: model,
      model: exchange.model,
      provider,
      upstream: executors.get(provider)?.dialect.id,
      price,
      tier,
      estimatedInput: input,
      maxOutput: output
    })
    if (found === undefined || Option.isNone(found)) return undefined
    most = Money.max(most, found.value)
  }
  return most
}

/** Makes room for the exchange, or fails as its limits say. What was paid for before takes no tokens and no money. */
export const reserve = (
  gateway: Gateway,
  limits: Limits["Service"],
  exchange: Exchange,
  model: string,
  candidates: ReadonlyArray<Candidate>,
  isPaid = false
): Effect.Effect<void, GatewayError> => {
  let estimated: Estimate.Estimate | undefined
  const estimateOnce = (): Estimate.Estimate => estimated ??= isPaid ? Estimate.nothing : estimate(exchange)
  return limits.reserve({
    id: exchange.id,
    principal: exchange.principal,
    inbound: exchange.inbound,
    model,
    at: exchange.startedAt,
    estimate: estimateOnce,
    bound: () => isPaid ? Money.zero : bound(gateway, exchange, candidates, estimateOnce())
  }).pipe(
    Effect.map((reservation) => {
      exchange.reservation = reservation
      exchange.limitHeaders = reservation.headers
    }),
    Effect.mapError(({ failure, headers }) => {
      exchange.limitHeaders = headers
      return fail(failure)
    }),
    // Whoever was given room must end it
    Effect.uninterruptible
  )
}

/**
 * Ends the reservation: of what neither went upstream nor was answered here, everything is given back. An answer that was kept and is given again
 * was a request like any other, and costs nothing.
 */
export const end = ({ reservation, sentUpstream }: Exchange, { costUsd, outcome, usage }: Settlement): Effect.Effect<void> => {
  if (reservation === undefined) return Effect.void
  if (outcome._tag === "Replayed" || outcome._tag === "Cached") return reservation.settle({}, Money.zero)
  const cost = costUsd === undefined ? undefined : Option.getOrUndefined(Money.fromDecimal(costUsd))
  return sentUpstream || outcome._tag === "Completed" ? reservation.settle(usage.tokens, cost) : reservation.release
}
