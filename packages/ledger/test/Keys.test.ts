import { assert, describe, it } from "@effect/vitest"
import { KeyStore, type StoredKey } from "@sluice/gateway/KeyStore"
import * as Money from "@sluice/protocol/Money"
import { Effect, Layer, Redacted, type Scope } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { LedgerStartError } from "../src/LedgerStartError.ts"
import * as PostgresKeys from "../src/PostgresKeys.ts"
import * as SqliteKeys from "../src/SqliteKeys.ts"
import * as Postgres from "./postgres.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-keys-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const least: StoredKey = { id: "a", name: "first", digest: "d1", createdAt: 1, limits: {} }
const whole: StoredKey = {
  id: "b",
  name: "second",
  digest: "d2",
  createdAt: 2,
  expiresAt: 3,
  tenant: "t",
  team: "m",
  priority: "agent",
  models: ["x", "y*"],
  limits: {
    rates: [{ kind: "requests", limit: 5, windowMs: 60_000 }],
    concurrency: 2,
    budgets: [{ limit: Money.fromPicos(12_500_000_000_001n), period: "month" }],
    models: [{ model: "x", concurrency: 1 }]
  }
}

/** What every store of keys does. `where` gives a database that is empty, and that can be opened again. */
const contract = (where: Effect.Effect<Layer.Layer<KeyStore, LedgerStartError>, never, Scope.Scope>) => {
  it.live("are kept as they were given, also for the next process", () =>
    Effect.gen(function*() {
      const layer = yield* where
      yield* Effect.gen(function*() {
        const store = yield* KeyStore
        yield* store.create(least)
        yield* store.create(whole)
      }).pipe(Effect.provide(Layer.fresh(layer)))
      yield* Effect.gen(function*() {
        const store = yield* KeyStore
        assert.deepStrictEqual(yield* store.list, [whole, least])
        assert.deepStrictEqual(yield* store.find("d2"), whole)
        assert.isUndefined(yield* store.find("d3"))
      }).pipe(Effect.provide(Layer.fresh(layer)))
    }).pipe(Effect.scoped))

  it.live("are revoked once, for good", () =>
    Effect.gen(function*() {
      yield* Effect.gen(function*() {
        const store = yield* KeyStore
        yield* store.create(least)
        assert.isTrue(yield* store.revoke("a", 10))
        assert.isTrue(yield* store.revoke("a", 20))
        assert.isFalse(yield* store.revoke("b", 10))
        assert.strictEqual((yield* store.find("d1"))?.revokedAt, 10)
      }).pipe(Effect.provide(yield* where))
    }).pipe(Effect.scoped))

  it.live("have one digest each", () =>
    Effect.gen(function*() {
      yield* Effect.gen(function*() {
        const store = yield* KeyStore
        yield* store.create(least)
        const error = yield* Effect.flip(store.create({ ...whole, digest: "d1" }))
        assert.match(error.message, /unique/i)
        assert.deepStrictEqual(yield* store.list, [least])
      }).pipe(Effect.provide(yield* where))
    }).pipe(Effect.scoped))
}

describe("keys in a SQLite file", () => {
  contract(Effect.map(folder, (path) => SqliteKeys.layer({ filename: join(path, "keys.db") })))

  it.live("are not looked for in a file that is no ledger", () =>
    Effect.gen(function*() {
      const filename = join(yield* folder, "keys.db")
      writeFileSync(filename, "this is a text, and not a short one".repeat(100))
      const error = yield* Effect.flip(KeyStore.pipe(Effect.provide(SqliteKeys.layer({ filename }))))
      assert.match(error.message, /keys\.db cannot be opened: /)
    }).pipe(Effect.scoped))
})

describe.skipIf(Postgres.service.missing !== undefined)(`keys in PostgreSQL${Postgres.skipped}`, () => {
  contract(Effect.map(Postgres.temporaryUrl, (url) => PostgresKeys.layer({ url: Redacted.make(url) })))
})
