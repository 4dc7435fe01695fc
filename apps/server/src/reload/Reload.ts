/**
 * Reading the configuration again while the server runs: on demand of the admin API, a signal or a change of the file. It is read and
 * checked whole and applied whole; whatever goes wrong, what was served before is served on, and the failure is kept to be looked at.
 */
import { Context, type Effect, Schema } from "effect"
import { ConfigProblem } from "../config/ConfigError.ts"
import { Report } from "./Report.ts"

/** Who wanted the configuration to be read again. */
export const Trigger = Schema.Literals(["file", "signal", "admin"])

/** The type of `Trigger`. */
export type Trigger = typeof Trigger.Type

/** The configuration cannot be used as it is now, and nothing was changed. */
export class ReloadFailure extends Schema.TaggedError<ReloadFailure>()("ReloadFailure", {
  /** `read`: there is no file to be read. `check`: something in it is wrong. `build`: it is right, but its parts could not be started. */
  step: Schema.Literals(["read", "check", "build"]),
  file: Schema.optionalKey(Schema.String),
  /** Every problem that was found, with its line where it is known; never with a secret. */
  problems: Schema.Array(ConfigProblem)
}) {
  override get message(): string {
    return this.problems.map(({ line, message, path }) =>
      [`${this.file ?? "configuration"}${line === undefined ? "" : `:${line}`}`, path, message].filter((part) => part !== "").join(": ")
    ).join("\n")
  }
}

/** What came of an attempt. */
export const Outcome = Schema.Union([
  Schema.Struct({ _tag: Schema.tag("Succeeded"), report: Report }),
  Schema.Struct({ _tag: Schema.tag("Failed"), failure: ReloadFailure })
])

/** One attempt. `at` is milliseconds since the epoch. */
export const Attempt = Schema.Struct({ at: Schema.Int, trigger: Trigger, outcome: Outcome })

/** The type of `Attempt`. */
export type Attempt = typeof Attempt.Type

/** How a worker stands. */
export const WorkerStatus = Schema.Struct({
  worker: Schema.Int,
  /** Absent = it did not say. */
  generation: Schema.optionalKey(Schema.Int),
  /** Why it serves something else than the others; absent = it does not. */
  failure: Schema.optionalKey(Schema.String)
})

/** The type of `WorkerStatus`. */
export type WorkerStatus = typeof WorkerStatus.Type

/** How the server stands. */
export const Status = Schema.Struct({
  /** Absent = the server was started without a file. */
  file: Schema.optionalKey(Schema.String),
  /** The first 12 digits of the SHA-256 of the text that is served. */
  version: Schema.optionalKey(Schema.String),
  /** When what is served was applied, in milliseconds since the epoch. */
  appliedAt: Schema.Int,
  /** The last attempt to read it again; absent = there was none. */
  last: Schema.optionalKey(Attempt),
  /** Settings that wait for the next start. */
  needRestart: Schema.Array(Schema.String),
  /** Every worker, where there are several. */
  workers: Schema.optionalKey(Schema.Array(WorkerStatus))
})

/** The type of `Status`. */
export type Status = typeof Status.Type

/** The service. */
export class Reload extends Context.Service<Reload, {
  /** Reads and applies the configuration as it is now; one at a time. */
  readonly reload: (trigger: Trigger) => Effect.Effect<Report, ReloadFailure>
  readonly status: () => Status
}>()("@sluice/server/Reload") {}
