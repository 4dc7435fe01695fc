/**
 * What a server finds around itself: it runs alone in its process, or as one worker of several, which share a port, a simulated
 * provider, what only one of them can keep, and the configuration as one of them reads it.
 */
import type { Bounds as CacheBounds, CacheStore } from "@sluice/gateway/CacheStore"
import * as CacheStoreMemory from "@sluice/gateway/CacheStoreMemory"
import type { LimitStore } from "@sluice/gateway/LimitStore"
import * as LimitStoreMemory from "@sluice/gateway/LimitStoreMemory"
import type { Bounds as ReplayBounds, ReplayStore } from "@sluice/gateway/ReplayStore"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import type { Effect, Layer, Redacted } from "effect"
import { PrometheusMetrics } from "effect/observability"
import type { Others } from "./admin/Operation.ts"
import type { Configuration } from "./reload/Configuration.ts"
import type { Reload } from "./reload/Reload.ts"
import * as SimulatedProvider from "./SimulatedProvider.ts"

/** The surroundings. */
export interface Surroundings {
  /** Which worker it is; absent = it is alone. */
  readonly worker?: number
  /** The file the configuration is read from; absent = the server was started without one. */
  readonly file?: string
  /** Where simulated providers are reached. */
  readonly simulator: Layer.Layer<SimulatedProvider.SimulatedProvider>
  /** The page of metrics. */
  readonly metrics: Effect.Effect<string, { readonly message: string }>
  /** Where counts of limits are kept, unless Redis keeps them. */
  readonly limitStore: Layer.Layer<LimitStore>
  /** Where replays are kept that are kept in memory. */
  readonly replayStore: (bounds: ReplayBounds) => Layer.Layer<ReplayStore>
  /** Where cached answers are kept that are kept in memory. */
  readonly cacheStore: (bounds: Partial<CacheBounds>) => Layer.Layer<CacheStore>
  /** What replays are sealed with where nothing is configured; absent = a secret of this process. */
  readonly replaySecret?: Redacted.Redacted<string>
  /** The other processes, for what an operator does in all of them; absent = there are none. */
  readonly others?: Others
  /** How the configuration is read again. */
  readonly reload: Layer.Layer<Reload, never, Configuration>
}

/** A server that is alone in its process. */
export const alone = (reload: Surroundings["reload"], file: string | undefined): Surroundings => ({
  ...(file === undefined ? {} : { file }),
  simulator: SimulatedProvider.layer,
  metrics: PrometheusMetrics.format(),
  limitStore: LimitStoreMemory.layer,
  replayStore: ReplayStoreMemory.layer,
  cacheStore: CacheStoreMemory.layer,
  reload
})
