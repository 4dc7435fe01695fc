/** The stores of limits, as tests of what they all do have them: one in memory, and one in Redis where there is one. */
import { NodeRedis } from "@effect/platform-node"
import { Effect, Layer, type Scope } from "effect"
import { Redis } from "effect/persistence"
import { randomBytes } from "node:crypto"
import * as Services from "../../../testing/src/services/Services.ts"
import type { LimitStore } from "../../src/LimitStore.ts"
import * as LimitStoreMemory from "../../src/LimitStoreMemory.ts"
import * as LimitStoreRedis from "../../src/LimitStoreRedis.ts"

/** A clock that is told. */
export interface Told {
  time: number
}

/** A store on this clock. */
export interface Kind {
  readonly name: string
  /** Why its tests are skipped; undefined where it is there. */
  readonly missing: string | undefined
  /** Gives what makes stores that know nothing of each other. */
  readonly make: (clock: Told) => Effect.Effect<() => LimitStore["Service"], never, Scope.Scope>
  /** Random sequences that are tried. */
  readonly runs: number
}

const service = await Effect.runPromise(Services.redis)

const inRedis = (clock: Told) =>
  Effect.gen(function*() {
    const prefix = `test:${randomBytes(6).toString("hex")}:`
    const redis = yield* Effect.provide(Redis.Redis, yield* Layer.build(NodeRedis.layer({ url: service.url })))
    yield* Effect.addFinalizer(() =>
      Effect.flatMap(redis.send<Array<string>>("KEYS", `${prefix}*`), (keys) => keys.length === 0 ? Effect.void : redis.send("DEL", ...keys)).pipe(Effect.orDie)
    )
    let made = 0
    return () => LimitStoreRedis.make(redis, { prefix: `${prefix}${++made}:`, timeoutMs: 20_000, now: () => clock.time })
  }).pipe(Effect.orDie)

/** All of them. */
export const kinds: ReadonlyArray<Kind> = [
  { name: "in memory", missing: undefined, make: (clock) => Effect.succeed(() => LimitStoreMemory.make(() => clock.time)), runs: 500 },
  { name: `in Redis${service.missing === undefined ? "" : ` (${service.missing})`}`, missing: service.missing, make: inRedis, runs: 60 }
]
