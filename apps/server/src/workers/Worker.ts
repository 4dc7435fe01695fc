/**
 * One of several processes that serve a port together: it gets its task from the primary process, serves, and tells what it counts.
 * What keeps it from serving is told to the primary, which says it once for all.
 */
import { LimitStore } from "@sluice/gateway/LimitStore"
import { ReplayStore } from "@sluice/gateway/ReplayStore"
import { Cause, Effect, Layer, Redacted, Schedule } from "effect"
import { PrometheusMetrics } from "effect/observability"
import * as Hangup from "../commands/Hangup.ts"
import * as Running from "../commands/Running.ts"
import { Unsuccessful } from "../commands/Unsuccessful.ts"
import * as Primary from "./Primary.ts"
import * as SharedLimits from "./SharedLimits.ts"
import * as SharedReplays from "./SharedReplays.ts"
import * as Task from "./Task.ts"

/** How often the primary is told what was counted, so that a worker that dies takes little of it along. */
const tellEvery = Schedule.spaced("1 second")

const wordsOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  return Cause.hasDies(cause) ? `This is a fault of sluice itself:\n${Cause.pretty(cause)}` : error instanceof Error ? error.message : String(error)
}

/** The program of a worker. */
export const run = Effect.gen(function*() {
  yield* Hangup.ignored
  const primary = yield* Primary.connect({ metrics: () => PrometheusMetrics.format() })
  let isServing = false
  const counted = Effect.flatMap(PrometheusMetrics.format(), (text) => primary.ask("counted", text))
  const serve = Effect.gen(function*() {
    const task = yield* primary.task
    const config = yield* Task.configOf(task)
    const around = {
      worker: task.number,
      ...(task.simulatorUrl === undefined ? {} : { simulatorUrl: task.simulatorUrl }),
      metrics: Effect.map(primary.ask("metrics"), String),
      limitStore: Layer.succeed(LimitStore)(SharedLimits.asked(primary.ask)),
      replayStore: () => Layer.succeed(ReplayStore)(SharedReplays.asked(primary.ask)),
      replaySecret: Redacted.make(task.replaySecret)
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
