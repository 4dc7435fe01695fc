/**
 * What an account may use: requests and tokens in a sliding window, requests at the same time, and money per calendar period. Plain
 * data that keys, teams and tenants carry; Limits.ts enforces it.
 */
import type { Money } from "@sluice/protocol/Money"

/** What is counted over time. */
export interface RateRule {
  readonly kind: "requests" | "tokens"
  readonly limit: number
  readonly windowMs: number
}

/** Calendar periods in UTC; weeks begin on Monday, and `total` never ends. */
export type Period = "day" | "week" | "month" | "total"

/** Money that may be spent in each period. */
export interface Budget {
  readonly limit: Money
  readonly period: Period
}

/** Limits that hold for every model together, or for those of one name or glob. */
export interface UseRules {
  readonly rates?: ReadonlyArray<RateRule>
  /** Requests at the same time. */
  readonly concurrency?: number
}

/** Limits of the models that one name or glob matches, taken together. */
export interface ModelRules extends UseRules {
  readonly model: string
}

/** Everything that limits one account. */
export interface LimitRules extends UseRules {
  /** One for each period. */
  readonly budgets?: ReadonlyArray<Budget>
  /** One for each name or glob. */
  readonly models?: ReadonlyArray<ModelRules>
}

/** Requests or tokens per minute. */
export const perMinute = (kind: RateRule["kind"], limit: number): RateRule => ({ kind, limit, windowMs: 60_000 })

/** Requests or tokens in a day's hours. */
export const perDay = (kind: RateRule["kind"], limit: number): RateRule => ({ kind, limit, windowMs: 86_400_000 })

/** The greatest budget: sums are counted in nano-dollars, in numbers that are exact below 2⁵³. */
export const maxBudgetUsd = 9_000_000
