/**
 * The command line of Sluice as a value: all commands, and what is printed when one fails: one clear line for each thing that is
 * wrong, on standard error, without a stack trace. The process around it is main.ts.
 */
import { Cause, Console, Effect } from "effect"
import { Command } from "effect/cli"
import * as CheckConfig from "./commands/CheckConfig.ts"
import * as Credentials from "./commands/Credentials.ts"
import * as Explain from "./commands/Explain.ts"
import * as Keys from "./commands/Keys.ts"
import * as Ledger from "./commands/Ledger.ts"
import * as Login from "./commands/Login.ts"
import * as Serve from "./commands/Serve.ts"
import * as Simulate from "./commands/Simulate.ts"
import * as Translate from "./commands/Translate.ts"
import { Unsuccessful } from "./commands/Unsuccessful.ts"

const sluice = Command.make("sluice").pipe(
  Command.withDescription("A gateway that speaks every big LLM protocol and keeps one durable record of every request"),
  Command.withSubcommands([
    Serve.command,
    CheckConfig.command,
    Explain.command,
    Translate.command,
    Ledger.command,
    Keys.command,
    Login.command,
    Credentials.command,
    Simulate.command
  ])
)

/** What was told already: help was shown with the mistake, or the command printed its answer. */
const isTold = (error: unknown): boolean =>
  error instanceof Unsuccessful || (typeof error === "object" && error !== null && "_tag" in error && error._tag === "ShowHelp")

const tell = (cause: Cause.Cause<unknown>): Effect.Effect<void> => {
  // Only a fault of the program itself shows its stack: somebody has to find it
  if (Cause.hasDies(cause)) return Console.error(`This is a fault of sluice itself:\n${Cause.pretty(cause)}`)
  const error = Cause.squash(cause)
  return isTold(error) ? Effect.void : Console.error(error instanceof Error ? error.message : String(error))
}

/** Runs a command line, without the program's name. Fails when the exit code must not be 0; whatever is to be said then was said. */
export const run = (args: ReadonlyArray<string>) =>
  Command.runWith(sluice, { version: "0.0.0" })(args).pipe(
    Effect.tapCause((cause) => Cause.hasInterruptsOnly(cause) ? Effect.void : tell(cause))
  )
