/**
 * The price port: what the usage of an exchange costs, and what a request may cost at most. Optional: a gateway without it records
 * no costs. Plain functions without effects, because they run for every exchange. The price book of the package `ledger` is the
 * implementation; rates are its data and a route's own.
 */
import type { Usage, UsageClass } from "@sluice/protocol/CanonicalUsage"
import type { Money } from "@sluice/protocol/Money"
import type { DialectId } from "@sluice/protocol/Wire"
import * as Context from "effect/Context"
import type * as Option from "effect/Option"
import type { ProviderId } from "./ProviderId.ts"

/** Money for a million tokens of each class. What has no rate of its own is priced as what it is a kind of; see the guide on costs. */
export type Rates = { readonly [K in UsageClass]?: Money } & {
  /** Money for the request itself, whatever its tokens. */
  readonly request?: Money
}

/** What a model costs: its rates, and other rates for the whole request where its prompt is longer than `above` tokens. Tiers are in the order of `above`. */
export interface Price {
  readonly rates: Rates
  readonly tiers?: ReadonlyArray<{ readonly above: number; readonly rates: Rates }>
}

/** Whose price is wanted. */
export interface Priced {
  /** The model the provider says it served; its price goes before those of the other names. */
  readonly servedModel?: string | undefined
  /** The model the provider was asked for. */
  readonly upstreamModel?: string | undefined
  /** The model the client named. */
  readonly model?: string | undefined
  readonly provider?: ProviderId | undefined
  /** The protocol the provider was asked in. */
  readonly upstream?: DialectId | undefined
  /** The service tier the provider says it used, in its own word. */
  readonly tier?: string | undefined
  /** The route's own price; it goes before any book. */
  readonly price?: Price | undefined
  /** When, in milliseconds since the epoch: prices change. */
  readonly at: number
}

/** What was used. */
export interface Spent extends Priced {
  readonly usage: Usage
}

/** What may be used. */
export interface Asked extends Priced {
  readonly estimatedInput: number
  /** Tokens of the answer at most, of all its choices together; absent = as many as the book assumes. */
  readonly maxOutput?: number | undefined
}

/** What something costs, and by which price. */
export interface Cost {
  readonly amount: Money
  /** The model whose price it is, as the source of the price calls it. */
  readonly model: string
  /** Version of the source of the price. */
  readonly version: string
  /** Classes that were used and have no rate of their own where one is usual. */
  readonly assumed: ReadonlyArray<UsageClass>
}

/** The prices. */
export class Prices extends Context.Service<Prices, {
  /** What was used costs this; none where no price is known for it, or not for all of it. */
  readonly cost: (spent: Spent) => Option.Option<Cost>
  /** The request costs this at most; none where no price is known. */
  readonly bound: (asked: Asked) => Option.Option<Money>
}>()("@sluice/gateway/Prices") {}
