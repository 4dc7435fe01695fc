/**
 * `sluice ledger query`: shows recorded exchanges. Reads the file of the configured ledger itself, so it works while a server runs
 * and when none does, and changes nothing: what a killed server left open is shown as open.
 */
import type { Entry, Query } from "@sluice/gateway/Ledger"
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { present } from "@sluice/protocol/Json"
import type { LedgerStatus } from "@sluice/protocol/Outcome"
import { Clock, Console, Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { type Config, isInMemory } from "../Config.ts"
import { toLine } from "./ledger/Line.ts"
import * as Moment from "./ledger/Moment.ts"
import { toTable } from "./ledger/Table.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"

/** There is no file to read. */
export class NothingKept extends Schema.TaggedError<NothingKept>()("NothingKept", {}) {
  override get message(): string {
    return "the configured ledger keeps nothing outside the server's memory: set ledger.url to a file"
  }
}

const statuses: { readonly [K in LedgerStatus]: K } = {
  open: "open",
  completed: "completed",
  failed: "failed",
  cancelled: "cancelled",
  denied: "denied",
  cached: "cached",
  abandoned: "abandoned"
}

const text = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const moment = (name: string, description: string) =>
  Flag.String(name).pipe(
    Flag.filterMap(Moment.read, (value) => `Expected ${Moment.wanted}, got ${JSON.stringify(value)}`),
    Flag.withMetavar("TIME"),
    Flag.withDescription(description),
    Flag.optional
  )

const flags = {
  config: configFlag,
  from: moment("from", `Only exchanges that started then or later: ${Moment.wanted}`),
  until: moment("until", "Only exchanges that started before"),
  status: Flag.Literals("status", Object.values(statuses)).pipe(Flag.withDescription("Only exchanges of this status"), Flag.optional),
  outcome: text("outcome", "Only exchanges that ended so: Completed, \"Incomplete(length)\", Cancelled (whoever cancelled), …"),
  model: text("model", "Only exchanges whose client named this model"),
  principal: text("principal", "Only exchanges of this key's id"),
  limit: Flag.Int("limit").pipe(
    Flag.filter((limit) => limit >= 1, () => "Expected a whole number of at least 1"),
    Flag.withDescription("At most this many, the newest ones. Default 100"),
    Flag.withDefault(100)
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("One line of JSON for each exchange"), Flag.withDefault(false))
}

const fileOf = ({ ledger: { url } }: Config): Effect.Effect<string, NothingKept> =>
  url._tag === "Sqlite" && !isInMemory(url) ? Effect.succeed(url.filename) : new NothingKept()

/** What the ledger gives in one piece. */
const pageSize = 10_000

/** As many entries as are wanted, page by page, each page as soon as it is there. */
const pages = Effect.fnUntraced(function*<R>(
  filename: string,
  query: Omit<Query, "limit" | "before">,
  wanted: number,
  show: (entries: ReadonlyArray<Entry>) => Effect.Effect<void, never, R>
) {
  let left = wanted
  let last: Entry | undefined
  while (left > 0) {
    const limit = Math.min(left, pageSize)
    const page = yield* LedgerReader.query(filename, { ...query, limit, ...(last === undefined ? {} : { before: last.id }) })
    yield* show(page)
    if (page.length < limit) return
    left -= limit
    last = page.at(-1)
  }
})

const query = Command.make(
  "query",
  flags,
  Effect.fn(function*({ config, from, json, limit, model, outcome, principal, status, until }) {
    const filename = yield* loadConfig(config).pipe(Effect.flatMap(fileOf))
    const now = yield* Clock.currentTimeMillis
    const wanted = present({
      from: Option.getOrUndefined(from)?.(now),
      until: Option.getOrUndefined(until)?.(now),
      status: Option.getOrUndefined(status),
      outcome: Option.getOrUndefined(outcome),
      model: Option.getOrUndefined(model),
      principal: Option.getOrUndefined(principal)
    })
    if (json) {
      return yield* pages(filename, wanted, limit, (page) => page.length === 0 ? Effect.void : Console.log(page.map(toLine).join("\n")))
    }
    const found: Array<Entry> = []
    yield* pages(filename, wanted, limit, (page) => Effect.sync(() => void found.push(...page)))
    yield* Console.log(found.length === 0 ? "No exchanges." : toTable(found).join("\n"))
  })
).pipe(
  Command.withDescription("Show recorded exchanges, newest first. Reads the ledger's file only, whether a server runs or not"),
  Command.withShortDescription("Show recorded exchanges"),
  Command.withExamples([
    { command: "sluice ledger query --from \"1 hour\" --status failed", description: "What failed in the last hour" },
    { command: "sluice ledger query --principal ci --limit 1000 --json", description: "One line of JSON for each exchange of a key" }
  ])
)

/** The command. */
export const command = Command.make("ledger").pipe(Command.withDescription("Read the record of exchanges"), Command.withSubcommands([query]))
