/**
 * The store of cached answers in Redis, for several gateways that answer the same clients: an answer one of them was given serves all,
 * and only one of them asks for it. One script does everything; time is the server's.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import * as RedisScript from "./cache/RedisScript.ts"
import type { Ask, Bounds, Told } from "./CacheStore.ts"
import { CacheStore, CacheStoreUnavailable, defaultBounds } from "./CacheStore.ts"

const Reply = Schema.Union([
  Schema.Tuple([Schema.Literal("Found"), Schema.String]),
  Schema.Tuple([Schema.Literals(["Lead", "Awaited"])]),
  Schema.Tuple([Schema.Literal("Purged"), Schema.Int]),
  Schema.Tuple([Schema.Literal("Done"), Schema.Int, Schema.Int])
])

const decode = Schema.decodeUnknownEffect(Reply)

const toTold = (reply: typeof Reply.Type): Told => {
  switch (reply[0]) {
    case "Found":
      return { _tag: "Found", sealed: reply[1] }
    case "Lead":
    case "Awaited":
      return { _tag: reply[0] }
    case "Purged":
      return { _tag: "Purged", entries: reply[1] }
    case "Done":
      return { _tag: "Done", entries: reply[1], bytes: reply[2] }
  }
}

const script = Redis.script((prefix: string, { bytes, entries }: Bounds, ask: Ask) => [
  prefix,
  entries,
  bytes,
  ask._tag,
  "key" in ask ? ask.key : "",
  "claim" in ask ? ask.claim : "",
  "owner" in ask ? ask.owner ?? "" : "",
  ask._tag === "Keep" ? ask.sealed : "",
  ask._tag === "Keep" ? ask.ttlMs : ask._tag === "Find" ? ask.leaseMs : 0
], { numberOfKeys: 1, lua: RedisScript.lua })

const reasonOf = (error: Redis.RedisError | Schema.SchemaError): string =>
  error._tag === "RedisError" ? error.cause instanceof Error ? error.cause.message : String(error.cause) : error.message

/** A store on a Redis server. All keys begin with `prefix`, in one slot of a cluster. */
export const layer = (options: Partial<Bounds> & { readonly prefix?: string } = {}): Layer.Layer<CacheStore, never, Redis.Redis> =>
  Layer.effect(
    CacheStore,
    Effect.map(Redis.Redis, (redis) => {
      const { prefix = "sluice:", ...bounds } = options
      const run = redis.eval(script)
      const complete = { ...defaultBounds, ...bounds }
      let last = { entries: 0, bytes: 0 }
      return CacheStore.of({
        status: () => ({ kind: "redis", ...last }),
        ask: (message) =>
          run(`{${prefix}cache}`, complete, message).pipe(
            Effect.flatMap(decode),
            Effect.map(toTold),
            Effect.tap((told) =>
              Effect.sync(() => {
                if (told._tag === "Done") last = { entries: told.entries, bytes: told.bytes }
              })
            ),
            Effect.mapError((error) => new CacheStoreUnavailable({ reason: reasonOf(error) }))
          )
      })
    })
  )
