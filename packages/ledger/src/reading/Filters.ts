/**
 * What a query holds exchanges to, as SQL; and which of several filters finds them. SQLite keeps no count of values, so the filter that
 * the fewest exchanges pass is found by counting in the indexes, up to a bound; PostgreSQL knows by itself.
 */
import type { Query } from "@sluice/gateway/Ledger"
import * as Effect from "effect/Effect"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { Fragment } from "effect/sql/Statement"
import * as Text from "../postgres/Text.ts"

/** One filter. */
export interface Filter {
  /** As the index of its column serves it; undefined where there is none, because nearly every exchange passes. */
  readonly finding: Fragment | undefined
  /** As it is checked on rows that something else has found. */
  readonly checking: Fragment
  /** Whether its index gives what it finds in the order of pages. */
  readonly isOrdered: boolean
}

/** Beyond it a filter counts as one that many pass: what it costs to look at so many rows that other filters then refuse. */
const many = 20_000

/** Of a long name the beginning is in the index, in PostgreSQL: anybody may name a model, and an index entry there is bounded. */
const indexedModel = 200

/** The filters of a query, but for its time and page. Those that are likely to be passed by few come first. */
export const filtersOf = (sql: SqlClient.SqlClient, query: Query): ReadonlyArray<Filter> => {
  const { model, outcome, principal, provider, status, team, tenant } = query
  // A plus keeps SQLite from using the column's index
  const free = sql.onDialectOrElse({ sqlite: () => sql.literal("+"), orElse: () => sql.literal("") })
  const equal = (column: string, value: string, where: string): Filter => {
    const name = sql.literal(column)
    return { finding: sql`${name} = ${value} AND ${sql.literal(where)}`, checking: sql`${free}${name} = ${value}`, isOrdered: true }
  }
  const filters: Array<Filter> = []
  if (principal !== undefined) filters.push(equal("principal", principal, "TRUE"))
  if (outcome !== undefined) filters.push(ofOutcome(sql, outcome))
  if (status !== undefined) {
    const filter = equal("status", status, "status <> 'completed'")
    filters.push(status === "completed" ? { ...filter, finding: undefined } : filter)
  }
  if (team !== undefined) filters.push(equal("team", team, "team IS NOT NULL"))
  if (model !== undefined) {
    const filter = equal("model", model, "TRUE")
    const length = sql.literal(String(indexedModel))
    // The name itself is compared only where its beginning may be another's, too: PostgreSQL would take that for a second condition
    const isWhole = Text.toStored(model).length < indexedModel
    const beginning = isWhole ? sql`left(model, ${length}) = ${model}` : sql`left(model, ${length}) = left(${model}, ${length}) AND model = ${model}`
    filters.push(sql.onDialectOrElse({ pg: () => ({ ...filter, finding: beginning, checking: beginning }), orElse: () => filter }))
  }
  if (tenant !== undefined) filters.push(equal("tenant", tenant, "tenant IS NOT NULL"))
  if (provider !== undefined) filters.push(equal("provider", provider, "provider IS NOT NULL"))
  return filters
}

/** A label, or the first word of several. The index leaves out the label of nearly all. */
const ofOutcome = (sql: SqlClient.SqlClient, outcome: string): Filter => {
  if (outcome.includes("(")) return { finding: sql`outcome = ${outcome} AND outcome <> 'Completed'`, checking: sql`outcome = ${outcome}`, isOrdered: true }
  // ")" is the character after "(": the range is every label that begins with the word and a bracket
  const checking = sql`(outcome = ${outcome} OR (outcome >= ${`${outcome}(`} AND outcome < ${`${outcome})`}))`
  const finding = sql`outcome >= ${outcome} AND outcome < ${`${outcome})`} AND ${checking} AND outcome <> 'Completed'`
  return { finding: outcome === "Completed" ? undefined : finding, checking, isOrdered: false }
}

/** The filter that finds the exchanges, on SQLite; none where many pass all of them, or there are none. `window` is the time that is asked for. */
export const choose = (
  sql: SqlClient.SqlClient,
  filters: ReadonlyArray<Filter>,
  window: ReadonlyArray<Fragment>
): Effect.Effect<Filter | undefined, SqlError> =>
  Effect.gen(function*() {
    const [first] = filters
    if (filters.length === 1 && first?.isOrdered === true) return first
    let best: Filter | undefined
    let fewest = many
    for (const filter of filters) {
      if (filter.finding === undefined) continue
      const [row] = yield* sql<{ readonly n: number }>`SELECT count(*) AS n FROM (
        SELECT 1 FROM exchanges WHERE ${sql.and([filter.finding, ...window])} LIMIT ${fewest})`
      const count = row?.n ?? 0
      if (count >= fewest) continue
      best = filter
      fewest = count
      if (count === 0) break
    }
    return best ?? filters.find((filter) => filter.finding !== undefined && filter.isOrdered)
  })
