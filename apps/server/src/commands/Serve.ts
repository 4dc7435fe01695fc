/**
 * `sluice serve`: starts the server from a file or from defaults, says where it is and how to use it, and on a signal drains
 * before it stops.
 */
import { Console, Effect, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { randomBytes } from "node:crypto"
import * as Origin from "../reload/Origin.ts"
import type { Reload } from "../reload/Reload.ts"
import * as Reloading from "../reload/Reloading.ts"
import * as Watch from "../reload/Watch.ts"
import { alone } from "../Surroundings.ts"
import * as Primary from "../workers/Primary.ts"
import * as Several from "../workers/Several.ts"
import * as Worker from "../workers/Worker.ts"
import { greeting } from "./Greeting.ts"
import * as Hangup from "./Hangup.ts"
import { configFlag } from "./LoadConfig.ts"
import * as Running from "./Running.ts"

const run = Effect.fn("run")(function*(origin: Origin.Origin, started: Origin.Loaded) {
  const { config } = started
  const onHangup = yield* Hangup.handled
  const onListening = Effect.fnUntraced(function*(port: number, reload: Reload["Service"]) {
    yield* Console.log(greeting(config, port, started.madeToken))
    yield* onHangup(reload)
    if (config.server.watch && origin.file !== undefined) yield* Watch.start({ ...origin, file: origin.file }, reload.reload("file"))
  })
  return yield* config.server.workers > 1
    ? Several.serve(origin, started, onListening)
    : Running.serve(config, alone(Reloading.layer(origin, started), origin.file), onListening)
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
    const origin = yield* Origin.make(Option.getOrUndefined(flags.config), {
      ...Option.match(flags.host, { onNone: () => ({}), onSome: (host) => ({ host }) }),
      ...Option.match(flags.port, { onNone: () => ({}), onSome: (port) => ({ port }) }),
      // The operator needs a token; where none is configured, now or after a reload, it is this one
      madeToken: randomBytes(32).toString("base64url")
    })
    const started = yield* origin.read
    return yield* run(origin, started).pipe(Effect.scoped, Effect.provide(Running.logger(started.config)))
  })
).pipe(
  Command.withDescription("Serve the gateway. SIGTERM and Ctrl-C end it after open streams have finished; a second one ends it at once"),
  Command.withShortDescription("Serve the gateway"),
  Command.withExamples([
    { command: "sluice serve", description: "On this machine, with simulated providers and those whose key variable is set" },
    { command: "sluice serve --config sluice.yaml --port 8080", description: "From a file, on another port" }
  ])
)
