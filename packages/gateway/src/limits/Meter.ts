/**
 * What a request is measured by: one meter for each limit of each account it belongs to, with the amount it asks for. Which
 * accounts and rules concern a principal is found once for it; a request only adds amounts. Pure but for remembering the last period.
 */
import * as Money from "@sluice/protocol/Money"
import type { Account } from "../Accounts.ts"
import * as Glob from "../internal/modelGlob.ts"
import type { LimitRules, Period, UseRules } from "../LimitRules.ts"
import type { Window } from "../LimitStore.ts"
import type { Principal } from "../Principal.ts"
import * as CalendarPeriod from "./CalendarPeriod.ts"
import type { Estimate } from "./Estimate.ts"

/** What a limit is about. */
export type Kind = "requests" | "tokens" | "concurrency" | "budget"

/** One limit as one request meets it. */
export interface Meter {
  readonly kind: Kind
  readonly account: Account
  /** The name or glob of models the limit is for; absent = all. */
  readonly model?: string
  readonly window: Window
  /** Of a budget. */
  readonly period?: CalendarPeriod.CalendarPeriod
}

/** One limit as it is known before there is a request: its name among the windows of the store is made once. */
type Ready =
  | { readonly _tag: "Rate"; readonly kind: "requests" | "tokens"; readonly of: Named; readonly key: string; readonly limit: number; readonly windowMs: number }
  | { readonly _tag: "Concurrency"; readonly of: Named; readonly key: string; readonly limit: number }
  | { readonly _tag: "Budget"; readonly of: Named; readonly limit: number; readonly period: (at: number) => Dated }

/** Whose limit it is, and for which models. */
interface Named {
  readonly account: Account
  readonly model?: string
}

/** A period and the name of its window. */
interface Dated {
  readonly period: CalendarPeriod.CalendarPeriod
  readonly key: string
}

/** Everything that limits a principal. */
export interface Plan {
  /** Windows of one group answer together: a tenant, or everything that belongs to none. */
  readonly group: string
  readonly ready: ReadonlyArray<Ready>
  readonly hasBudgets: boolean
}

/** Rules of teams and tenants, by id. */
export interface SharedRules {
  readonly teams: ReadonlyMap<string, LimitRules>
  readonly tenants: ReadonlyMap<string, LimitRules>
}

const keyOf = ({ id, kind }: Account, ...rest: ReadonlyArray<string>): string => [kind, id, ...rest].map(encodeURIComponent).join(":")

const readyUse = (of: Named, { concurrency, rates = [] }: UseRules): ReadonlyArray<Ready> => {
  const models = of.model === undefined ? [] : [of.model]
  return [
    ...rates.map(({ kind, limit, windowMs }) => ({ _tag: "Rate", kind, of, key: keyOf(of.account, kind, `${windowMs}`, ...models), limit, windowMs } as const)),
    ...(concurrency === undefined ? [] : [{ _tag: "Concurrency", of, key: keyOf(of.account, "concurrency", ...models), limit: concurrency } as const])
  ]
}

/** The period a request falls into: the same as that of the one before, but for once in a period. */
const dated = (account: Account, period: Period): (at: number) => Dated => {
  let last: Dated | undefined
  let fromMs = 0
  return (at) => {
    if (last === undefined || at < fromMs || at >= (last.period.endsAt ?? Number.POSITIVE_INFINITY)) {
      const found = CalendarPeriod.of(period, at)
      fromMs = found.fromDay * dayMs
      last = { period: found, key: keyOf(account, "budget", found.id) }
    }
    return last
  }
}

const readyOf = (account: Account, { budgets = [], models = [], ...use }: LimitRules): ReadonlyArray<Ready> => [
  ...readyUse({ account }, use),
  ...models.flatMap((each) => readyUse({ account, model: each.model }, each)),
  ...budgets.map(({ limit, period }) => ({ _tag: "Budget", of: { account }, limit: nanosOf(limit), period: dated(account, period) } as const))
]

/** What limits a principal; undefined where nothing does. */
export const plan = ({ id, limits, team, tenant }: Principal, shared: SharedRules): Plan | undefined => {
  const found = [
    { account: { kind: "key" as const, id }, rules: limits },
    ...(team === undefined ? [] : [{ account: { kind: "team" as const, id: team }, rules: shared.teams.get(team) }]),
    ...(tenant === undefined ? [] : [{ account: { kind: "tenant" as const, id: tenant }, rules: shared.tenants.get(tenant) }])
  ]
  const ready = found.flatMap(({ account, rules }) => rules === undefined ? [] : readyOf(account, rules))
  return ready.length === 0 ? undefined : { group: tenant ?? "", ready, hasBudgets: ready.some(({ _tag }) => _tag === "Budget") }
}

/** What is known of a request before it is sent. */
export interface Facts {
  readonly model: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly estimate: Estimate
  /** Tokens of the answer where the request sets no bound. */
  readonly assumedOutput: number
  /** The most it may cost. */
  readonly bound: Money.Money
  readonly leaseMs: number
}

const dayMs = 24 * 60 * 60 * 1000

/** How long a window of what is held stays after it was last touched: a budget that is forgotten is told anew by the ledger. */
const keepMs = 40 * dayMs

/** Amounts stay exact as numbers. */
const maxAmount = Number.MAX_SAFE_INTEGER

/** Nano-dollars as a number. */
export const nanosOf = (money: Money.Money): number => {
  const nanos = Money.toNanos(money)
  return nanos > BigInt(maxAmount) ? maxAmount : Number(nanos)
}

/** An answer may be as long as the limit lets it; a prompt that is longer can never pass. */
const tokensFor = ({ assumedOutput, estimate: { input, output = assumedOutput } }: Facts, limit: number): number =>
  input > limit ? input : Math.min(limit, input + output)

const meterOf = (ready: Ready, facts: Facts): Meter => {
  switch (ready._tag) {
    case "Rate": {
      const { key, kind, limit, windowMs } = ready
      return { kind, ...ready.of, window: { _tag: "Rate", key, limit, windowMs, amount: kind === "requests" ? 1 : tokensFor(facts, limit) } }
    }
    case "Concurrency": {
      const { key, limit } = ready
      return { kind: "concurrency", ...ready.of, window: { _tag: "Held", key, limit, amount: 1, opening: 0, keepMs: 2 * facts.leaseMs } }
    }
    case "Budget": {
      const { key, period } = ready.period(facts.at)
      return { kind: "budget", ...ready.of, period, window: { _tag: "Held", key, limit: ready.limit, amount: nanosOf(facts.bound), keepMs } }
    }
  }
}

const isMatch = (pattern: string | undefined, model: string): boolean => {
  if (pattern === undefined) return true
  const glob = Glob.compile(pattern)
  return glob === undefined ? pattern === model : Glob.match(glob, model) !== undefined
}

/** The meters of everything that limits a principal, whatever is asked for; their amounts say nothing. */
export const all = ({ ready }: Plan, at: number, leaseMs: number): ReadonlyArray<Meter> =>
  ready.map((each) => meterOf(each, { model: "", at, estimate: { input: 0 }, assumedOutput: 0, bound: Money.zero, leaseMs }))

/** The meters of a request. What asks for nothing is not measured: counting tokens costs none. */
export const of = ({ ready }: Plan, facts: Facts): ReadonlyArray<Meter> => {
  const meters: Array<Meter> = []
  for (const each of ready) {
    if (!isMatch(each.of.model, facts.model)) continue
    const meter = meterOf(each, facts)
    if (meter.window.amount > 0) meters.push(meter)
  }
  return meters
}
