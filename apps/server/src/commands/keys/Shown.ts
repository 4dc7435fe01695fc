/** How a stored key is shown: a line of JSON, or a row of a table. Its secret is not among what is known of it. */
import type { StoredKey } from "@sluice/gateway/KeyStore"
import type { LimitRules, RateRule } from "@sluice/gateway/LimitRules"
import { present } from "@sluice/protocol/Json"
import * as Money from "@sluice/protocol/Money"
import { columns } from "../Columns.ts"

const iso = (time: number | undefined): string | undefined => time === undefined ? undefined : new Date(time).toISOString()

/** What becomes of a request with the key at a time. */
export const statusOf = ({ expiresAt, revokedAt }: StoredKey, now: number): "active" | "expired" | "revoked" =>
  revokedAt !== undefined ? "revoked" : expiresAt !== undefined && expiresAt <= now ? "expired" : "active"

const minuteMs = 60_000

const rate = (rates: ReadonlyArray<RateRule> | undefined, kind: RateRule["kind"]): number | undefined =>
  rates?.find((each) => each.kind === kind && each.windowMs === minuteMs)?.limit

const limitsOf = ({ budgets = [], concurrency, rates }: LimitRules) =>
  present({
    requestsPerMinute: rate(rates, "requests"),
    tokensPerMinute: rate(rates, "tokens"),
    concurrency,
    budgets: budgets.length === 0 ? undefined : budgets.map(({ limit, period }) => ({ usd: Money.toDecimal(limit), period }))
  })

/** A key as plain data, without what it is known by. */
export const toData = (key: StoredKey, now: number) => ({
  id: key.id,
  name: key.name,
  status: statusOf(key, now),
  createdAt: new Date(key.createdAt).toISOString(),
  ...present({
    expiresAt: iso(key.expiresAt),
    revokedAt: iso(key.revokedAt),
    tenant: key.tenant,
    team: key.team,
    priority: key.priority,
    models: key.models,
    limits: limitsOf(key.limits)
  })
})

/** One line of JSON. */
export const toLine = (key: StoredKey, now: number, secret?: string): string => {
  const { id, name, ...rest } = toData(key, now)
  return JSON.stringify({ id, name, ...present({ secret }), ...rest })
}

const limitsText = (rules: LimitRules): string => {
  const { budgets = [], concurrency, requestsPerMinute, tokensPerMinute } = limitsOf(rules)
  return [
    ...(requestsPerMinute === undefined ? [] : [`${requestsPerMinute} requests/min`]),
    ...(tokensPerMinute === undefined ? [] : [`${tokensPerMinute} tokens/min`]),
    ...(concurrency === undefined ? [] : [`${concurrency} at once`]),
    ...budgets.map(({ period, usd }) => `$${usd}/${period}`)
  ].join(", ")
}

/** A table for a terminal. */
export const toTable = (keys: ReadonlyArray<StoredKey>, now: number): ReadonlyArray<string> =>
  columns([
    ["ID", "NAME", "STATUS", "CREATED", "EXPIRES", "TENANT", "TEAM", "MODELS", "LIMITS"],
    ...keys.map((key) => [
      key.id,
      key.name,
      statusOf(key, now),
      iso(key.createdAt)?.slice(0, 19) ?? "",
      iso(key.expiresAt)?.slice(0, 19) ?? "",
      key.tenant ?? "",
      key.team ?? "",
      key.models?.join(",") ?? "",
      limitsText(key.limits)
    ])
  ])
