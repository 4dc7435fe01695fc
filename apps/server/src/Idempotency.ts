/** Idempotency keys, as the configuration says: nothing, or replays over the store it names. */
import type { Ledger } from "@sluice/gateway/Ledger"
import * as Replays from "@sluice/gateway/Replays"
import type { ReplayStore } from "@sluice/gateway/ReplayStore"
import * as ReplayStoreRedis from "@sluice/gateway/ReplayStoreRedis"
import * as PostgresReplays from "@sluice/ledger/PostgresReplays"
import * as SqliteReplays from "@sluice/ledger/SqliteReplays"
import { Duration, Layer } from "effect"
import { type Config, toBytes } from "./Config.ts"
import * as RedisConnection from "./RedisConnection.ts"
import type { Surroundings } from "./Surroundings.ts"

/** How much a store keeps. */
export const bounds = ({ replay: { keys, size, tenantShare } }: Config) => ({ entries: keys, bytes: toBytes(size), tenantShare: tenantShare / 100 })

const store = (config: Config, { replayStore }: Surroundings): Layer.Layer<ReplayStore, RedisConnection.RedisUnreachable, Ledger> => {
  const { ledger, redis, replay } = config
  if (replay.store === "ledger") {
    return ledger.url._tag === "Sqlite"
      ? SqliteReplays.layer({ filename: ledger.url.filename, ...bounds(config) })
      : PostgresReplays.layer({ url: ledger.url.url, ...bounds(config) })
  }
  if (replay.store === "redis" && redis !== undefined) {
    return ReplayStoreRedis.layer({ prefix: redis.prefix, ...bounds(config) }).pipe(Layer.provide(RedisConnection.layer(redis.url)))
  }
  return replayStore(bounds(config))
}

/** Replays over the configured store, or nothing where they are off. */
export const layer = (config: Config, around: Surroundings) => {
  const { answer, generatedKeys, key = around.replaySecret, onClientGone, ttl, wait } = config.replay
  return config.replay.store === "none"
    ? Layer.empty
    : Replays.layer({
      ...(key === undefined ? {} : { secret: key }),
      ttlMs: Duration.toMillis(ttl),
      waitMs: Duration.toMillis(wait),
      maxAnswerBytes: toBytes(answer),
      onClientGone,
      generatedKeys
    }).pipe(Layer.provide(store(config, around)))
}
