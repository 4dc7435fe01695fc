/** `sluice ledger query`: shows recorded exchanges, newest first, as a table or as lines of JSON. */
import type { Entry } from "@sluice/gateway/Ledger"
import { Console, Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { configFlag, loadConfig } from "../LoadConfig.ts"
import { eachPage, filters, toWanted } from "./Filters.ts"
import { sourceOf } from "./KeptIn.ts"
import { toLine } from "./Line.ts"
import { toTable } from "./Table.ts"

const flags = {
  config: configFlag,
  ...filters,
  limit: Flag.Int("limit").pipe(
    Flag.filter((limit) => limit >= 1, () => "Expected a whole number of at least 1"),
    Flag.withDescription("At most this many, the newest ones. Default 100"),
    Flag.withDefault(100)
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("One line of JSON for each exchange"), Flag.withDefault(false))
}

/** The command. */
export const query = Command.make(
  "query",
  flags,
  Effect.fn(function*({ config, json, limit, ...given }) {
    const source = yield* loadConfig(config).pipe(Effect.flatMap(sourceOf))
    const wanted = yield* toWanted(given)
    if (json) {
      return yield* eachPage(source, wanted, limit, (page) => page.length === 0 ? Effect.void : Console.log(page.map(toLine).join("\n")))
    }
    const found: Array<Entry> = []
    yield* eachPage(source, wanted, limit, (page) => Effect.sync(() => void found.push(...page)))
    yield* Console.log(found.length === 0 ? "No exchanges." : toTable(found).join("\n"))
  })
).pipe(
  Command.withDescription("Show recorded exchanges, newest first. Reads the ledger itself, whether a server runs or not"),
  Command.withShortDescription("Show recorded exchanges"),
  Command.withExamples([
    { command: "sluice ledger query --from \"1 hour\" --status failed", description: "What failed in the last hour" },
    { command: "sluice ledger query --principal ci --limit 1000 --json", description: "One line of JSON for each exchange of a key" }
  ])
)
