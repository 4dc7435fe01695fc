/**
 * The writes of the ledger in PostgreSQL: one statement for all rows of a kind, which travel as one JSON text (measured at less
 * than half of what arrays for each column cost both sides). Each is an upsert by exchange id that commutes with the others: an
 * opening never touches a row that is there, a checkpoint and a settlement touch only an open one. What a settlement stores is linked
 * to the chain of its writer and charged to the accounts of its owner.
 */
import * as Effect from "effect/Effect"
import * as AccountSums from "../AccountSums.ts"
import * as BodyRows from "../BodyRows.ts"
import * as HashChain from "../HashChain.ts"
import * as Rows from "../Rows.ts"
import * as TerminalRow from "../TerminalRow.ts"
import * as Accounts from "./Accounts.ts"
import * as Chain from "./Chain.ts"
import type { Answer, Connection, StoreError } from "./Connection.ts"
import * as Text from "./Text.ts"

// What an opening has said stays: restating it would rewrite the indexes
const settledColumns = [...Rows.usageColumns, ...Rows.costColumns, ...Rows.settlementColumns]

const checkpointColumns = [...Rows.usageColumns, ...Rows.costColumns]

const whole = new Set<string>([
  ...Object.values(Rows.usageColumn),
  "started_at",
  "ended_at",
  "stream",
  "estimated_input",
  "cost_nanos",
  "attempts",
  "bytes_out",
  "ttft_ms",
  "number",
  "error_status",
  "request_bytes",
  "response_bytes"
])

/** A column's value in the row `r`, a JSON array. */
const at = (column: string, index: number): string => whole.has(column) ? `(r->>${index})::bigint` : `r->>${index}`

const values = (columns: ReadonlyArray<string>, from: number): string => columns.map((column, index) => at(column, from + index)).join(", ")

const rows = "jsonb_array_elements($1::jsonb) AS r"

const openSql = `INSERT INTO exchanges (${Rows.openingColumns.join(", ")}, writer, status)
SELECT ${values(Rows.openingColumns, 1)}, $2, 'open' FROM ${rows} ON CONFLICT (id) DO NOTHING`

const checkpointSql = `UPDATE exchanges SET ${checkpointColumns.map((column, index) => `${column} = ${at(column, 1 + index)}`).join(", ")}
FROM ${rows} WHERE id = r->>${1 + checkpointColumns.length} AND status = 'open'`

const settleColumns = [...Rows.openingColumns, ...settledColumns]

// The rows get their places in the chain in their order; then each comes back as it is stored: what follows from it is made of nothing else
const settleSql = `INSERT INTO exchanges (${settleColumns.join(", ")}, writer, sequence)
SELECT ${values(settleColumns, 1)}, $2, place.sequence + number
FROM (SELECT ${Chain.sequence("$2")} AS sequence) AS place, jsonb_array_elements($1::jsonb) WITH ORDINALITY AS rows (r, number) ORDER BY number
ON CONFLICT (id) DO UPDATE SET
  ${[...settledColumns, "writer", "sequence"].map((column) => `${column} = excluded.${column}`).join(", ")} WHERE exchanges.status = 'open'
RETURNING sequence, ${TerminalRow.columns.join(", ")}`

const moveSql = `UPDATE exchanges SET sequence = (r->>1)::bigint FROM ${rows} WHERE id = r->>0`

const attemptColumns = ["exchange_id", "number", ...Rows.attemptColumns]

const attemptSql = `INSERT INTO attempts (${attemptColumns.join(", ")}) SELECT ${values(attemptColumns, 0)} FROM ${rows}
ON CONFLICT (exchange_id, number) DO UPDATE SET ${Rows.attemptColumns.map((column) => `${column} = excluded.${column}`).join(", ")}`

const bodyColumns = ["exchange_id", ...BodyRows.columns]

const bodiesSql = `INSERT INTO bodies (${bodyColumns.join(", ")}) SELECT ${values(bodyColumns, 1)} FROM ${rows} ON CONFLICT DO NOTHING`

/** Who writes. */
export interface Owner {
  /** Whose chain the settlements go to. */
  readonly writer: string
  /** Whose the exchanges are that are opened. */
  readonly opener: string
}

/** Applies a group: sends its writes, and what follows from them, in the order in which they are to be done. */
export const apply = (connection: Connection, group: ReadonlyArray<Rows.Row>, { opener, writer }: Owner): Effect.Effect<void, StoreError> => {
  const { bodies, checkpoints, openings, settlements } = sort(group)
  const { send } = connection
  const opened = openings.length === 0 ? done : send({ name: "open", text: openSql, values: [Text.toJson(openings), opener] })
  const noted = checkpoints.length === 0 ? done : send({ name: "checkpoint", text: checkpointSql, values: [Text.toJson(checkpoints)] })
  const kept = bodies.length === 0 ? done : send({ name: "bodies", text: bodiesSql, values: [Text.toJson(bodies)] })
  if (settlements.length === 0) return opened.pipe(Effect.andThen(noted), Effect.andThen(kept), Effect.asVoid)
  const last = send(Chain.last(writer))
  const settled = send({ name: "settle", text: settleSql, values: [Text.toJson(settlements.map(withoutAttempts)), writer] })
  return Effect.gen(function*() {
    yield* opened
    yield* noted
    yield* kept
    const place = Chain.toPlace(writer, yield* last)
    const stored = (yield* settled).rows.map(terminalRow).sort((a, b) => Number(a[0]) - Number(b[0]))
    if (stored.length > 0) yield* follow(connection, place, settlements, stored)
  })
}

const done: Effect.Effect<Pick<Answer, "rows">> = Effect.succeed({ rows: [] })

/** What follows from the settlements that were stored, each with its place before it. A second settle changes nothing, its attempts included. */
const follow = (
  { send }: Connection,
  start: HashChain.Place,
  settlements: ReadonlyArray<Rows.Row>,
  stored: ReadonlyArray<ReadonlyArray<Rows.Value>>
): Effect.Effect<void, StoreError> => {
  const tries = new Map(settlements.map((row) => [row[1], attemptsOf(row)]))
  const sums = AccountSums.make()
  const links: Array<HashChain.Link> = []
  const attempts: Array<ReadonlyArray<Rows.Value>> = []
  const moved: Array<ReadonlyArray<Rows.Value>> = []
  let place = start
  for (const [sequence, ...row] of stored) {
    const id = String(row[0])
    const own = tries.get(id) ?? []
    const link = HashChain.next(place, id, row, own)
    own.forEach((attempt, index) => attempts.push([id, index + 1, ...attempt]))
    links.push(link)
    // Those before it that were settled already have left a gap
    if (sequence !== link.sequence) moved.push([id, link.sequence])
    sums.add(row)
    place = link
  }
  const days = sums.take()
  const sent = [
    ...moved.length === 0 ? [] : [send({ name: "move", text: moveSql, values: [Text.toJson(moved)] })],
    ...attempts.length === 0 ? [] : [send({ name: "attempt", text: attemptSql, values: [Text.toJson(attempts)] })],
    send(Chain.add(start.writer, links)),
    ...days.length === 0 ? [] : [send(Accounts.charge(days))]
  ]
  return Effect.forEach(sent, (answer) => answer, { discard: true })
}

/** A row of text and whole numbers as the server gives it. */
export const terminalRow = (row: ReadonlyArray<unknown>): ReadonlyArray<Rows.Value> => row.map(toValue)

// The tables hold nothing else
const toValue = (value: unknown): Rows.Value => typeof value === "string" || typeof value === "number" ? value : null

interface Sorted {
  readonly openings: ReadonlyArray<Rows.Row>
  readonly checkpoints: ReadonlyArray<Rows.Row>
  readonly settlements: ReadonlyArray<Rows.Row>
  readonly bodies: ReadonlyArray<Rows.Row>
}

/** What the rows come to, one after the other: the first settlement counts, and the last checkpoint before it. */
const sort = (group: ReadonlyArray<Rows.Row>): Sorted => {
  const openings = new Map<Rows.Value | undefined, Rows.Row>()
  const checkpoints = new Map<Rows.Value | undefined, Rows.Row>()
  const settlements = new Map<Rows.Value | undefined, Rows.Row>()
  const bodies: Array<Rows.Row> = []
  for (const row of group) {
    const [kind, first] = row
    if (kind === 0) {
      if (!openings.has(first) && !settlements.has(first)) openings.set(first, row)
    } else if (kind === 1) {
      const id = row.at(-1)
      if (!settlements.has(id)) checkpoints.set(id, row)
    } else if (kind === 3) bodies.push(row)
    else if (!settlements.has(first)) {
      settlements.set(first, row)
      openings.delete(first)
      checkpoints.delete(first)
    }
  }
  return { openings: Array.from(openings.values()), checkpoints: Array.from(checkpoints.values()), settlements: Array.from(settlements.values()), bodies }
}

const withoutAttempts = (row: Rows.Row): ReadonlyArray<Rows.Value> => row.slice(0, Rows.settleLength)

/** The attempts of a settle row, as they will be stored. */
const attemptsOf = (row: Rows.Row): ReadonlyArray<ReadonlyArray<Rows.Value>> => {
  const width = Rows.attemptColumns.length
  const attempts: Array<ReadonlyArray<Rows.Value>> = []
  for (let start = Rows.settleLength; start + width <= row.length; start += width) {
    attempts.push(row.slice(start, start + width).map((value) => typeof value === "string" ? value.toWellFormed() : value))
  }
  return attempts
}
