/** `sluice ledger show`: one exchange with everything the ledger knows of it. */
import * as LedgerReader from "@sluice/ledger/LedgerReader"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { columns } from "../Columns.ts"
import { configFlag, loadConfig } from "../LoadConfig.ts"
import { bodiesText } from "./BodiesText.ts"
import { sourceOf } from "./KeptIn.ts"
import { toLine } from "./Line.ts"

/** There is no such exchange. */
export class NoSuchExchange extends Schema.TaggedError<NoSuchExchange>()("NoSuchExchange", { id: Schema.String }) {
  override get message(): string {
    return `the ledger has no exchange ${this.id}`
  }
}

const inWords = (value: unknown): string => typeof value === "string" ? value.replaceAll(/\s+/g, " ") : JSON.stringify(value)

const attemptHead = ["PROVIDER", "MODEL", "CREDENTIAL", "STARTED", "TIME", "ERROR"]

const inText = ({ attempts, entry, link, responseLosses, ...rest }: LedgerReader.Detail): ReadonlyArray<string> => {
  const line: { readonly [key: string]: unknown } = JSON.parse(toLine(entry))
  const facts = { ...line, ...rest, ...(responseLosses.length === 0 ? {} : { responseLosses }), ...(link === undefined ? {} : { link }) }
  const rows = attempts.map(({ credential, durationMs, error, provider, startedAt, upstreamModel }) => [
    provider,
    upstreamModel,
    credential ?? "",
    startedAt,
    `${durationMs} ms`,
    error === undefined ? "" : `${error.status === undefined ? "" : `${error.status} `}${error.class}: ${error.message.replaceAll(/\s+/g, " ")}`
  ])
  return [
    ...columns(Object.entries(facts).map(([name, value]) => [name, inWords(value)])),
    ...(rows.length === 0 ? [] : ["", ...columns([attemptHead, ...rows], new Set([4]))])
  ]
}

/** The command. */
export const show = Command.make(
  "show",
  {
    config: configFlag,
    id: Argument.String("id").pipe(Argument.withDescription("The id of the exchange: as a query shows it, and the answer's header x-request-id")),
    bodies: Flag.Boolean("bodies").pipe(Flag.withDescription("With what was kept of the request and the answer"), Flag.withDefault(false)),
    json: Flag.Boolean("json").pipe(Flag.withDescription("One object of JSON"), Flag.withDefault(false))
  },
  Effect.fn(function*({ bodies, config, id, json }) {
    const source = yield* loadConfig(config).pipe(Effect.flatMap(sourceOf))
    const found = yield* LedgerReader.find(source, id)
    if (Option.isNone(found)) return yield* new NoSuchExchange({ id })
    const { entry, ...rest } = found.value
    const kept = bodies ? yield* LedgerReader.bodies(source, id) : undefined
    if (json) return yield* Console.log(JSON.stringify({ ...JSON.parse(toLine(entry)), ...rest, ...(kept === undefined ? {} : { bodies: kept }) }))
    yield* Console.log([...inText(found.value), ...(bodies ? bodiesText(kept) : [])].join("\n"))
  })
).pipe(
  Command.withDescription("Show one exchange with its attempts, what its answer lost and its place in the hash chain"),
  Command.withShortDescription("Show one exchange in full"),
  Command.withExamples([
    { command: "sluice ledger show 01K6Z3YV9QJ5T8M2N4P6R8S0VW", description: "Everything about one exchange" },
    { command: "sluice ledger show 01K6Z3YV9QJ5T8M2N4P6R8S0VW --bodies", description: "And what was asked and answered, as far as it was kept" }
  ])
)
