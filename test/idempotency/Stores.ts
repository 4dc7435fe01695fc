/** The stores of replays that can be had here, each empty and each its test's own. */
import { NodeRedis } from "@effect/platform-node"
import type { Bounds, ReplayStore } from "@sluice/gateway/ReplayStore"
import * as ReplayStoreMemory from "@sluice/gateway/ReplayStoreMemory"
import * as ReplayStoreRedis from "@sluice/gateway/ReplayStoreRedis"
import * as PostgresLedger from "@sluice/ledger/PostgresLedger"
import * as PostgresReplays from "@sluice/ledger/PostgresReplays"
import * as SqliteLedger from "@sluice/ledger/SqliteLedger"
import * as SqliteReplays from "@sluice/ledger/SqliteReplays"
import { Effect, Layer, Redacted } from "effect"
import { Redis } from "effect/persistence"
import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Postgres from "../../packages/ledger/test/postgres.ts"
import * as Services from "../../packages/testing/src/services/Services.ts"

/** A kind of store. */
export interface Kind {
  readonly name: string
  /** Why its tests are skipped; undefined where it is there. */
  readonly missing: string | undefined
  readonly layer: (bounds?: Partial<Bounds>) => Layer.Layer<ReplayStore>
}

const sqlite = (bounds: Partial<Bounds> = {}): Layer.Layer<ReplayStore> =>
  Layer.unwrap(
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-replays-"))),
        (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
      ),
      (folder) => {
        const filename = join(folder, "ledger.db")
        return SqliteReplays.layer({ filename, ...bounds }).pipe(Layer.provide(SqliteLedger.layer({ filename })), Layer.orDie)
      }
    )
  )

const service = await Effect.runPromise(Services.redis)

const redis = (bounds: Partial<Bounds> = {}): Layer.Layer<ReplayStore> => {
  const prefix = `sluice-test-${randomUUID()}`
  const swept = Layer.effectDiscard(
    Effect.flatMap(
      Redis.Redis,
      (redis) =>
        Effect.addFinalizer(() =>
          Effect.flatMap(redis.send<Array<string>>("KEYS", `{${prefix}replays}*`), (keys) => keys.length === 0 ? Effect.void : redis.send("DEL", ...keys))
            .pipe(
              Effect.ignore
            )
        )
    )
  )
  return Layer.merge(ReplayStoreRedis.layer({ prefix, ...bounds }), swept).pipe(Layer.provide(NodeRedis.layer({ url: service.url })), Layer.orDie)
}

const postgres = (bounds: Partial<Bounds> = {}): Layer.Layer<ReplayStore> =>
  Layer.unwrap(
    Effect.map(Postgres.temporaryUrl, (address) => {
      const url = Redacted.make(address)
      const spill = join(tmpdir(), `sluice-replays-${randomUUID()}`)
      return PostgresReplays.layer({ url, ...bounds }).pipe(Layer.provide(PostgresLedger.layer({ url, spill })), Layer.orDie)
    })
  )

/** All of them. */
export const kinds: ReadonlyArray<Kind> = [
  { name: "memory", missing: undefined, layer: ReplayStoreMemory.layer },
  { name: "SQLite", missing: undefined, layer: sqlite },
  { name: "PostgreSQL", missing: Postgres.service.missing, layer: postgres },
  { name: "Redis", missing: service.missing, layer: redis }
]
