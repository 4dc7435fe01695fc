/**
 * `sluice models`: the models a configuration serves, and what is known of them: metadata, prices, targets, and who said so. Starts
 * nothing; what providers list is asked for only by `--discover`.
 */
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import type { ProviderId } from "@sluice/gateway/ProviderId"
import * as ModelCatalogue from "@sluice/ledger/ModelCatalogue"
import * as PriceBook from "@sluice/ledger/PriceBook"
import { Clock, Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type Config, toDiscoveries, toModelRegistry, toPriceBook } from "../Config.ts"
import { dialectOf } from "../Dialects.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"
import { all, describe, type Surroundings } from "./models/Describe.ts"
import { discovered } from "./models/Discover.ts"
import { modelText, tableText } from "./models/Text.ts"

/** Nothing serves the name. */
export class NoSuchModel extends Schema.TaggedError<NoSuchModel>()("NoSuchModel", { model: Schema.String, lists: Schema.Array(Schema.String) }) {
  override get message(): string {
    const hint = this.lists.length === 0 ? "" : `; the lists of ${this.lists.join(", ")} may have it: --discover asks for them`
    return `no model entry serves "${this.model}"${hint}`
  }
}

const flags = {
  config: configFlag,
  discover: Flag.Boolean("discover").pipe(
    Flag.withDescription("Ask the providers for their lists now, as a server does that reads them (providers[].discovery)"),
    Flag.withDefault(false)
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("JSON in place of text"), Flag.withDefault(false))
}

const surroundings = Effect.fn(function*(config: Config, discover: boolean) {
  const snapshot = discover ? yield* discovered(config) : yield* Effect.fromResult(toModelRegistry(config))
  const providers = new Map(config.providers.map((provider): readonly [ProviderId, (typeof config.providers)[number]] => [provider.id, provider]))
  const around: Surroundings = {
    snapshot,
    dialectOf: (id) => dialectOf([...providers.values()].find((provider) => provider.id === id) ?? { dialect: "" }).id,
    prices: PriceBook.make(toPriceBook(config)),
    catalogue: ModelCatalogue.make(toPriceBook(config)),
    at: yield* Clock.currentTimeMillis
  }
  return around
})

const unasked = (config: Config, discover: boolean): ReadonlyArray<string> => discover ? [] : toDiscoveries(config).map(({ provider }) => provider)

const list = Command.make(
  "list",
  flags,
  Effect.fn(function*({ config: file, discover, json }) {
    const config = yield* loadConfig(file)
    const around = yield* surroundings(config, discover)
    const { models, patterns } = all(around)
    const { licence, version } = around.catalogue
    if (json) return yield* Console.log(JSON.stringify({ models, patterns, catalogue: { version, licence } }, null, 2))
    yield* Console.log(tableText(models, patterns))
    const lists = unasked(config, discover)
    if (lists.length > 0) yield* Console.error(`A server also serves what ${lists.join(", ")} list; --discover asks for it`)
  })
).pipe(
  Command.withDescription("List the names clients may use: where each leads first, its limits and its price. A ? is a fact that nobody said"),
  Command.withShortDescription("List the models of a configuration"),
  Command.withExamples([
    { command: "sluice models list --config sluice.yaml", description: "The names of a file" },
    { command: "sluice models list --config sluice.yaml --discover --json", description: "With what providers list now, as JSON" }
  ])
)

const show = Command.make(
  "show",
  { ...flags, name: Argument.String("name").pipe(Argument.withDescription("The name as a client would ask for it")) },
  Effect.fn(function*({ config: file, discover, json, name }) {
    const config = yield* loadConfig(file)
    const around = yield* surroundings(config, discover)
    const route = ModelRegistry.resolve(around.snapshot, name)
    if (Option.isNone(route)) return yield* new NoSuchModel({ model: name, lists: unasked(config, discover) })
    const model = describe(around, route.value)
    const { licence, version } = around.catalogue
    yield* Console.log(json ? JSON.stringify({ ...model, catalogue: { version, licence } }, null, 2) : modelText(model, { licence, version }))
  })
).pipe(
  Command.withDescription("Show everything known of one model: its facts, its targets in order, what each costs, and who said so"),
  Command.withShortDescription("Show one model and where each fact is from"),
  Command.withExamples([{ command: "sluice models show gpt-5 --config sluice.yaml", description: "Everything known of one name" }])
)

/** The command. */
export const command = Command.make("models").pipe(
  Command.withDescription("The models a configuration serves, and what is known of them"),
  Command.withSubcommands([list, show])
)
