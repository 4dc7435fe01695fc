/**
 * The listening socket with its own bounds: what a connection may send before it is a request, how long it may take, and how many
 * there may be. What becomes of requests is the gateway's.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Lifecycle } from "@sluice/gateway/Lifecycle"
import { Context, Duration, Effect, Layer } from "effect"
import { createServer } from "node:http"
import { listenError } from "./commands/ListenError.ts"
import type { Config } from "./Config.ts"
import * as EarlyRequests from "./EarlyRequests.ts"
import type { Surroundings } from "./Surroundings.ts"

const create = ({ server: { connections, keepAlive } }: Config, stage: Lifecycle["Service"]["stage"]) => {
  const server = createServer({
    headersTimeout: 10_000,
    requestTimeout: 60_000,
    // Node looks every 30 seconds by itself, so that a slow sender would have four times as long
    connectionsCheckingInterval: 1_000,
    keepAliveTimeout: Duration.toMillis(keepAlive),
    maxHeaderSize: 16_384,
    noDelay: true
  })
  server.maxConnections = connections
  // Beyond a number of its own Node drops headers without a word; the gateway refuses instead, and the size bounds them all the same
  server.maxHeadersCount = 0
  // A connection that is kept and asked again and again, by a health check for one, would hold up the end until the server cuts it
  server.on("request", (_, response) => {
    if (stage()._tag === "Draining") response.shouldKeepAlive = false
  })
  return EarlyRequests.keep(server)
}

/** The socket, for whoever stops the server. */
export class Listening extends Context.Service<Listening, {
  /** From now on connections are closed as soon as their answers are over: clients keep them for further requests, and the server would wait for them. */
  readonly letGo: Effect.Effect<void>
}>()("@sluice/server/Listening") {}

/** Whether each process may have a socket of its own on one port, among which the system deals the connections out. */
const hasSharedPorts = process.platform === "linux" || process.platform === "freebsd"

/**
 * Listens where the configuration says. A worker shares the port: by a socket of its own where the system has that, so that what waits
 * for a worker that dies is reset at once, and else through the primary process, which accepts for all.
 */
export const layer = (config: Config, { worker }: Surroundings) =>
  Layer.unwrap(Effect.map(Lifecycle, ({ stage }) => {
    const server = create(config, stage)
    const letGo = Effect.sync(() => {
      server.keepAliveTimeout = 1
      server.keepAliveTimeoutBuffer = 0
    })
    return Layer.merge(
      Layer.succeed(Listening, { letGo }),
      NodeHttpServer.layer(() => server, {
        host: config.server.host,
        port: config.server.port,
        reusePort: worker !== undefined && hasSharedPorts,
        gracefulShutdownTimeout: Duration.sum(config.server.drainTimeout, Duration.seconds(3))
      })
    )
  }))

/** Listens for the management surface, where it has a port of its own. It is no place for crowds: everything is bounded tighter. */
export const admin = ({ admin: { host }, server: { drainTimeout } }: Config, port: number, { worker }: Surroundings) =>
  NodeHttpServer.layer(
    () => EarlyRequests.keep(createServer({ headersTimeout: 10_000, requestTimeout: 60_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 })),
    { host, port, reusePort: worker !== undefined && hasSharedPorts, gracefulShutdownTimeout: drainTimeout }
  ).pipe(
    // Not to be taken for the gateway's own address, which the command line may change
    Layer.catchTag("ServeError", ({ cause }) => Layer.effectContext(Effect.fail(listenError({ host, port }, cause, "admin.port"))))
  )
