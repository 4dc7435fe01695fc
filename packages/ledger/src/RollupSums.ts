/**
 * What ended exchanges add to the rollups: hours and days by tenant, team, principal, model, provider and status. Added up before they are
 * written. Pure; the table is written by each database's own statements.
 */
import type { ChartQuery } from "@sluice/gateway/Charts"
import * as Charts from "@sluice/gateway/Charts"
import { classes } from "@sluice/protocol/CanonicalUsage"
import * as Rows from "./Rows.ts"
import type { TerminalRow } from "./TerminalRow.ts"
import { at, number, text } from "./TerminalRow.ts"

/** A table of rollups: a chart reads the one whose rows are as long as its points, because there are the fewest. */
export interface RollupTable {
  readonly name: string
  readonly step: ChartQuery["step"]
}

/** The tables, by the time one row stands for; each has a column of that name. */
export const tables: { readonly [K in ChartQuery["step"]]: RollupTable } = {
  hour: { name: "rollups", step: "hour" },
  day: { name: "rollup_days", step: "day" }
}

/** The columns that tell rollups apart, after the hour or day. Text that is absent is empty: a key has no nulls. */
export const keyColumns = Charts.dimensions

/** The columns that are added up, after the number of requests. */
export const sumColumns: ReadonlyArray<string> = [...classes.map((name) => Rows.usageColumn[name]), "cost_nanos"]

/** A row of a table. */
export interface Rollup {
  /** Hours or days since the epoch. */
  readonly time: number
  /** The values of {@link keyColumns}. */
  readonly key: ReadonlyArray<string>
  requests: number
  /** The values of {@link sumColumns}. */
  readonly sums: Array<number>
}

const startedAt = at("started_at")
const keys = keyColumns.map(at)
const sums = sumColumns.map(at)

/** What these rows add up to in a table. */
export const rollUp = (rows: ReadonlyArray<TerminalRow>, { step }: RollupTable): ReadonlyArray<Rollup> => {
  const found = new Map<string, Rollup>()
  for (const row of rows) {
    const time = Math.floor(number(row, startedAt) / Charts.stepMs[step])
    const [tenant, team, principal, model, provider, status] = keys.map((index) => text(row, index))
    const place = Charts.placeOf({ tenant, team, principal, model, provider, status })
    const key = keyColumns.map((name) => place[name] ?? "")
    const id = JSON.stringify([time, key])
    const rollup = found.get(id) ?? { time, key, requests: 0, sums: sums.map(() => 0) }
    found.set(id, rollup)
    rollup.requests++
    for (const [index, column] of sums.entries()) rollup.sums[index] = Rows.whole((rollup.sums[index] ?? 0) + number(row, column))
  }
  return Array.from(found.values())
}
