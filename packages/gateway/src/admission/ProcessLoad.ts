/**
 * What this process is measured to be under: how late its event loop is, and how full its heap. A service, so that tests can put it
 * under any load.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { getHeapStatistics } from "node:v8"
import type { Load } from "./Gate.ts"

/** The measuring. */
export class ProcessLoad extends Context.Service<ProcessLoad, {
  /** What was measured since the last call. */
  readonly measure: () => Load
}>()("@sluice/gateway/ProcessLoad") {}

/** How often the loop is asked to be in time, in milliseconds. */
const resolutionMs = 20

/** Measures the process it is built in. */
export const layer: Layer.Layer<ProcessLoad> = Layer.effect(
  ProcessLoad,
  Effect.gen(function*() {
    const delays = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const histogram = monitorEventLoopDelay({ resolution: resolutionMs })
        histogram.enable()
        return histogram
      }),
      (histogram) => Effect.sync(() => histogram.disable())
    )
    let before = 0
    return {
      measure: () => {
        // What it records is the time between two of its own timers
        const loopDelayMs = delays.count === 0 ? 0 : Math.max(0, delays.percentile(99) / 1e6 - resolutionMs)
        delays.reset()
        const { heap_size_limit, used_heap_size } = getHeapStatistics()
        const share = used_heap_size / heap_size_limit
        // Garbage counts until it is collected: only what stays is a shortage
        const heap = Math.min(share, before)
        before = share
        return { loopDelayMs, heap }
      }
    }
  })
)
