/**
 * What of a new configuration is served at once, and what waits for the next start: where the server listens, how many processes it has,
 * and what lasts longer than they do (the ledger, Redis, memories, the log). All else changes while requests run. Pure.
 */
import { present } from "@sluice/protocol/Json"
import type { Config } from "../Config.ts"
import type { ConfigProblem } from "../config/ConfigError.ts"
import { configError } from "../config/ConfigError.ts"
import { ruleProblems } from "../config/Rules.ts"
import * as Changes from "./Changes.ts"
import type { SectionChange } from "./Report.ts"

/** The plan. */
export interface Plan {
  /** What is to be served: the new configuration, with the settings that wait as they were at the start. */
  readonly next: Config
  readonly changes: ReadonlyArray<SectionChange>
  readonly needRestart: ReadonlyArray<string>
  /** Why what is to be served must not be: rules between new settings and those that wait. */
  readonly problems: ReadonlyArray<ConfigProblem>
}

type Cache = NonNullable<Config["extensions"]["cache"]>

/** Whether there is a cache changes while requests run; where it keeps its answers, and how many, does not. */
const cached = (wanted: Cache, started: Cache | undefined): Cache => {
  if (started === undefined) return { ...wanted, store: "memory" }
  const { answers, size, store } = started
  return { ...wanted, answers, size, store }
}

/** The new configuration, but what waits for a restart as the server was started with it. */
const servable = (started: Config, wanted: Config): Config => {
  const { otlp: _, redis: __, ...rest } = wanted
  const { bodyLimit, drains, heartbeat, writeStall } = wanted.server
  const { bodies, onFailure } = wanted.ledger
  const { hosts: ___, ...admin } = started.admin
  const { cache, ...others } = wanted.extensions
  return {
    ...rest,
    extensions: { ...others, ...present({ cache: cache === undefined ? undefined : cached(cache, started.extensions.cache) }) },
    ...present({ otlp: started.otlp, redis: started.redis }),
    server: { ...started.server, bodyLimit, drains, heartbeat, writeStall },
    ledger: { ...started.ledger, bodies, onFailure },
    admin: { ...admin, ...present({ hosts: wanted.admin.hosts }) },
    log: started.log,
    continuity: started.continuity,
    credentials: started.credentials,
    replay: started.replay,
    scheduling: { ...started.scheduling, attempts: wanted.scheduling.attempts }
  }
}

/** Plans the change from what is served now to what is wanted. */
export const of = (started: Config, current: Config, wanted: Config): Plan => {
  const next = servable(started, wanted)
  return {
    next,
    changes: Changes.of(current, next),
    needRestart: Changes.names(Changes.of(next, wanted)),
    problems: configError(ruleProblems(next)).problems
  }
}
