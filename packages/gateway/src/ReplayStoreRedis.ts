/**
 * The store of replays in Redis, for several gateways that answer the same clients. One script does everything, so that a claim is
 * granted once; time is the server's. As durable as the server is configured: with its defaults a crash of Redis may forget the
 * claims of the last second.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import * as RedisScript from "./replays/RedisScript.ts"
import type { Ask, Bounds, Told } from "./ReplayStore.ts"
import { defaultBounds, ReplayStore, ReplayStoreUnavailable } from "./ReplayStore.ts"

const Reply = Schema.Union([
  Schema.Tuple([Schema.Literal("Claimed")]),
  Schema.Tuple([Schema.Literal("Running"), Schema.String, Schema.String]),
  Schema.Tuple([Schema.Literal("Kept"), Schema.String, Schema.String]),
  Schema.Tuple([Schema.Literal("Lost"), Schema.String, Schema.Literals(["cut", "gone", "too-large", "evicted"])]),
  Schema.Tuple([Schema.Literal("Full"), Schema.Literals(["tenant", "store"])]),
  Schema.Tuple([Schema.Literal("Done"), Schema.Int, Schema.Int])
])

const decode = Schema.decodeUnknownEffect(Reply)

const toTold = (reply: typeof Reply.Type): Told => {
  switch (reply[0]) {
    case "Claimed":
      return { _tag: "Claimed" }
    case "Running":
      return { _tag: "Running", print: reply[1], owner: reply[2] }
    case "Kept":
      return { _tag: "Kept", print: reply[1], sealed: reply[2] }
    case "Lost":
      return { _tag: "Lost", print: reply[1], why: reply[2] }
    case "Full":
      return { _tag: "Full", of: reply[1] }
    case "Done":
      return { _tag: "Done", entries: reply[1], bytes: reply[2] }
  }
}

const script = Redis.script((prefix: string, { bytes, entries, tenantShare }: Bounds, ask: Ask) => [
  prefix,
  entries,
  bytes,
  Math.floor(entries * tenantShare),
  Math.floor(bytes * tenantShare),
  ask._tag,
  "scope" in ask ? ask.scope : "",
  "claim" in ask ? ask.claim : "",
  "owner" in ask ? ask.owner : "",
  "aliveMs" in ask ? ask.aliveMs : 0,
  ...(ask._tag === "Claim" ? [ask.tenant, ask.print, ask.ttlMs] : ask._tag === "Keep" ? [ask.sealed] : ask._tag === "Lose" ? [ask.why] : [])
], { numberOfKeys: 1, lua: RedisScript.lua })

/** A store on a Redis server. All keys begin with `prefix`, in one slot of a cluster. */
export const layer = (options: Partial<Bounds> & { readonly prefix?: string } = {}): Layer.Layer<ReplayStore, never, Redis.Redis> =>
  Layer.effect(
    ReplayStore,
    Effect.map(Redis.Redis, (redis) => {
      const { prefix = "sluice:", ...bounds } = options
      const run = redis.eval(script)
      const complete = { ...defaultBounds, ...bounds }
      return ReplayStore.of({
        ask: (message) =>
          run(`{${prefix}replays}`, complete, message).pipe(
            Effect.flatMap(decode),
            Effect.map(toTold),
            Effect.mapError((error) => new ReplayStoreUnavailable({ reason: reasonOf(error) }))
          )
      })
    })
  )

const reasonOf = (error: Redis.RedisError | Schema.SchemaError): string =>
  error._tag === "RedisError" ? error.cause instanceof Error ? error.cause.message : String(error.cause) : error.message
