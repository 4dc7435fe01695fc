/**
 * `sluice check-config`: reads a configuration as `serve` would and says everything that is wrong with it. Starts nothing, and
 * does not try whether providers answer.
 */
import { Console, Effect, Option, Result } from "effect"
import { Command, Flag } from "effect/cli"
import { type Config, toAliases, toDiscoveries } from "../Config.ts"
import { configFlag, loadConfig } from "./LoadConfig.ts"
import { Unsuccessful } from "./Unsuccessful.ts"

const counted = (count: number, word: string) => `${count} ${word}${count === 1 ? "" : "s"}`

const summary = (config: Config): string => {
  const [aliases, lists] = [toAliases(config).length, toDiscoveries(config).length]
  return [
    counted(config.providers.length, "provider"),
    counted(config.models.length, "model entry").replace("entrys", "entries"),
    ...(aliases === 0 ? [] : [counted(aliases, "alias").replace("aliass", "aliases")]),
    ...(lists === 0 ? [] : [`${counted(lists, "list")} of models to read`]),
    counted(config.keys.length, "key")
  ].join(", ")
}

/** The command. */
export const command = Command.make(
  "check-config",
  {
    config: configFlag,
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print { ok, file, problems: [{ path, line, message }] }"), Flag.withDefault(false))
  },
  Effect.fn(function*({ config: file, json }) {
    const name = Option.getOrUndefined(file)
    const loaded = yield* Effect.result(loadConfig(file))
    if (json) {
      const problems = Result.isFailure(loaded) ? loaded.failure.problems : []
      yield* Console.log(JSON.stringify({ ok: problems.length === 0, file: name, problems }, null, 2))
    } else if (Result.isSuccess(loaded)) {
      yield* Console.log(`${name ?? "The configuration without a file"}: no problems (${summary(loaded.success)})`)
    } else {
      yield* Console.error(loaded.failure.message)
    }
    if (Result.isFailure(loaded)) return yield* new Unsuccessful()
  })
).pipe(
  Command.withDescription("Check a configuration file and print every problem with its line. Exit code 1 when there is one"),
  Command.withShortDescription("Check a configuration file"),
  Command.withExamples([{ command: "sluice check-config --config sluice.yaml", description: "Check a file before a restart" }])
)
