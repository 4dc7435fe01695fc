/**
 * Composes every Layer of the reference server on one page: the map of the system. What the configuration says is turned into
 * parts here and nowhere else.
 */
import { NodeHttpServer } from "@effect/platform-node"
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as Continuity from "@sluice/gateway/Continuity"
import * as HttpExecutor from "@sluice/gateway/HttpExecutor"
import * as HttpGateway from "@sluice/gateway/HttpGateway"
import * as LedgerMemory from "@sluice/gateway/LedgerMemory"
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import { Simulator, SimulatorServer } from "@sluice/testing/Simulator"
import { ByteSize, Duration, Effect, Layer, Option, Redacted } from "effect"
import { HttpRouter } from "effect/http"
import { createServer } from "node:http"
import { type Config, isInMemory, type Provider, toModelEntries } from "./Config.ts"
import { dialectOf, dialects } from "./Dialects.ts"
import * as EarlyRequests from "./EarlyRequests.ts"
import * as Operations from "./Operations.ts"

/** One provider as an executor. A simulated one is reached like any other, over a socket. */
const executor = (provider: Provider, simulatorUrl: string) => {
  const dialect = dialectOf(provider)
  const keys = provider.credentials.map(({ apiKey }) => apiKey)
  return HttpExecutor.layer({
    id: provider.id,
    dialect,
    baseUrl: provider.simulator ? `${simulatorUrl}${new URL(dialect.baseUrl).pathname}` : provider.baseUrl ?? dialect.baseUrl,
    credentials: provider.simulator ? Redacted.make("simulated") : keys,
    headers: provider.headers,
    query: provider.query,
    limits: {
      connectMs: Duration.toMillis(provider.timeouts.connect),
      firstEventMs: Duration.toMillis(provider.timeouts.firstEvent),
      idleMs: Duration.toMillis(provider.timeouts.idle),
      totalMs: Duration.toMillis(provider.timeouts.total)
    },
    retries: provider.retries
  })
}

/** Executors for all providers; the simulator runs only where one of them needs it. */
const executors = ({ providers }: Config) => {
  const all = (simulatorUrl: string) => {
    const [first, ...rest] = providers.map((provider) => executor(provider, simulatorUrl))
    return rest.reduce((merged, next) => Layer.merge(merged, next), first ?? HttpExecutor.none)
  }
  return providers.some((provider) => provider.simulator)
    ? Layer.unwrap(Effect.map(SimulatorServer, ({ url }) => all(url))).pipe(Layer.provide(Simulator.layerServer()))
    : all("")
}

const authenticator = ({ auth, keys }: Config) =>
  auth.mode === "open"
    ? ApiKeys.layerOpen
    : ApiKeys.layerKeys(keys.map((key) => ({ key: key.key, principal: { id: key.id, ...(key.models === undefined ? {} : { models: key.models }) } })))

const ledger = ({ ledger: { durability, url } }: Config) =>
  url._tag === "Sqlite" && !isInMemory(url) ? SqliteLedger.layer({ filename: url.filename, durability }) : LedgerMemory.layer

const continuity = ({ continuity: { answers, size, ttl } }: Config) =>
  Continuity.layer({
    entries: answers,
    bytes: Option.getOrElse(ByteSize.toNumber(size), () => Number.MAX_SAFE_INTEGER),
    ttlMs: Duration.toMillis(ttl)
  })

const settings = ({ auth, server }: Config) => ({
  bodyLimitBytes: Option.getOrElse(ByteSize.toNumber(server.bodyLimit), () => Number.MAX_SAFE_INTEGER),
  queryKey: auth.queryKey
})

/** All routes. */
const routes = (config: Config) =>
  Layer.mergeAll(
    HttpGateway.routes(executors(config), { dialects, models: toModelEntries(config), settings: settings(config) }),
    Operations.routes(config)
  )

/** The socket. */
const listener = ({ server }: Config) =>
  NodeHttpServer.layer(
    () => EarlyRequests.keep(createServer({ headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 5_000, maxHeaderSize: 16_384, noDelay: true })),
    { host: server.host, port: server.port, gracefulShutdownTimeout: Duration.sum(server.drainTimeout, Duration.seconds(3)) }
  )

/** The whole server: the ledger stands before the socket opens. The lifecycle is shown so that a signal can start the drain. */
export const layer = (config: Config) =>
  HttpRouter.serve(routes(config), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provide(HttpGateway.layerRedacted(dialects)),
    Layer.provideMerge(listener(config)),
    Layer.provide([ledger(config), authenticator(config), continuity(config)]),
    Layer.provideMerge(Lifecycle.layer)
  )
