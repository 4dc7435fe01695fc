/**
 * The server's connection to Redis. A command fails at once while there is none, so that a request is answered instead of waiting for
 * Redis to come back; the connection itself is made again by itself.
 */
import type { NodeRedis } from "@effect/platform-node/NodeRedis"
import { Effect, Layer, Redacted, Schema } from "effect"
import { type Redis } from "effect/persistence"

/** Redis is configured and cannot be reached when the server starts. */
export class RedisUnreachable extends Schema.TaggedError<RedisUnreachable>()("RedisUnreachable", { reason: Schema.String }) {
  override get message(): string {
    return `redis.url: Redis cannot be reached: ${this.reason}`
  }
}

/** Milliseconds without a word from Redis, after which a connection is given up. */
const patience = 5000

/** Redis is asked for a sign of life this often, so that only a connection that is gone is silent. */
const pingEvery = 1500

/** Commands that wait for an answer, at most: a Redis that hangs must not cost memory. */
const maxWaiting = 10_000

/** Milliseconds to wait before another try; longer each time, and not the same for every server. */
const backoff = (retries: number): number => Math.min(2 ** retries * 50, 2000) + Math.floor(Math.random() * 200)

const reasonOf = (cause: unknown): string => cause instanceof Error ? cause.message || cause.name : String(cause)

/** The connection, with the database and the password its URL names. */
export const layer = (url: Redacted.Redacted<string>, silence = patience): Layer.Layer<Redis.Redis | NodeRedis, RedisUnreachable> =>
  // The client is loaded by whoever needs it: every start of the program would pay for it
  Layer.unwrap(Effect.map(Effect.promise(() => import("@effect/platform-node/NodeRedis")), (NodeRedis) => {
    let isThere = false
    return NodeRedis.layer({
      url: Redacted.value(url),
      disableOfflineQueue: true,
      commandsQueueMaxLength: maxWaiting,
      pingInterval: pingEvery,
      socket: {
        connectTimeout: silence,
        socketTimeout: silence,
        // One that was never there stops the start; one that was is waited for
        reconnectStrategy: (retries, cause) => isThere ? backoff(retries) : cause
      }
    }).pipe(Layer.tap(() => Effect.sync(() => isThere = true)))
  })).pipe(
    Layer.catch(({ cause }) => Layer.effectContext(Effect.fail(new RedisUnreachable({ reason: reasonOf(cause) }))))
  )
