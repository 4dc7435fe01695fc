/**
 * The command line of Sluice as a value: all commands, and what is printed when one fails: one clear line for each thing that is
 * wrong, on standard error, without a stack trace. The process around it is main.ts.
 */
import { Cause, Console, Effect, Option } from "effect"
import { Command } from "effect/cli"
import * as CheckConfig from "./commands/CheckConfig.ts"
import * as Credentials from "./commands/Credentials.ts"
import * as Explain from "./commands/Explain.ts"
import * as Keys from "./commands/Keys.ts"
import * as Ledger from "./commands/Ledger.ts"
import { loadConfig } from "./commands/LoadConfig.ts"
import * as Login from "./commands/Login.ts"
import * as Models from "./commands/Models.ts"
import * as Serve from "./commands/Serve.ts"
import * as Simulate from "./commands/Simulate.ts"
import * as Translate from "./commands/Translate.ts"
import { Unsuccessful } from "./commands/Unsuccessful.ts"
import { Installed, type Plugin } from "./Plugin.ts"
import * as Commands from "./plugins/Commands.ts"
import * as Modules from "./plugins/Modules.ts"

const native = [
  Serve.command,
  CheckConfig.command,
  Explain.command,
  Models.command,
  Translate.command,
  Ledger.command,
  Keys.command,
  Login.command,
  Credentials.command,
  Simulate.command
] as const

const sluice = Command.make("sluice").pipe(
  Command.withDescription("A gateway that speaks every big LLM protocol and keeps one durable record of every request")
)

const isNative = (name: string | undefined): boolean => native.some((command) => command.name === name)

/** The file that `--config` names. */
const configOf = (args: ReadonlyArray<string>): Option.Option<string> => {
  const at = args.findIndex((arg) => arg === "--config" || arg === "-c")
  return Option.fromUndefinedOr(at === -1 ? args.find((arg) => arg.startsWith("--config="))?.slice("--config=".length) : args[at + 1])
}

/** Commands of the configuration's modules; they are only looked for where the command is none of sluice's own. */
const named = Effect.fnUntraced(function*(args: ReadonlyArray<string>) {
  const [name] = args
  const file = configOf(args)
  if (name === undefined || name.startsWith("-") || isNative(name) || Option.isNone(file)) return []
  const config = yield* loadConfig(file)
  return (yield* Modules.load(config, file.value)).flatMap(({ commands = [] }) => commands)
})

/** What was told already: help was shown with the mistake, or the command printed its answer. */
const isTold = (error: unknown): boolean =>
  error instanceof Unsuccessful || (typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp")

const tell = (cause: Cause.Cause<unknown>, name: string | undefined): Effect.Effect<void> => {
  // Only a fault of the program itself shows its stack: somebody has to find it
  if (Cause.hasDies(cause)) {
    return Console.error(`This is a fault of ${name === undefined || isNative(name) ? "sluice itself" : `the command "${name}"`}:\n${Cause.pretty(cause)}`)
  }
  const error = Cause.squash(cause)
  return isTold(error) ? Effect.void : Console.error(error instanceof Error ? error.message : String(error))
}

/**
 * Runs a command line, without the program's name, with what a program of one's own adds. Fails when the exit code must not be 0;
 * whatever is to be said then was said.
 */
export const run = (args: ReadonlyArray<string>, plugin: Plugin = {}) =>
  Effect.gen(function*() {
    const contributed = yield* Effect.fromResult(Commands.checked(native, [...plugin.commands ?? [], ...(yield* named(args))]))
    const all = contributed.length === 0 ? sluice.pipe(Command.withSubcommands(native)) : sluice.pipe(Command.withSubcommands([...native, ...contributed]))
    return yield* Command.runWith(all, { version: "0.0.0" })(args)
  }).pipe(
    Effect.provideService(Installed, plugin),
    Effect.tapCause((cause) => Cause.hasInterruptsOnly(cause) ? Effect.void : tell(cause, args[0]))
  )
