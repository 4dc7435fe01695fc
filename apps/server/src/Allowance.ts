/** How the server enforces the limits of its configuration: counts in Redis where a fleet shares one, else where the processes of this server share them. */
import * as Limits from "@sluice/gateway/Limits"
import * as LimitStoreRedis from "@sluice/gateway/LimitStoreRedis"
import { Duration, Layer } from "effect"
import { type Config, toLimitOptions } from "./Config.ts"
import * as RedisConnection from "./RedisConnection.ts"
import type { Surroundings } from "./Surroundings.ts"

const store = ({ redis }: Config, { limitStore }: Surroundings) =>
  redis === undefined
    ? limitStore
    : LimitStoreRedis.layer({ prefix: `${redis.prefix}limits:`, timeoutMs: Duration.toMillis(redis.timeout) }).pipe(
      Layer.provide(RedisConnection.layer(redis.url))
    )

/** The limits; what was spent before the start is asked of the ledger. */
export const layer = (config: Config, around: Surroundings) => Limits.layer(toLimitOptions(config)).pipe(Layer.provide(store(config, around)))
