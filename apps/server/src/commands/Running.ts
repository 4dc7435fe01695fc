/**
 * A server from its start to its end, whether it is alone or a worker: it is built, it serves until it is interrupted, and then it
 * drains before it goes.
 */
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import { Context, Duration, Effect, Layer, Logger, References } from "effect"
import { HttpServer } from "effect/http"
import * as App from "../App.ts"
import type { Config } from "../Config.ts"
import { Listening } from "../Listener.ts"
import { Reload } from "../reload/Reload.ts"
import type { Surroundings } from "../Surroundings.ts"
import { listenError } from "./ListenError.ts"

/** The log as the configuration wants it. */
export const logger = ({ log }: Config) => {
  const formats = { json: Logger.consoleJson, logfmt: Logger.consoleLogFmt, pretty: Logger.consolePretty() }
  const levels = { trace: "Trace", debug: "Debug", info: "Info", warn: "Warn", error: "Error", fatal: "Fatal" } as const
  return Layer.mergeAll(Logger.layer([formats[log.format]]), Layer.succeed(References.MinimumLogLevel, levels[log.level]))
}

const portOf = (server: HttpServer.HttpServer["Service"], config: Config): number =>
  server.address._tag === "UnixPathAddress" ? config.server.port : server.address.port

/** Builds the server, tells the port it listens on and how its configuration is read again, and serves. */
export const serve = Effect.fn("serve")(function*<E, R>(
  config: Config,
  around: Surroundings,
  onListening: (port: number, reload: Reload["Service"]) => Effect.Effect<void, E, R>
) {
  const { drainTimeout, host, lameDuck, port } = config.server
  const services = yield* Layer.build(App.layer(config, around)).pipe(
    Effect.catchTag("ServeError", ({ cause }) => Effect.fail(listenError({ host, port }, cause)))
  )
  const lifecycle = Context.get(services, Lifecycle.Lifecycle)
  yield* onListening(portOf(Context.get(services, HttpServer.HttpServer), config), Context.get(services, Reload))
  const { letGo } = Context.get(services, Listening)
  const drain = lifecycle.drain({ lameDuckMs: Duration.toMillis(lameDuck), drainMs: Duration.toMillis(drainTimeout) })
  // The server goes on answering while this finalizer waits; its own finalizers come after
  return yield* Effect.never.pipe(Effect.onInterrupt(() => drain.pipe(Effect.andThen(Effect.sleep(lameDuck)), Effect.andThen(letGo))))
})
