/**
 * From a YAML text to a configuration: parse, substitute variables, decode, check. Pure in `parse` and `defaults`; `load` adds the file and the environment.
 * The environment is read through Effect's `ConfigProvider`, so tests and embedders decide what it holds.
 */
import { Config as Variable, Effect, FileSystem, Option, Result } from "effect"
import { Yaml } from "effect/encoding"
import { fileProblem } from "../FileProblem.ts"
import { dropAbsent } from "./Absent.ts"
import type { Problem } from "./ConfigError.ts"
import { ConfigError, configError, problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"
import { decodeConfig } from "./ConfigSchema.ts"
import { defaultFile, defaultVariables } from "./Defaults.ts"
import { lineIndex } from "./LineIndex.ts"
import { ruleProblems } from "./Rules.ts"
import { schemaProblems } from "./SchemaProblems.ts"
import type { Environment } from "./Substitute.ts"
import { substitute, variableNames } from "./Substitute.ts"

/** The configuration a YAML text describes, or every problem of it, with the lines they are on. */
export const parse = (source: string, environment: Environment): Result.Result<Config, ConfigError> =>
  Result.mapError(
    Result.flatMap(readYaml(source), (file) => configOf(file, environment)),
    (problems) => configError(problems, lineIndex(source))
  )

/** The configuration of a server started without a file. */
export const defaults = (environment: Environment): Result.Result<Config, ConfigError> =>
  Result.mapError(checked(dropAbsent(defaultFile(environment))), (problems) => configError(problems))

/** The text of a configuration file. */
export const readText = Effect.fn("Config.readText")(function*(path: string) {
  const files = yield* FileSystem.FileSystem
  return yield* files.readFileString(path).pipe(
    Effect.mapError((error) => new ConfigError({ file: path, problems: [{ path: "", message: `cannot be read: ${fileProblem(error)}` }] }))
  )
})

/** Reads and checks a configuration file; the error names the file. */
export const load = (path: string) => Effect.flatMap(readText(path), (source) => loadText(path, source))

/** The configuration of a file whose text was read. */
export const loadText = Effect.fn("Config.loadText")(function*(path: string, source: string) {
  const names = Result.match(readYaml(source), { onSuccess: variableNames, onFailure: () => [] })
  const environment = yield* readVariables(names)
  return yield* Effect.fromResult(Result.mapError(parse(source, environment), (error) => new ConfigError({ file: path, problems: error.problems })))
})

/** The configuration of a server started without a file, from the environment it was started in. */
export const loadDefaults: Effect.Effect<Config, ConfigError> = Effect.flatMap(
  Effect.suspend(() => readVariables(defaultVariables)),
  (environment) => Effect.fromResult(defaults(environment))
)

/** The configuration with another listening address; the rules are checked again, so that no flag opens what the file would not. */
export const listenOn = (config: Config, address: { readonly host?: string; readonly port?: number }): Result.Result<Config, ConfigError> => {
  const changed = { ...config, server: { ...config.server, ...address } }
  const problems = ruleProblems(changed)
  return problems.length === 0 ? Result.succeed(changed) : Result.fail(configError(problems))
}

// internal

type Found<A> = Result.Result<A, ReadonlyArray<Problem>>

/** An empty file is a mapping without keys. */
const readYaml = (source: string): Found<unknown> =>
  Result.mapError(parseYaml(source), (reason) => [{ ...problem([], `is not valid YAML: ${reason}`), line: brokenLine(source) }])

/** Yaml.parse throws; this is the one place that meets it. */
const parseYaml = (source: string): Result.Result<unknown, string> =>
  Result.try({ try: () => Yaml.parse(source) ?? {}, catch: (error) => error instanceof Error ? error.message : String(error) })

/** The line after which nothing that follows can mend the text: the parser names lines in block style only. */
const brokenLine = (source: string): number => {
  const lines = source.split(/\r\n|\r|\n/)
  let end = lines.length
  while (end > 1 && Result.isFailure(parseYaml(lines.slice(0, end - 1).join("\n")))) end--
  return end
}

const configOf = (file: unknown, environment: Environment): Found<Config> => {
  const { value, problems } = substitute(file, environment)
  const decoded = checked(dropAbsent(value))
  if (problems.length === 0) return decoded
  // What follows from a variable that is missing would be told twice
  const places = new Set(problems.map(({ path }) => JSON.stringify(path)))
  const others = Result.match(decoded, { onSuccess: () => [], onFailure: (found) => found.filter(({ path }) => !places.has(JSON.stringify(path))) })
  return Result.fail([...problems, ...others])
}

const checked = (file: unknown): Found<Config> =>
  Result.mapError(decodeConfig(file), (error) => schemaProblems(error.issue)).pipe(
    Result.flatMap((config) => {
      const problems = ruleProblems(config)
      return problems.length === 0 ? Result.succeed(config) : Result.fail(problems)
    })
  )

const readVariables = (names: ReadonlyArray<string>): Effect.Effect<Environment, ConfigError> =>
  Effect.forEach(names, (name) => Effect.map(Variable.option(Variable.String(name)), (value) => [name, Option.getOrUndefined(value)] as const)).pipe(
    Effect.map((found): Environment => Object.fromEntries(found)),
    Effect.mapError((error) => configError([problem([], `the environment cannot be read: ${error.message}`)]))
  )
