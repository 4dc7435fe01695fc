/**
 * One of several processes that serve a port together: it gets its task from the primary process, serves, and tells what it counts.
 * What keeps it from serving is told to the primary, which says it once for all.
 */
import { CacheStore } from "@sluice/gateway/CacheStore"
import { LimitStore } from "@sluice/gateway/LimitStore"
import { ReplayStore } from "@sluice/gateway/ReplayStore"
import { Cause, Deferred, Effect, Layer, Redacted, Schedule, Schema } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as Hangup from "../commands/Hangup.ts"
import * as Running from "../commands/Running.ts"
import { Unsuccessful } from "../commands/Unsuccessful.ts"
import { Configuration } from "../reload/Configuration.ts"
import { Reload, Status } from "../reload/Reload.ts"
import * as SimulatedProvider from "../SimulatedProvider.ts"
import * as Primary from "./Primary.ts"
import * as SharedAnswers from "./SharedAnswers.ts"
import * as SharedLimits from "./SharedLimits.ts"
import * as SharedOperations from "./SharedOperations.ts"
import * as SharedReload from "./SharedReload.ts"
import * as SharedReplays from "./SharedReplays.ts"
import * as Task from "./Task.ts"

const decodeSource = Schema.decodeUnknownEffect(Task.Source)
const decodeStatus = Schema.decodeUnknownEffect(Status)

/** How often the primary is told what was counted, so that a worker that dies takes little of it along. */
const tellEvery = Schedule.spaced("1 second")

const wordsOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) ? `This is a fault of sluice itself:\n${Cause.pretty(cause)}` : error instanceof Error ? error.message : String(error)
}

/** The configuration is read by the primary; here it is asked for, and applied when the primary sends it. */
const reloadOver = (primary: Primary.Primary, status: () => Status): Reload["Service"] =>
  Reload.of({ reload: (trigger) => SharedReload.reportOf(primary.ask("reload", trigger, 2 * SharedReload.withinMs)), status })

/** The program of a worker. */
export const run = Effect.gen(function*() {
  yield* Hangup.ignored
  const configuration = yield* Deferred.make<Configuration["Service"]>()
  const tasked = yield* Deferred.make<typeof Task.Task.Type>()
  let told: Status | undefined
  const apply = Effect.fnUntraced(function*(payload: unknown) {
    const source = payload === undefined ? undefined : yield* decodeSource(payload)
    const task = yield* Deferred.await(tasked)
    const config = yield* Task.configOf(task, source)
    return yield* SharedReload.outcomeOf(Effect.flatMap(Deferred.await(configuration), (current) => current.apply(config)))
  })
  const operations = SharedOperations.inWorker()
  const primary = yield* Primary.connect({
    metrics: () => PrometheusMetrics.format(),
    apply,
    ...operations.handlers,
    status: (payload) => Effect.map(decodeStatus(payload), (status) => void (told = status))
  })
  let isServing = false
  const counted = Effect.flatMap(PrometheusMetrics.format(), (text) => primary.ask("counted", text))
  const serve = Effect.gen(function*() {
    const task = yield* primary.task
    yield* Deferred.succeed(tasked, task)
    const config = yield* Task.configOf(task)
    const reload = Effect.flatMap(
      Configuration,
      (current) => Effect.as(Deferred.succeed(configuration, current), reloadOver(primary, () => told ?? task.status))
    )
    const simulator = primary.ask("simulator").pipe(
      Effect.map(String),
      Effect.mapError(({ reason }) => new SimulatedProvider.SimulatedProviderMissing({ reason }))
    )
    const around = {
      worker: task.number,
      ...(task.source === undefined ? {} : { file: task.source.file }),
      simulator: Layer.succeed(SimulatedProvider.SimulatedProvider)({ url: simulator }),
      metrics: Effect.map(primary.ask("metrics"), String),
      limitStore: Layer.succeed(LimitStore)(SharedLimits.asked(primary.ask)),
      replayStore: () => Layer.succeed(ReplayStore)(SharedReplays.asked(primary.ask)),
      cacheStore: () => Layer.succeed(CacheStore)(SharedAnswers.asked(primary.ask)),
      replaySecret: Redacted.make(task.replaySecret),
      others: operations.others(task.number, primary.ask),
      reload: Layer.effect(Reload, reload)
    }
    const onListening = Effect.fnUntraced(function*() {
      yield* primary.ask("started")
      isServing = true
      yield* Effect.forkScoped(Effect.repeat(Effect.ignore(counted), tellEvery))
    })
    return yield* Running.serve(config, around, onListening).pipe(
      Effect.scoped,
      Effect.annotateLogs({ worker: task.number }),
      Effect.provide(Running.logger(config)),
      // What ended while the server closed counts too
      Effect.ensuring(Effect.ignore(counted))
    )
  })
  return yield* serve.pipe(
    Effect.tapCause((cause) => isServing || Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.ignore(primary.ask("failed", { message: wordsOf(cause) }))),
    Effect.mapError((error) => isServing ? error : new Unsuccessful())
  )
})
