/**
 * `sluice keys`: makes, lists and revokes the keys in the ledger's database, whether a server runs or not. A secret is shown once,
 * when it is made; a running server knows a new key at once, and a revoked one no longer after `auth.keysFreshFor`.
 */
import { KeyStore, type StoredKey } from "@sluice/gateway/KeyStore"
import { type LimitRules, maxBudgetUsd, perMinute } from "@sluice/gateway/LimitRules"
import * as VirtualKeys from "@sluice/gateway/VirtualKeys"
import type { LedgerStartError } from "@sluice/ledger/LedgerStartError"
import { present } from "@sluice/protocol/Json"
import * as Money from "@sluice/protocol/Money"
import { Clock, Console, Duration, Effect, Layer, Option, Redacted, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { type Config, tenantOf } from "../Config.ts"
import * as KeySecret from "../KeySecret.ts"
import * as KeyStorage from "../KeyStorage.ts"
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

const expiry = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/

/** A time to come: a date, or how long from now. */
const readExpiry = (written: string): Option.Option<(now: number) => number> => {
  if (expiry.test(written)) {
    const time = Date.parse(written)
    return Number.isNaN(time) ? Option.none() : Option.some(() => time)
  }
  return Schema.decodeOption(Schema.DurationFromString)(written).pipe(
    Option.filter((length) => Duration.isFinite(length) && Duration.isPositive(length)),
    Option.map((length) => (now) => now + Duration.toMillis(length))
  )
}

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
    Flag.filterMap(readExpiry, (value) => `Expected a time such as 2027-01-31, 2027-01-31T12:00:00Z or "90 days" (from now), got ${JSON.stringify(value)}`),
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

/** Refuses a team or a tenant that the configuration does not have: its limits would hold for nobody. */
const ownersOf = Effect.fnUntraced(function*(config: Config, team: string | undefined, tenant: string | undefined) {
  const found = config.teams.find(({ id }) => id === team)
  if (team !== undefined && found === undefined) return yield* new KeyProblem({ reason: `--team: no team of the configuration has the id "${team}"` })
  const owner = tenantOf(config, { team, tenant })
  if (owner !== undefined && config.tenants.every(({ id }) => id !== owner)) {
    return yield* new KeyProblem({ reason: `--tenant: no tenant of the configuration has the id "${owner}"` })
  }
  if (found !== undefined && owner !== found.tenant) {
    const whose = found.tenant === undefined ? "to no tenant" : `to the tenant "${found.tenant}"`
    return yield* new KeyProblem({ reason: `--tenant: the team "${found.id}" belongs ${whose}; leave it out` })
  }
  return present({ team, tenant: owner })
})

const createCommand = Command.make(
  "create",
  create,
  Effect.fn(function*(flags) {
    const config = yield* loadConfig(flags.config)
    const owners = yield* ownersOf(config, Option.getOrUndefined(flags.team), Option.getOrUndefined(flags.tenant))
    const now = yield* Clock.currentTimeMillis
    const limits: LimitRules = {
      rates: [
        ...Option.toArray(flags.requestsPerMinute).map((limit) => perMinute("requests", limit)),
        ...Option.toArray(flags.tokensPerMinute).map((limit) => perMinute("tokens", limit))
      ],
      ...Option.match(flags.concurrency, { onNone: () => ({}), onSome: (concurrency) => ({ concurrency }) }),
      budgets: Option.toArray(flags.budget).map((limit) => ({ limit, period: flags.period }))
    }
    return yield* Effect.gen(function*() {
      const store = yield* KeyStore
      const pepper = yield* KeySecret.ensure(config)
      const { id, secret } = yield* VirtualKeys.generate
      const key: StoredKey = present({
        id,
        name: flags.name,
        digest: VirtualKeys.digest(Redacted.value(secret), pepper),
        createdAt: now,
        expiresAt: Option.getOrUndefined(flags.expires)?.(now),
        ...owners,
        priority: Option.getOrUndefined(flags.priority),
        models: Option.getOrUndefined(flags.models)?.split(",").map((model) => model.trim()).filter((model) => model !== ""),
        limits
      })
      yield* store.create(key)
      // The one place where a secret is shown
      const shown = Redacted.value(secret)
      yield* Console.log(
        flags.json
          ? Shown.toLine(key, now, shown)
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
