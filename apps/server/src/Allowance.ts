/** How the server enforces the limits of its configuration: counts in Redis where a fleet shares one, else where the processes of this server share them. */
import type { Ledger } from "@sluice/gateway/Ledger"
import * as Limits from "@sluice/gateway/Limits"
import type { LimitStore } from "@sluice/gateway/LimitStore"
import * as LimitStoreRedis from "@sluice/gateway/LimitStoreRedis"
import { Duration, Layer } from "effect"
import { type Config, toLimitOptions } from "./Config.ts"
import * as RedisConnection from "./RedisConnection.ts"
import type { Surroundings } from "./Surroundings.ts"

/** Where the counts are; they outlive the limits that are counted. */
export const store = ({ redis }: Config, { limitStore }: Surroundings): Layer.Layer<LimitStore, RedisConnection.RedisUnreachable> =>
  redis === undefined
    ? limitStore
    : LimitStoreRedis.layer({ prefix: `${redis.prefix}limits:`, timeoutMs: Duration.toMillis(redis.timeout) }).pipe(
      Layer.provide(RedisConnection.layer(redis.url))
    )

/** The limits; what was spent before the start is asked of the ledger. */
export const layer = (config: Config): Layer.Layer<Limits.Limits, never, LimitStore | Ledger> => Limits.layer(toLimitOptions(config))
