/**
 * Composes every Layer of the reference server on one page: the map of the system. What the configuration says is turned into
 * parts here and nowhere else: into those of a generation, which a reload replaces while requests run, and into what stands around all
 * generations until the server ends.
 */
import * as Continuity from "@sluice/gateway/Continuity"
import * as Generations from "@sluice/gateway/Generations"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import * as ModelDiscovery from "@sluice/gateway/ModelDiscovery"
import * as UsageOutbox from "@sluice/gateway/UsageOutbox"
import * as ModelCatalogue from "@sluice/ledger/ModelCatalogue"
import * as PostgresLedger from "@sluice/ledger/PostgresLedger"
import * as PostgresUsageOutbox from "@sluice/ledger/PostgresUsageOutbox"
import * as PriceBook from "@sluice/ledger/PriceBook"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import * as SqliteUsageOutbox from "@sluice/ledger/SqliteUsageOutbox"
import { present } from "@sluice/protocol/Json"
import { Duration, Effect, Layer, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import * as Admin from "./Admin.ts"
import * as Admitting from "./Admitting.ts"
import * as Allowance from "./Allowance.ts"
import * as Authentication from "./Authentication.ts"
import * as BuiltIns from "./BuiltIns.ts"
import {
  type Config,
  isInMemory,
  type Provider,
  toAliases,
  toBytes,
  toDiscoveries,
  toModelEntries,
  toPolicy,
  toPriceBook,
  toProviderNaming,
  toScheduling
} from "./Config.ts"
import { dialectOf, dialects } from "./Dialects.ts"
import * as Idempotency from "./Idempotency.ts"
import * as KeyStorage from "./KeyStorage.ts"
import * as Listener from "./Listener.ts"
import * as Operations from "./Operations.ts"
import * as Modules from "./plugins/Modules.ts"
import * as ProviderCredentials from "./ProviderCredentials.ts"
import * as Configuration from "./reload/Configuration.ts"
import { SimulatedProvider } from "./SimulatedProvider.ts"
import type { Surroundings } from "./Surroundings.ts"
import * as UpstreamConnection from "./UpstreamConnection.ts"
import * as UsageSinks from "./UsageSinks.ts"

/** One provider as an executor. A simulated one is reached like any other, over a socket. */
const executor = (config: Config, provider: Provider, simulatorUrl: string, poolOf: ProviderCredentials.ProviderCredentials["Service"]["poolOf"]) => {
  const dialect = dialectOf(provider)
  return UpstreamConnection.executor(provider, config, {
    id: provider.id,
    dialect,
    baseUrl: provider.simulator ? `${simulatorUrl}${new URL(dialect.baseUrl).pathname}` : provider.baseUrl ?? dialect.baseUrl,
    credentials: provider.simulator ? Redacted.make("simulated") : poolOf(provider),
    headers: provider.headers,
    query: provider.query,
    limits: {
      connectMs: Duration.toMillis(provider.timeouts.connect),
      firstEventMs: Duration.toMillis(provider.timeouts.firstEvent),
      idleMs: Duration.toMillis(provider.timeouts.idle),
      totalMs: Duration.toMillis(provider.timeouts.total)
    },
    retries: provider.retries,
    passthrough: provider.passthrough,
    policy: toPolicy(provider)
  })
}

/** Executors for all providers, with what is configured to ask them with; the simulator runs only where one of them needs it. */
export const executors = (config: Config) => {
  const { providers } = config
  const all = (simulatorUrl: string) =>
    Layer.unwrap(ProviderCredentials.ProviderCredentials.use(({ poolOf }) => {
      const [first, ...rest] = providers.map((provider) => executor(config, provider, simulatorUrl, poolOf))
      return Effect.succeed(rest.reduce((merged, next) => Layer.merge(merged, next), first ?? HttpExecutor.none))
    })).pipe(Layer.provide(ProviderCredentials.configure(config)))
  return providers.some(({ simulator }) => simulator)
    ? Layer.unwrap(Effect.map(SimulatedProvider.use(({ url }) => url), all))
    : all("")
}

const settings = ({ auth, ledger, scheduling, server }: Config, { worker }: Surroundings) => ({
  ...(worker === undefined ? {} : { worker }),
  onLedgerFailure: ledger.onFailure,
  bodies: ledger.bodies,
  bodyLimitBytes: toBytes(server.bodyLimit),
  heartbeatMs: Duration.toMillis(server.heartbeat),
  writeStallMs: Duration.toMillis(server.writeStall),
  drains: { concurrent: server.drains.concurrent, timeMs: Duration.toMillis(server.drains.time), bytes: toBytes(server.drains.bytes) },
  queryKey: auth.queryKey,
  maxAttempts: scheduling.attempts
})

/** The lists of providers that are read. */
const discoveries = (config: Config) =>
  toDiscoveries(config).reduce<ReturnType<typeof ModelDiscovery.layer>>((merged, options) => Layer.merge(merged, ModelDiscovery.layer(options)), Layer.empty)

/** What names models. */
const models = (config: Config) => ({ models: toModelEntries(config), aliases: toAliases(config), naming: toProviderNaming(config) })

/** One configuration as a generation of the gateway: everything that a reload replaces. What it needs to last is in {@link standing}. */
const generation = (config: Config, around: Surroundings) => ({
  parts: Layer.mergeAll(
    executors(config),
    Authentication.layer(config),
    Allowance.layer(config),
    PriceBook.layer(toPriceBook(config)),
    ModelCatalogue.layer(toPriceBook(config)),
    discoveries(config),
    UsageSinks.layer(config),
    BuiltIns.parts(config, around),
    Modules.parts(config, around.file)
  ),
  options: { dialects, ...models(config), settings: settings(config, around) }
})

const ledger = ({ ledger: { durability, retention, signingKey, spill, url } }: Config) => {
  if (url._tag === "Postgres") return PostgresLedger.layer({ url: url.url, durability, spill, ...present({ retention, signingKey }) })
  return isInMemory(url) ? LedgerMemory.layer : SqliteLedger.layer({ filename: url.filename, durability, ...present({ retention, signingKey }) })
}

/** How far sinks of usage have got: beside the record they are fed from. */
const outbox = ({ ledger: { url } }: Config) =>
  url._tag === "Postgres" ? PostgresUsageOutbox.layer(url) : isInMemory(url) ? UsageOutbox.layerMemory : SqliteUsageOutbox.layer(url)

const continuity = ({ continuity: { answers, size, ttl } }: Config) =>
  Continuity.layer({
    entries: answers,
    bytes: toBytes(size),
    ttlMs: Duration.toMillis(ttl)
  })

/** What stands around all generations: records, counts and memories, which a reload must not lose. The ledger stands before the socket opens. */
const standing = (config: Config, around: Surroundings) =>
  Layer.mergeAll(
    continuity(config),
    toScheduling(config.scheduling),
    outbox(config),
    Admitting.layer(config),
    Idempotency.layer(config, around),
    BuiltIns.standing(config, around),
    Allowance.store(config, around),
    ModelDiscovery.layerLists,
    KeyStorage.layer(config) ?? Layer.empty,
    ProviderCredentials.layer(config),
    around.simulator
  ).pipe(Layer.provideMerge(ledger(config)))

/** All routes, over the generation that is served and the configuration it was made of. */
const routes = (config: Config, around: Surroundings) => {
  const { options, parts } = generation(config, around)
  const admin = config.admin.port === undefined ? Admin.routes(config, around) : Layer.empty
  return Layer.mergeAll(HttpGateway.routesOfGenerations, Operations.routes(around), admin).pipe(
    Layer.provideMerge(around.reload),
    Layer.provideMerge(Configuration.layer(config, (next) => generation(next, around))),
    Layer.provideMerge(Generations.layerWithAuthenticator(parts, options))
  )
}

/** The management surface on a port of its own, where it has one. */
const apart = (config: Config, around: Surroundings) =>
  config.admin.port === undefined ? Layer.empty : Admin.serve(config, around).pipe(Layer.provide(Listener.admin(config, config.admin.port, around)))

/** The whole server. The lifecycle is shown so that a signal can start the drain, and the reload so that one can start that. */
export const layer = (config: Config, around: Surroundings) =>
  apart(config, around).pipe(
    Layer.provideMerge(HttpRouter.serve(routes(config, around), { disableLogger: true, disableListenLog: true })),
    Layer.provide(HttpGateway.layerRedacted(dialects)),
    Layer.provideMerge(Listener.layer(config, around)),
    Layer.provide(standing(config, around)),
    Layer.provideMerge(Lifecycle.layer)
  )
