/** Which exchanges a command is about: the flags of a ledger query, and the entries they find, page by page. */
import type { Entry, Query } from "@sluice/gateway/Ledger"
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { present } from "@sluice/protocol/Json"
import { type LedgerStatus, ledgerStatuses } from "@sluice/protocol/Outcome"
import { Clock, Effect, Option } from "effect"
import { Flag } from "effect/cli"
import * as Moment from "./Moment.ts"

const text = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const moment = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.filterMap(Moment.read, (value) => `Expected ${Moment.wanted}, got ${JSON.stringify(value)}`),
    Flag.withMetavar("TIME"),
    Flag.withDescription(description),
    Flag.optional
  )

/** The flags. */
export const filters = {
  from: moment("from", `Only exchanges that started then or later: ${Moment.wanted}`),
  until: moment("until", "Only exchanges that started before"),
  status: Flag.Literals("status", ledgerStatuses).pipe(Flag.withDescription("Only exchanges of this status"), Flag.optional),
  outcome: text("outcome", "Only exchanges that ended so: Completed, \"Incomplete(length)\", Cancelled (whoever cancelled), …"),
  model: text("model", "Only exchanges whose client named this model"),
  provider: text("provider", "Only exchanges that this provider answered, or was the last to be asked"),
  principal: text("principal", "Only exchanges of this key's id"),
  team: text("team", "Only exchanges of this team"),
  tenant: text("tenant", "Only exchanges of this tenant")
}

/** What the flags were given. */
export interface Given {
  readonly from: Option.Option<Moment.Moment>
  readonly until: Option.Option<Moment.Moment>
  readonly status: Option.Option<LedgerStatus>
  readonly outcome: Option.Option<string>
  readonly model: Option.Option<string>
  readonly provider: Option.Option<string>
  readonly principal: Option.Option<string>
  readonly team: Option.Option<string>
  readonly tenant: Option.Option<string>
}

/** A query, its page left open. */
export type Wanted = Omit<Query, "limit" | "before">

/** The query of the flags; what is said as a length of time ago counts from now. */
export const toWanted = (given: Given): Effect.Effect<Wanted> =>
  Effect.map(Clock.currentTimeMillis, (now) =>
    present({
      from: Option.getOrUndefined(given.from)?.(now),
      until: Option.getOrUndefined(given.until)?.(now),
      status: Option.getOrUndefined(given.status),
      outcome: Option.getOrUndefined(given.outcome),
      model: Option.getOrUndefined(given.model),
      provider: Option.getOrUndefined(given.provider),
      principal: Option.getOrUndefined(given.principal),
      team: Option.getOrUndefined(given.team),
      tenant: Option.getOrUndefined(given.tenant)
    }))

/** Entries in one page at most: bounded by what they take in memory, and few queries for many. */
const pageSize = 2000

/** Shows as many entries as are wanted, newest first, each page as soon as it is there. */
export const eachPage = Effect.fnUntraced(function*<E, R>(
  source: LedgerReader.Source,
  wanted: Wanted,
  limit: number,
  show: (entries: ReadonlyArray<Entry>) => Effect.Effect<void, E, R>
) {
  let left = limit
  let last: Entry | undefined
  while (left > 0) {
    const size = Math.min(left, pageSize)
    const page = yield* LedgerReader.query(source, { ...wanted, limit: size, ...(last === undefined ? {} : { before: last.id }) })
    yield* show(page)
    if (page.length < size) return
    left -= size
    last = page.at(-1)
  }
})
