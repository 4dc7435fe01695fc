/** How every command finds its configuration: the file it is told, or the defaults that need none. */
import { Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { type Config, load, loadDefaults, loadText, readText } from "../Config.ts"
import type { Source } from "../workers/Task.ts"

/** `--config FILE`. */
export const configFlag = Flag.File("config", { mustExist: false }).pipe(
  Flag.withAlias("c"),
  Flag.withDescription("The YAML file; without it the defaults: loopback, open, an SQLite ledger, the simulator, and providers whose key variable is set"),
  Flag.optional
)

/** The configuration of a file, or the defaults. */
export const loadConfig = (file: Option.Option<string>) =>
  Option.match(file, { onNone: () => loadDefaults, onSome: (path) => Effect.suspend(() => load(path)) })

/** The same, with the text it was read from, for those who have to read it again as it is now. */
export const loadSource = (file: Option.Option<string>) =>
  Option.match(file, {
    onNone: () => Effect.map(loadDefaults, (config): readonly [Config, Source | undefined] => [config, undefined]),
    onSome: (path) =>
      Effect.gen(function*() {
        const text = yield* readText(path)
        const config = yield* loadText(path, text)
        return [config, { file: path, text }] satisfies readonly [Config, Source | undefined]
      })
  })
