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
  refuse(config.server.workers > 1, ["server", "workers"], "more than one worker is not supported")
  refuse(config.ledger.url._tag === "Postgres", ["ledger", "url"], "a PostgreSQL ledger is not supported")
  refuse(config.ledger.signingKey !== undefined, ["ledger", "signingKey"], "signing the ledger is not supported")
  refuse(config.redis !== undefined, ["redis"], "Redis is not supported")
  refuse(config.otlp !== undefined, ["otlp"], "export over OpenTelemetry is not supported")
  refuse(config.extensions.cache !== undefined, ["extensions", "cache"], "the response cache is not supported")
  refuse(config.extensions.redact !== undefined, ["extensions", "redact"], "redaction is not supported")
  config.providers.forEach((provider, index) =>
    refuse(provider.dialect === "gemini-generate", ["providers", index, "dialect"], "gemini-generate is not supported")
  )
  return problems
}
