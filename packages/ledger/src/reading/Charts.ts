/** Charts, as the reader makes them from the rollups. */
import type { ChartPoint, ChartQuery } from "@sluice/gateway/Charts"
import * as Charts from "@sluice/gateway/Charts"
import { classes } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { sumColumns, tables } from "../RollupSums.ts"
import * as Rows from "../Rows.ts"

/** The points of a chart. */
export const chart = ({ by, from, step, until, where = {} }: ChartQuery): Effect.Effect<ReadonlyArray<ChartPoint>, SqlError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const { name } = tables[step]
    const time = sql.literal(step)
    const clauses = [
      sql`${time} >= ${Math.floor(from / Charts.stepMs[step])}`,
      sql`${time} < ${Math.ceil(until / Charts.stepMs[step])}`,
      ...Charts.dimensions.flatMap((name) => where[name] === undefined ? [] : [sql`${sql(name)} = ${where[name]}`])
    ]
    const label = by === undefined ? "''" : by
    // By time alone the rows come in their order already
    const order = by === undefined ? "1" : "1, 2"
    // As text: sums may be larger than the numbers of JavaScript are exact
    const sums = ["requests", ...sumColumns].map((column) => `CAST(sum(${column}) AS TEXT) AS ${column}`).join(", ")
    const rows = yield* sql<{ readonly [column: string]: string | number }>`SELECT ${time} AS step, ${sql.literal(label)} AS label, ${sql.literal(sums)} FROM ${
      sql.literal(name)
    } WHERE ${sql.and(clauses)} GROUP BY ${sql.literal(order)} ORDER BY ${sql.literal(order)} LIMIT ${Charts.largest}`
    return rows.map((row): ChartPoint => ({
      at: new Date(Number(row["step"]) * Charts.stepMs[step]).toISOString(),
      ...(row["label"] === "" ? {} : { of: String(row["label"]) }),
      requests: Number(row["requests"]),
      usage: Object.fromEntries(classes.flatMap((name) => {
        const count = Number(row[Rows.usageColumn[name]] ?? 0)
        return count === 0 ? [] : [[name, count]]
      })),
      costUsd: Money.toDecimal(Money.fromNanos(BigInt(row["cost_nanos"] ?? 0)))
    }))
  })
