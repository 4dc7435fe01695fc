/** Limits, teams and tenants of a configuration as the gateway takes them, and what is wrong with them. Pure. */
import type { ApiKey } from "@sluice/gateway/ApiKeys"
import { type Budget, type LimitRules, maxBudgetUsd, perDay, perMinute, type UseRules } from "@sluice/gateway/LimitRules"
import type { Options } from "@sluice/gateway/Limits"
import { present } from "@sluice/protocol/Json"
import * as Money from "@sluice/protocol/Money"
import { BigDecimal, Duration, Option } from "effect"
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"

/** The keys of the file, with what limits each of them. */
export const toApiKeys = (config: Config): ReadonlyArray<ApiKey> =>
  config.keys.map((key) => ({
    key: key.key,
    principal: present({ id: key.id, tenant: tenantOf(config, key), team: key.team, priority: key.priority, models: key.models, limits: toRules(key) })
  }))

/** How the file wants limits enforced. */
export const toLimitOptions = ({ limits, teams, tenants }: Config): Options => ({
  teams: new Map(teams.map((team) => [team.id, toRules(team)])),
  tenants: new Map(tenants.map((tenant) => [tenant.id, toRules(tenant)])),
  onFailure: limits.onFailure,
  onUnknownPrice: limits.onUnknownPrice,
  assumedOutput: limits.assumedOutput,
  leaseMs: Duration.toMillis(limits.lease)
})

/** The tenant of a key: its own, or that of its team. */
export const tenantOf = (
  { teams }: Pick<Config, "teams">,
  { team, tenant }: { readonly team?: string | undefined; readonly tenant?: string | undefined }
): string | undefined => tenant ?? teams.find(({ id }) => id === team)?.tenant

/** What is wrong with teams, tenants and budgets. */
export const limitProblems = (config: Config): ReadonlyArray<Problem> => [
  ...(["teams", "tenants"] as const).flatMap((name) =>
    config[name].flatMap(({ id }, at) =>
      config[name].findIndex((other) => other.id === id) < at ? [problem([name, at, "id"], "another entry has this id")] : []
    )
  ),
  ...(["keys", "teams"] as const).flatMap((name) => config[name].flatMap((each, at) => ownersMissing(config, each, [name, at]))),
  ...(["keys", "teams", "tenants"] as const).flatMap((name) =>
    config[name].flatMap((each, at) => [...budgetProblems(each, [name, at, "budget"]), ...modelProblems(each, [name, at, "limits", "models"])])
  )
]

// internal

type Limited = Pick<Config["keys"][number], "limits" | "budget">
type Use = Omit<Limited["limits"], "models">

const toUse = ({ concurrency, requestsPerDay, requestsPerMinute, tokensPerDay, tokensPerMinute }: Use): UseRules => ({
  rates: [
    ...(requestsPerMinute === undefined ? [] : [perMinute("requests", requestsPerMinute)]),
    ...(tokensPerMinute === undefined ? [] : [perMinute("tokens", tokensPerMinute)]),
    ...(requestsPerDay === undefined ? [] : [perDay("requests", requestsPerDay)]),
    ...(tokensPerDay === undefined ? [] : [perDay("tokens", tokensPerDay)])
  ],
  ...(concurrency === undefined ? {} : { concurrency })
})

const budgetsOf = ({ budget }: Limited) => budget === undefined ? [] : "usd" in budget ? [budget] : budget

const moneyOf = (usd: BigDecimal.BigDecimal): Option.Option<Money.Money> => Money.fromDecimal(BigDecimal.format(usd))

const toBudgets = (limited: Limited): ReadonlyArray<Budget> =>
  // A budget that could not be read was refused by the rules
  budgetsOf(limited).flatMap(({ period, usd }) => Option.toArray(moneyOf(usd)).map((limit) => ({ limit, period })))

const toRules = (limited: Limited): LimitRules => ({
  ...toUse(limited.limits),
  budgets: toBudgets(limited),
  models: limited.limits.models.map((each) => ({ model: each.model, ...toUse(each) }))
})

const ownersMissing = (
  config: Config,
  { team, tenant }: { readonly team?: string | undefined; readonly tenant?: string | undefined },
  path: ReadonlyArray<PropertyKey>
): ReadonlyArray<Problem> => {
  const found = config.teams.find(({ id }) => id === team)
  return [
    ...(team !== undefined && found === undefined ? [problem([...path, "team"], "no team has this id")] : []),
    ...(tenant !== undefined && config.tenants.every(({ id }) => id !== tenant) ? [problem([...path, "tenant"], "no tenant has this id")] : []),
    // The windows of a team are counted within its tenant
    ...(tenant !== undefined && found !== undefined && found.tenant !== tenant
      ? [problem([...path, "tenant"], "is another tenant than that of the team; leave it out")]
      : [])
  ]
}

const modelProblems = ({ limits: { models } }: Limited, path: ReadonlyArray<PropertyKey>): ReadonlyArray<Problem> =>
  models.flatMap(({ model }, at) =>
    models.findIndex((other) => other.model === model) < at ? [problem([...path, at, "model"], "another entry is for the same models")] : []
  )

const budgetProblems = (limited: Limited, path: ReadonlyArray<PropertyKey>): ReadonlyArray<Problem> =>
  budgetsOf(limited).flatMap(({ period, usd }, at) => {
    if (budgetsOf(limited).findIndex((other) => other.period === period) < at) return [problem([...path, at, "period"], "another budget has this period")]
    const place = Array.isArray(limited.budget) ? [...path, at, "usd"] : [...path, "usd"]
    if (Option.isNone(moneyOf(usd))) return [problem(place, "has more than twelve decimal places")]
    return BigDecimal.isGreaterThan(usd, BigDecimal.fromNumberUnsafe(maxBudgetUsd)) ? [problem(place, `is more than ${maxBudgetUsd}, the greatest budget`)] : []
  })
