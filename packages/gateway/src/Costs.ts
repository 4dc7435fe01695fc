/**
 * What an exchange costs, from the prices the gateway was given: the settled cost, the cost so far, and the cost of the prompt when
 * it opens. An unknown price leaves the cost out; it is never zero. Pure but for the counting of what has no price.
 */
import { isEmpty, type MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import * as Option from "effect/Option"
import type { Exchange } from "./Exchange.ts"
import type { Gateway } from "./Gateway.ts"
import type { Settlement } from "./Ledger.ts"
import * as Metrics from "./Metrics.ts"
import type { Candidate } from "./Planner.ts"
import type { Cost } from "./Prices.ts"

/** What a usage costs where the exchange stands now, by the prices of the moment it began; undefined = no price known, or nothing used. */
export const costOf = ({ prices }: Pick<Gateway, "prices">, exchange: Exchange, { tokens }: MeteredUsage): Cost | undefined => {
  if (prices === undefined || isEmpty(tokens)) return undefined
  const { current } = exchange
  const facts = current?.tap.facts()
  return Option.getOrUndefined(prices.cost({
    usage: tokens,
    at: exchange.startedAt,
    tier: facts?.tier,
    servedModel: facts?.servedModel,
    upstreamModel: current?.upstreamModel,
    model: exchange.model,
    provider: current?.provider,
    upstream: current?.upstream,
    price: current?.price
  }))
}

/** The settlement with its cost and the version of its price. What was used and has no price is counted. */
export const priced = (gateway: Pick<Gateway, "prices">, exchange: Exchange, settlement: Settlement): Settlement => {
  if (gateway.prices === undefined || isEmpty(settlement.usage.tokens)) return settlement
  const cost = costOf(gateway, exchange, settlement.usage)
  const { provider } = settlement
  if (cost === undefined) {
    Metrics.unpriced(provider ?? "none", settlement.inbound)
    return settlement
  }
  for (const name of cost.assumed) Metrics.assumedPrice(provider ?? "none", name)
  return { ...settlement, costUsd: Money.toDecimal(cost.amount), priceVersion: cost.version }
}

/** What the estimated prompt costs at a target, in decimal dollars: what an exchange that is never settled is charged. */
export const ofPrompt = ({ executors, prices }: Gateway, exchange: Exchange, target: Candidate): string | undefined => {
  if (prices === undefined) return undefined
  const cost = prices.cost({
    usage: { input: exchange.estimatedInput },
    at: exchange.startedAt,
    upstreamModel: target.model,
    model: exchange.model,
    provider: target.provider,
    upstream: executors.get(target.provider)?.dialect.id,
    price: target.price
  })
  return Option.isNone(cost) ? undefined : Money.toDecimal(cost.value.amount)
}
