/**
 * `sluice serve`: starts the server from a file or from defaults, says where it is and how to use it, and on a signal drains
 * before it stops.
 */
import * as Lifecycle from "@sluice/gateway/Lifecycle"
import { Console, Context, Duration, Effect, Layer, Logger, Option, Redacted, References } from "effect"
import { Command, Flag } from "effect/cli"
import { HttpServer } from "effect/http"
import { randomBytes } from "node:crypto"
import * as App from "../App.ts"
import { type Config, listenOn } from "../Config.ts"
import { greeting } from "./Greeting.ts"
import { listenError } from "./ListenError.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"

const logger = ({ log }: Config) => {
  const formats = { json: Logger.consoleJson, logfmt: Logger.consoleLogFmt, pretty: Logger.consolePretty() }
  const levels = { trace: "Trace", debug: "Debug", info: "Info", warn: "Warn", error: "Error", fatal: "Fatal" } as const
  return Layer.mergeAll(Logger.layer([formats[log.format]]), Layer.succeed(References.MinimumLogLevel, levels[log.level]))
}

const portOf = (server: HttpServer.HttpServer["Service"], config: Config): number =>
  server.address._tag === "UnixPathAddress" ? config.server.port : server.address.port

/** In mode `keys` the operator needs a token; where none is configured one is made for this run, and told once. */
const withAdminToken = (config: Config): Effect.Effect<readonly [Config, madeToken: string | undefined]> =>
  Effect.sync(() => {
    if (config.auth.mode === "open" || config.auth.adminToken !== undefined) return [config, undefined]
    const token = randomBytes(24).toString("base64url")
    return [{ ...config, auth: { ...config.auth, adminToken: Redacted.make(token) } }, token]
  })

const run = Effect.fn("serve")(function*(loaded: Config) {
  const [config, madeToken] = yield* withAdminToken(loaded)
  const { drainTimeout, host, lameDuck, port } = config.server
  const services = yield* Layer.build(App.layer(config)).pipe(
    Effect.catchTag("ServeError", ({ cause }) => Effect.fail(listenError({ host, port }, cause)))
  )
  const lifecycle = Context.get(services, Lifecycle.Lifecycle)
  yield* Console.log(greeting(config, portOf(Context.get(services, HttpServer.HttpServer), config), madeToken))
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
).pipe(
  Command.withDescription("Serve the gateway. SIGTERM and Ctrl-C end it after open streams have finished; a second one ends it at once"),
  Command.withShortDescription("Serve the gateway"),
  Command.withExamples([
    { command: "sluice serve", description: "On this machine, with simulated providers and those whose key variable is set" },
    { command: "sluice serve --config sluice.yaml --port 8080", description: "From a file, on another port" }
  ])
)
