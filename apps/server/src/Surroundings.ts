/**
 * What a server finds around itself: it runs alone in its process, or as one worker of several, which share a port, a simulated
 * provider and what only one of them can keep.
 */
import type { LimitStore } from "@sluice/gateway/LimitStore"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import type { Bounds as ReplayBounds, ReplayStore } from "@sluice/gateway/ReplayStore"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import type { Effect, Layer, Redacted } from "effect"
import { PrometheusMetrics } from "effect/observability"

/** The surroundings. */
export interface Surroundings {
  /** Which worker it is; absent = it is alone. */
  readonly worker?: number
  /** Where simulated providers are reached; absent = the server runs them itself. */
  readonly simulatorUrl?: string
  /** The page of metrics. */
  readonly metrics: Effect.Effect<string, { readonly message: string }>
  /** Where counts of limits are kept, unless Redis keeps them. */
  readonly limitStore: Layer.Layer<LimitStore>
  /** Where replays are kept that are kept in memory. */
  readonly replayStore: (bounds: ReplayBounds) => Layer.Layer<ReplayStore>
  /** What replays are sealed with where nothing is configured; absent = a secret of this process. */
  readonly replaySecret?: Redacted.Redacted<string>
}

/** A server that is alone in its process. */
export const alone: Surroundings = { metrics: PrometheusMetrics.format(), limitStore: LimitStoreMemory.layer, replayStore: ReplayStoreMemory.layer }
