/** A chart made from entries in memory, the way a database makes it from its rollups. */
import type { Usage, UsageClass } from "@sluice/protocol/CanonicalUsage"
import { classes } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import * as Accounts from "../Accounts.ts"
import type { ChartPoint, ChartQuery } from "../Charts.ts"
import * as Charts from "../Charts.ts"
import type { Facts } from "../LedgerEntry.ts"

interface Sum {
  readonly start: number
  readonly of: string | undefined
  requests: number
  readonly tokens: { [K in UsageClass]?: number }
  spent: Money.Money
}

/** The points, earliest first. */
export const memoryChart = (entries: Iterable<Facts>, { by, from, step, until, where = {} }: ChartQuery): ReadonlyArray<ChartPoint> => {
  const ms = Charts.stepMs[step]
  const first = Math.floor(from / ms)
  const sums = new Map<string, Sum>()
  for (const facts of entries) {
    const start = Math.floor(facts.startedAt / ms)
    if (facts.status === "open" || start < first || start * ms >= until) continue
    const place = Charts.placeOf(facts)
    if (!Charts.dimensions.every((name) => where[name] === undefined || where[name] === place[name])) continue
    const of = by === undefined ? undefined : place[by]
    const key = `${start} ${of ?? ""}`
    const sum = sums.get(key) ?? { start, of, requests: 0, tokens: {}, spent: Money.zero }
    sums.set(key, sum)
    sum.requests++
    add(sum, facts.usage.tokens)
    sum.spent = Money.add(sum.spent, Accounts.charge({}, facts.costUsd).spent)
  }
  return Array.from(sums.values())
    .sort((a, b) => a.start - b.start || ((a.of ?? "") < (b.of ?? "") ? -1 : 1))
    .slice(0, Charts.largest)
    .map(({ of, requests, spent, start, tokens }) => ({
      at: new Date(start * ms).toISOString(),
      ...(of === undefined ? {} : { of }),
      requests,
      usage: tokens,
      costUsd: Money.toDecimal(spent)
    }))
}

const add = ({ tokens }: Sum, usage: Usage): void => {
  for (const name of classes) {
    const count = usage[name]
    if (count !== undefined && count !== 0) tokens[name] = (tokens[name] ?? 0) + count
  }
}
