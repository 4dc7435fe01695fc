/**
 * The modules that `plugins` of a configuration names: each is loaded once, and what it exports by default is a Layer of parts, or
 * `{ parts, commands }`. Whoever may write the file may run code in the server.
 */
import { Effect, Layer } from "effect"
import { Command } from "effect/cli"
import { dirname, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { Config } from "../Config.ts"
import { ConfigError, configError, problem } from "../config/ConfigError.ts"
import { Installed, type Parts, type Plugin } from "../Plugin.ts"

const wanted = "its default export must be a Layer of parts, or { parts, commands } with a Layer and a list of commands"

const isCommands = (value: unknown): value is NonNullable<Plugin["commands"]> => Array.isArray(value) && value.every((each) => Command.isCommand(each))

// What a layer asks for is not to be seen at run time; one that asks for more than there is fails when it is built
const isParts = (value: unknown): value is Parts => Layer.isLayer(value)

const pluginOf = (exported: unknown): Plugin | undefined => {
  if (isParts(exported)) return { parts: exported }
  if (typeof exported !== "object" || exported === null) return undefined
  const { commands, parts }: { readonly commands?: unknown; readonly parts?: unknown } = exported
  if (commands === undefined && parts === undefined) return undefined
  if ((commands !== undefined && !isCommands(commands)) || (parts !== undefined && !isParts(parts))) return undefined
  return { ...(parts === undefined ? {} : { parts }), ...(commands === undefined ? {} : { commands }) }
}

const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** Loads the modules of a configuration; paths are relative to its file. */
export const load = (config: Pick<Config, "plugins">, file: string | undefined): Effect.Effect<ReadonlyArray<Plugin>, ConfigError> =>
  Effect.forEach(config.plugins, ({ module }, index) => {
    const failed = (reason: string) => {
      const { problems } = configError([problem(["plugins", index, "module"], reason)])
      return new ConfigError({ ...(file === undefined ? {} : { file }), problems })
    }
    const path = resolve(dirname(file ?? "."), module)
    return Effect.tryPromise({
      try: (): Promise<unknown> => import(pathToFileURL(path).href),
      catch: (error) => failed(`cannot be loaded: ${reasonOf(error)}`)
    }).pipe(
      Effect.flatMap((loaded) => {
        const plugin = typeof loaded === "object" && loaded !== null && "default" in loaded ? pluginOf(loaded.default) : undefined
        return plugin === undefined ? Effect.fail(failed(wanted)) : Effect.succeed(plugin)
      })
    )
  })

/** The parts of the running program and of the configuration's modules. */
export const parts = (config: Pick<Config, "plugins">, file: string | undefined) =>
  Layer.unwrap(Effect.gen(function*() {
    const own = yield* Installed
    const named = yield* load(config, file)
    return [own, ...named].reduce<Parts>((merged, { parts }) => parts === undefined ? merged : Layer.merge(merged, parts), Layer.empty)
  }))
