/**
 * How a process that owns the configuration reads it again: one attempt at a time, each ending in a report or a failure that is logged,
 * counted and kept. What is done with a configuration that was read is said by whoever makes it: alone, or to workers.
 */
import { Clock, Console, Effect, Layer, Metric, Semaphore } from "effect"
import { createHash } from "node:crypto"
import { tokenLine } from "../commands/Greeting.ts"
import { Configuration } from "./Configuration.ts"
import type { Loaded, Origin } from "./Origin.ts"
import { type Attempt, Reload, ReloadFailure, type Status, type Trigger, type WorkerStatus } from "./Reload.ts"
import type { Report } from "./Report.ts"

const reloads = Metric.counter("sluice_config_reload_total", {
  description: "Times the configuration was read again while the server ran, by result: applied, unchanged, failed",
  incremental: true
})
const lastSuccess = Metric.gauge("sluice_config_last_reload_success", {
  description: "1 = what is served is the configuration as it was last read; 0 = that could not be used, and the one before is served"
})
const lastApplied = Metric.gauge("sluice_config_applied_timestamp_seconds", { description: "When the configuration that is served was applied, in Unix time" })

/** What a new configuration is given to. */
export interface Means {
  readonly origin: Origin
  /** What the server was started with. */
  readonly started: Loaded
  readonly apply: (loaded: Loaded) => Effect.Effect<Report, ReloadFailure>
  /** How the workers stand; absent = there are none. */
  readonly workers?: () => ReadonlyArray<WorkerStatus>
  /** Told after every attempt. */
  readonly onStatus?: (status: Status) => Effect.Effect<void>
}

const versionOf = ({ source }: Loaded) => source === undefined ? {} : { version: createHash("sha256").update(source.text).digest("hex").slice(0, 12) }

/** One line for the log: what changed, in names. */
const summary = ({ changes, generation, needRestart, result }: Report) => ({
  result,
  generation,
  changes: changes.map(({ added, changed, removed, section }) =>
    [`${section}:`, ...added.map((name) => `+${name}`), ...removed.map((name) => `-${name}`), ...changed].join(" ")
  ),
  ...(needRestart.length === 0 ? {} : { needRestart })
})

/** The service over these means. */
export const make = Effect.fnUntraced(function*({ apply, onStatus, origin, started, workers }: Means) {
  const gate = yield* Semaphore.make(1)
  const facts = origin.file === undefined ? {} : { file: origin.file }
  let status: Status = { ...facts, ...versionOf(started), appliedAt: yield* Clock.currentTimeMillis, needRestart: [] }
  let isTold = started.madeToken !== undefined
  const now = (): Status => workers === undefined ? status : { ...status, workers: workers() }

  const succeeded = Effect.fnUntraced(function*(trigger: Trigger, loaded: Loaded, report: Report) {
    const at = yield* Clock.currentTimeMillis
    const { needRestart } = report
    const last: Attempt = { at, trigger, outcome: { _tag: "Succeeded", report } }
    status = { ...facts, ...versionOf(loaded), appliedAt: report.result === "applied" ? at : status.appliedAt, last, needRestart }
    yield* Metric.update(Metric.withAttributes(reloads, { result: report.result }), 1)
    yield* Metric.update(lastSuccess, 1)
    if (report.result === "applied") yield* Metric.update(lastApplied, Math.round(at / 1000))
    if (loaded.madeToken !== undefined && !isTold) yield* Console.log(tokenLine(loaded.config, loaded.madeToken))
    isTold ||= loaded.madeToken !== undefined
    yield* Effect.logInfo("the configuration was read again", { trigger, ...summary(report) })
  })

  const failed = Effect.fnUntraced(function*(trigger: Trigger, failure: ReloadFailure) {
    status = { ...status, last: { at: yield* Clock.currentTimeMillis, trigger, outcome: { _tag: "Failed", failure } } }
    yield* Metric.update(Metric.withAttributes(reloads, { result: "failed" }), 1)
    yield* Metric.update(lastSuccess, 0)
    yield* Effect.logError(`the configuration cannot be used as it is now; the one before is served on\n${failure.message}`, { trigger, step: failure.step })
  })

  yield* Metric.update(lastSuccess, 1)
  yield* Metric.update(lastApplied, Math.round(status.appliedAt / 1000))

  const reload = Effect.fnUntraced(function*(trigger: Trigger) {
    return yield* Effect.gen(function*() {
      const loaded = yield* origin.read
      const report = yield* Effect.mapError(apply(loaded), (failure) => new ReloadFailure({ ...failure, ...facts }))
      yield* succeeded(trigger, loaded, report)
      return report
    }).pipe(
      Effect.tapError((failure) => failed(trigger, failure)),
      Effect.ensuring(Effect.suspend(() => onStatus?.(now()) ?? Effect.void))
    )
  })

  return Reload.of({ reload: (trigger) => gate.withPermit(reload(trigger)), status: now })
})

/** Reads it for this process alone. */
export const layer = (origin: Origin, started: Loaded): Layer.Layer<Reload, never, Configuration> =>
  Layer.effect(Reload, Effect.flatMap(Configuration, ({ apply }) => make({ origin, started, apply: ({ config }) => apply(config) })))
