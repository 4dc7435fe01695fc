/**
 * `sluice ledger export`: writes recorded exchanges to the standard output, newest first, page by page, however many there are and
 * however slowly they are read.
 */
import type { Entry } from "@sluice/gateway/Ledger"
import { Effect, Stdio, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { configFlag, loadConfig } from "../LoadConfig.ts"
import * as Csv from "./Csv.ts"
import { eachPage, filters, toWanted } from "./Filters.ts"
import { sourceOf } from "./KeptIn.ts"
import { toLine } from "./Line.ts"

const formats = {
  ndjson: { head: "", line: (entry: Entry) => `${toLine(entry)}\n` },
  csv: { head: `${Csv.head}\r\n`, line: (entry: Entry) => `${Csv.toCsv(entry)}\r\n` }
}

/** The command. */
export const export_ = Command.make(
  "export",
  {
    config: configFlag,
    format: Flag.Literals("format", ["ndjson", "csv"]).pipe(
      Flag.withDescription("ndjson: one line of JSON for each exchange, as query --json prints. csv: for spreadsheets. Default ndjson"),
      Flag.withDefault("ndjson")
    ),
    ...filters
  },
  Effect.fn(function*({ config, format, ...given }) {
    const source = yield* loadConfig(config).pipe(Effect.flatMap(sourceOf))
    const wanted = yield* toWanted(given)
    const { stdout } = yield* Stdio.Stdio
    const { head, line } = formats[format]
    const write = (text: string) => text === "" ? Effect.void : Stream.run(Stream.succeed(text), stdout({ endOnDone: false }))
    yield* write(head)
    yield* eachPage(source, wanted, Number.POSITIVE_INFINITY, (page) => write(page.map(line).join("")))
  })
).pipe(
  Command.withDescription("Write recorded exchanges to the standard output, newest first. Reads the ledger itself, whether a server runs or not"),
  Command.withShortDescription("Write recorded exchanges as NDJSON or CSV"),
  Command.withExamples([
    { command: "sluice ledger export --format csv --tenant acme --from 2026-11-01 > november.csv", description: "A month of a tenant for a spreadsheet" },
    { command: "sluice ledger export > ledger.ndjson", description: "Everything, one line of JSON for each exchange" }
  ])
)
