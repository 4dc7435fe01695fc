/**
 * `sluice keys`: makes, lists and revokes the keys in the ledger's database, whether a server runs or not. A secret is shown once,
 * when it is made; a running server knows a new key at once, and a revoked one no longer after `auth.keysFreshFor`.
 */
import { KeyStore } from "@sluice/gateway/KeyStore"
import { maxBudgetUsd } from "@sluice/gateway/LimitRules"
import type { LedgerStartError } from "@sluice/ledger/LedgerStartError"
import * as Money from "@sluice/protocol/Money"
import { Clock, Console, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Config } from "../Config.ts"
import * as KeyStorage from "../KeyStorage.ts"
import * as NewKey from "../NewKey.ts"
import * as Shown from "./keys/Shown.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"

/** A key cannot be made, found or kept as it was asked for. */
export class KeyProblem extends Schema.TaggedError<KeyProblem>()("KeyProblem", { reason: Schema.String }) {
  override get message(): string {
    return this.reason
  }
}

const storage = (config: Config): Layer.Layer<KeyStore, LedgerStartError | KeyProblem> =>
  KeyStorage.layer(config) ??
    Layer.effectContext(
      Effect.fail(new KeyProblem({ reason: "the configured ledger keeps nothing outside the server's memory, and no keys either: set ledger.url" }))
    )

const text = (name: string, description: string) => Flag.String(name).pipe(Flag.withDescription(description), Flag.optional)

const count = (name: string, description: string) =>
  Flag.Int(name).pipe(Flag.filter((value) => value >= 1, () => "Expected a whole number of at least 1"), Flag.withDescription(description), Flag.optional)

const jsonFlag = Flag.Boolean("json").pipe(Flag.withDescription("One line of JSON for each key"), Flag.withDefault(false))

const create = {
  config: configFlag,
  name: Flag.String("name").pipe(Flag.withDescription("What people call the key")),
  tenant: text("tenant", "The tenant it belongs to; one of the configuration. Default: that of its team"),
  team: text("team", "The team it belongs to; one of the configuration"),
  priority: Flag.Literals("priority", ["interactive", "agent", "batch"]).pipe(
    Flag.withDescription("How urgent its requests are when there is not room for all"),
    Flag.optional
  ),
  models: text("models", "The models it may use, with commas between them; a * matches any text. Default: all"),
  expires: Flag.String("expires").pipe(
    Flag.filterMap(NewKey.readExpiry, (value) => `Expected ${NewKey.expiryWanted}, got ${JSON.stringify(value)}`),
    Flag.withMetavar("TIME"),
    Flag.withDescription("When it ends: a date, or how long from now. Default: never"),
    Flag.optional
  ),
  requestsPerMinute: count("requests-per-minute", "Requests per minute"),
  tokensPerMinute: count("tokens-per-minute", "Tokens per minute, input and output together"),
  concurrency: count("concurrency", "Requests at the same time"),
  budget: Flag.String("budget-usd").pipe(
    Flag.filterMap(Money.fromDecimal, (value) => `Expected an amount in US dollars such as 25.00, got ${JSON.stringify(value)}`),
    Flag.filter((money) => money <= Money.fromNanos(BigInt(maxBudgetUsd) * 1_000_000_000n), () => `Expected at most ${maxBudgetUsd}`),
    Flag.withMetavar("USD"),
    Flag.withDescription("US dollars it may spend in each period"),
    Flag.optional
  ),
  period: Flag.Literals("budget-period", ["day", "week", "month", "total"]).pipe(
    Flag.withDescription("The calendar period (UTC) of the budget. Default: month"),
    Flag.withDefault("month")
  ),
  json: jsonFlag
}

const createCommand = Command.make(
  "create",
  create,
  Effect.fn(function*(flags) {
    const config = yield* loadConfig(flags.config)
    const asked: NewKey.Asked = {
      name: flags.name,
      tenant: Option.getOrUndefined(flags.tenant),
      team: Option.getOrUndefined(flags.team),
      priority: Option.getOrUndefined(flags.priority),
      models: Option.getOrUndefined(flags.models)?.split(",").map((model) => model.trim()).filter((model) => model !== ""),
      expires: Option.getOrUndefined(flags.expires),
      requestsPerMinute: Option.getOrUndefined(flags.requestsPerMinute),
      tokensPerMinute: Option.getOrUndefined(flags.tokensPerMinute),
      concurrency: Option.getOrUndefined(flags.concurrency),
      budget: Option.getOrUndefined(Option.map(flags.budget, (limit) => ({ limit, period: flags.period })))
    }
    return yield* Effect.gen(function*() {
      const store = yield* KeyStore
      const { key, secret } = yield* NewKey.make(config, asked).pipe(
        Effect.catchTag("OwnerUnknown", ({ field, reason }) => new KeyProblem({ reason: `--${field}: ${reason}` }))
      )
      yield* store.create(key)
      // The one place where a secret is shown
      const shown = Redacted.value(secret)
      yield* Console.log(
        flags.json
          ? Shown.toLine(key, key.createdAt, shown)
          : `${shown}\n\nThis is the key "${key.name}" (${key.id}). It is shown this once: keep it where its holder finds it.`
      )
    }).pipe(Effect.provide(storage(config)))
  })
).pipe(
  Command.withDescription("Make a key and show its secret, once"),
  Command.withExamples([
    { command: "sluice keys create --config sluice.yaml --name ci --expires \"90 days\"", description: "For the build, until it has to be renewed" },
    { command: "sluice keys create --config sluice.yaml --name trial --models \"fast\" --budget-usd 10 --json", description: "With a budget, for a program" }
  ])
)

const listCommand = Command.make(
  "list",
  { config: configFlag, json: jsonFlag },
  Effect.fn(function*({ config: file, json }) {
    const config = yield* loadConfig(file)
    const now = yield* Clock.currentTimeMillis
    const keys = yield* KeyStore.pipe(Effect.flatMap(({ list }) => list), Effect.provide(storage(config)))
    if (json) return yield* keys.length === 0 ? Effect.void : Console.log(keys.map((key) => Shown.toLine(key, now)).join("\n"))
    yield* Console.log(keys.length === 0 ? "No keys." : Shown.toTable(keys, now).join("\n"))
  })
).pipe(Command.withDescription("Show the stored keys, newest first. Secrets are not among what is kept"), Command.withShortDescription("Show the stored keys"))

const revokeCommand = Command.make(
  "revoke",
  { config: configFlag, json: jsonFlag, id: Argument.String("id").pipe(Argument.withDescription("The id of the key, as list shows it")) },
  Effect.fn(function*({ config: file, id, json }) {
    const config = yield* loadConfig(file)
    const now = yield* Clock.currentTimeMillis
    yield* Effect.gen(function*() {
      const store = yield* KeyStore
      if (!(yield* store.revoke(id, now))) return yield* new KeyProblem({ reason: `no stored key has the id "${id}"` })
      const key = (yield* store.list).find((each) => each.id === id)
      const within = Duration.format(config.auth.keysFreshFor)
      yield* Console.log(json && key !== undefined ? Shown.toLine(key, now) : `The key ${id} is revoked. Running servers refuse it within ${within}.`)
    }).pipe(Effect.provide(storage(config)))
  })
).pipe(Command.withDescription("End a key, for good. What it asked before stays in the ledger"), Command.withShortDescription("End a key"))

/** The command. */
export const command = Command.make("keys").pipe(
  Command.withDescription("Make, list and revoke client keys in the ledger's database"),
  Command.withSubcommands([createCommand, listCommand, revokeCommand])
)
