/**
 * What is wrong with a configuration: every problem with the place it was found at, the line too where it is known.
 * Messages may hold names the file gives (of models, providers, the host), never a text that may be a secret.
 */
import { Schema } from "effect"

/** One problem; `path` is written as `providers[0].credentials[0].apiKey`, empty for the file as a whole; `line` counts from 1. */
export const ConfigProblem = Schema.Struct({ path: Schema.String, message: Schema.String, line: Schema.optionalKey(Schema.Int) })

/** The type of `ConfigProblem`. */
export type ConfigProblem = typeof ConfigProblem.Type

/** The configuration cannot be used; all problems that could be found are listed. */
export class ConfigError extends Schema.TaggedError<ConfigError>()("ConfigError", {
  /** The file, when there is one. */
  file: Schema.optionalKey(Schema.String),
  problems: Schema.Array(ConfigProblem)
}) {
  override get message() {
    return this.problems.map(({ path, message, line }) =>
      [`${this.file ?? "configuration"}${line === undefined ? "" : `:${line}`}`, path, message].filter((part) => part !== "").join(": ")
    )
      .join("\n")
  }
}

/** A problem whose place is still a path of keys and indexes. */
export interface Problem {
  readonly path: ReadonlyArray<PropertyKey>
  readonly message: string
  /** Counted from 1; absent = the line of the place. */
  readonly line?: number
}

/** A problem at a place. */
export const problem = (path: ReadonlyArray<PropertyKey>, message: string): Problem => ({ path, message })

/** The problems as an error; `lineOf` finds the line of a place. */
export const configError = (
  problems: ReadonlyArray<Problem>,
  lineOf: (path: ReadonlyArray<PropertyKey>) => number | undefined = () => undefined
): ConfigError =>
  new ConfigError({
    problems: problems.map(({ path, message, line = lineOf(path) }) => {
      return { path: pathText(path), message, ...(line === undefined ? {} : { line }) }
    })
  })

/** A path as it is written: `keys[0].limits`. */
export const pathText = (path: ReadonlyArray<PropertyKey>): string =>
  path.reduce<string>((text, key) => typeof key === "number" ? `${text}[${key}]` : text === "" ? String(key) : `${text}.${String(key)}`, "")
