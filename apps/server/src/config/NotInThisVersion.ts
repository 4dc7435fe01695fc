/**
 * Settings the configuration knows but this version of the server does not act on. Turning one on is an error: a setting that
 * silently does nothing is worse. A feature that arrives takes its line out of this list.
 */
import type { Problem } from "./ConfigError.ts"
import { problem } from "./ConfigError.ts"
import type { Config } from "./ConfigSchema.ts"

/** The problems of a configuration that turns on what this version does not do. */
export const notInThisVersion = (config: Config): ReadonlyArray<Problem> => {
  const problems: Array<Problem> = []
  const refuse = (on: boolean, path: ReadonlyArray<PropertyKey>, what: string) => {
    if (on) problems.push(problem(path, `${what} in this version; leave it out`))
  }
  refuse(config.otlp !== undefined, ["otlp"], "export over OpenTelemetry is not supported")
  return problems
}
