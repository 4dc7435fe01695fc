/**
 * `sluice serve`: starts the server from a file or from defaults, says where it is and how to use it, and on a signal drains
 * before it stops.
 */
import { Console, Effect, Option, Redacted } from "effect"
import { Command, Flag } from "effect/cli"
import { randomBytes } from "node:crypto"
import { type Config, listenOn } from "../Config.ts"
import { alone } from "../Surroundings.ts"
import * as Primary from "../workers/Primary.ts"
import * as Several from "../workers/Several.ts"
import type { Source } from "../workers/Task.ts"
import * as Worker from "../workers/Worker.ts"
import { greeting } from "./Greeting.ts"
import * as Hangup from "./Hangup.ts"
import { configFlag, loadSource } from "./LoadConfig.ts"
import * as Running from "./Running.ts"

/** In mode `keys` the operator needs a token; where none is configured one is made for this run, and told once. */
const withAdminToken = (config: Config): Effect.Effect<readonly [Config, madeToken: string | undefined]> =>
  Effect.sync(() => {
    if (config.auth.mode === "open" || config.auth.adminToken !== undefined) return [config, undefined]
    const token = randomBytes(24).toString("base64url")
    return [{ ...config, auth: { ...config.auth, adminToken: Redacted.make(token) } }, token]
  })

const run = Effect.fn("run")(function*(loaded: Config, source: Source | undefined) {
  yield* Hangup.handled
  const [config, madeToken] = yield* withAdminToken(loaded)
  const greet = (port: number) => Console.log(greeting(config, port, madeToken))
  return yield* config.server.workers > 1 ? Several.serve(config, { source, madeToken }, greet) : Running.serve(config, alone, greet)
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
    if (Primary.isWorker()) return yield* Worker.run
    const [loaded, source] = yield* loadSource(flags.config)
    const config = yield* Effect.fromResult(listenOn(loaded, {
      ...Option.match(flags.host, { onNone: () => ({}), onSome: (host) => ({ host }) }),
      ...Option.match(flags.port, { onNone: () => ({}), onSome: (port) => ({ port }) })
    }))
    return yield* run(config, source).pipe(Effect.scoped, Effect.provide(Running.logger(config)))
  })
).pipe(
  Command.withDescription("Serve the gateway. SIGTERM and Ctrl-C end it after open streams have finished; a second one ends it at once"),
  Command.withShortDescription("Serve the gateway"),
  Command.withExamples([
    { command: "sluice serve", description: "On this machine, with simulated providers and those whose key variable is set" },
    { command: "sluice serve --config sluice.yaml --port 8080", description: "From a file, on another port" }
  ])
)
