/**
 * `sluice serve`: starts the server from a file or from defaults, says where it is and how to use it, and on a signal drains
 * before it stops.
 */
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import { Console, Context, Duration, Effect, Layer, Logger, Option, References } from "effect"
import { Command, Flag } from "effect/cli"
import { HttpServer } from "effect/http"
import * as App from "../App.ts"
import { type Config, listenOn } from "../Config.ts"
import { greeting } from "./Greeting.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"

const logger = ({ log }: Config) => {
  const formats = { json: Logger.consoleJson, logfmt: Logger.consoleLogFmt, pretty: Logger.consolePretty() }
  const levels = { trace: "Trace", debug: "Debug", info: "Info", warn: "Warn", error: "Error", fatal: "Fatal" } as const
  return Layer.mergeAll(Logger.layer([formats[log.format]]), Layer.succeed(References.MinimumLogLevel, levels[log.level]))
}

const portOf = (server: HttpServer.HttpServer["Service"], config: Config): number =>
  server.address._tag === "UnixPathAddress" ? config.server.port : server.address.port

const run = Effect.fn("serve")(function*(config: Config) {
  const services = yield* Layer.build(App.layer(config))
  const lifecycle = Context.get(services, Lifecycle.Lifecycle)
  const { host, lameDuck, drainTimeout } = config.server
  yield* Console.log(greeting(config, `http://${host.includes(":") ? `[${host}]` : host}:${portOf(Context.get(services, HttpServer.HttpServer), config)}`))
  const drain = lifecycle.drain({ lameDuckMs: Duration.toMillis(lameDuck), drainMs: Duration.toMillis(drainTimeout) })
  // The server goes on answering while this finalizer waits; its own finalizers come after
  return yield* Effect.never.pipe(Effect.onInterrupt(() => drain.pipe(Effect.andThen(Effect.sleep(lameDuck)))))
})

/** The command. */
export const command = Command.make(
  "serve",
  {
    config: configFlag,
    host: Flag.String("host").pipe(Flag.withDescription("The address to listen on, instead of the configured one"), Flag.optional),
    port: Flag.Int("port").pipe(Flag.withDescription("The port to listen on, instead of the configured one; 0 takes a free one"), Flag.optional)
  },
  Effect.fn(function*(flags) {
    const loaded = yield* loadConfig(flags.config)
    const config = yield* Effect.fromResult(listenOn(loaded, {
      ...Option.match(flags.host, { onNone: () => ({}), onSome: (host) => ({ host }) }),
      ...Option.match(flags.port, { onNone: () => ({}), onSome: (port) => ({ port }) })
    }))
    return yield* run(config).pipe(Effect.scoped, Effect.provide(logger(config)))
  })
).pipe(Command.withDescription("Serve the gateway"))
