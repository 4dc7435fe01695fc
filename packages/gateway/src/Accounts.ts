/**
 * Accounts: what a key, a team or a tenant has spent, by day. Kept by the ledger with each settlement, so that a budget outlives
 * the process that counts it. Which accounts an exchange belongs to is decided here, for every implementation of the port.
 */
import * as Usage from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import * as Option from "effect/Option"

/** What an account is kept for. */
export type AccountKind = "key" | "team" | "tenant"

/** Whose account. */
export interface Account {
  readonly kind: AccountKind
  readonly id: string
}

/** What was spent: every exchange that ended and was not refused, its tokens of all classes, and its cost where a price was known. */
export interface Spent {
  readonly requests: number
  readonly tokens: number
  readonly spent: Money.Money
}

/** Nothing. */
export const nothing: Spent = { requests: 0, tokens: 0, spent: Money.zero }

/** The sum of two. */
export const add = (left: Spent, right: Spent): Spent => ({
  requests: left.requests + right.requests,
  tokens: left.tokens + right.tokens,
  spent: Money.add(left.spent, right.spent)
})

const dayMs = 86_400_000

/** The UTC day of a time: days since the epoch. An exchange counts on the day on which it ended, an abandoned one on the day on which it started. */
export const dayOf = (time: number): number => Math.floor(time / dayMs)

/** Whose exchange it was. */
export interface Owner {
  readonly principal: string
  readonly team?: string | undefined
  readonly tenant?: string | undefined
}

/** The accounts of an exchange. */
export const of = ({ principal, team, tenant }: Owner): ReadonlyArray<Account> => [
  { kind: "key", id: principal },
  ...(team === undefined ? [] : [{ kind: "team", id: team } as const]),
  ...(tenant === undefined ? [] : [{ kind: "tenant", id: tenant } as const])
]

/** What one exchange adds. A cost is rounded up to whole nano-dollars, as the sums of a database are. */
export const charge = (usage: Usage.Usage, costUsd: string | undefined): Spent => {
  const cost = costUsd === undefined ? Option.none() : Money.fromDecimal(costUsd)
  return {
    requests: 1,
    tokens: Usage.inputTotal(usage) + Usage.outputTotal(usage),
    spent: Option.isNone(cost) ? Money.zero : Money.fromNanos(Money.toNanos(cost.value))
  }
}
