/** How every command finds its configuration: the file it is told, or the defaults that need none. */
import { Effect, Option } from "effect"
import { Flag } from "effect/cli"
import { load, loadDefaults } from "../Config.ts"

/** `--config FILE`. */
export const configFlag = Flag.File("config", { mustExist: false }).pipe(
  Flag.withAlias("c"),
  Flag.withDescription("The YAML file; without it the defaults: loopback, open, an SQLite ledger, the simulator, and providers whose key variable is set"),
  Flag.optional
)

/** The configuration of a file, or the defaults. */
export const loadConfig = (file: Option.Option<string>) =>
  Option.match(file, { onNone: () => loadDefaults, onSome: (path) => Effect.suspend(() => load(path)) })
