/** What every store of credentials does, whichever it is. */
import { assert, describe, it } from "@effect/vitest"
import { CredentialStore, type StoredCredential } from "@sluice/gateway/credentials/CredentialStore"
import * as CredentialStoreFiles from "@sluice/gateway/credentials/CredentialStoreFiles"
import { Effect, Fiber } from "effect"
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Stores from "./Stores.ts"

const place = { provider: "vendor", id: "main" }
const record = (version: number, more: Partial<StoredCredential> = {}): StoredCredential => ({
  ...place,
  version,
  sealed: `sealed ${version}`,
  updatedAt: version,
  ...more
})

for (const kind of Stores.kinds) {
  const skipped = kind.missing === undefined ? "" : ` (skipped: ${kind.missing})`
  describe.skipIf(kind.missing !== undefined)(`credentials in ${kind.name}${skipped}`, () => {
    const live = (title: string, test: Effect.Effect<void, unknown, CredentialStore>) =>
      it.live(title, () => Effect.flatMap(kind.place, ({ layer }) => Effect.provide(test, layer)).pipe(Effect.scoped))

    live(
      "are kept as they were given, by provider and id",
      Effect.gen(function*() {
        const store = yield* CredentialStore
        const odd = record(7, { id: "a/b.~%é..\"'", sealed: "x".repeat(100_000) })
        for (const each of [record(2 ** 45), odd, record(1, { provider: "other" })]) assert.isTrue(yield* store.write(each, undefined))
        assert.deepStrictEqual(yield* store.list, [record(1, { provider: "other" }), odd, record(2 ** 45)])
        assert.deepStrictEqual(yield* store.find(odd), odd)
        assert.isUndefined(yield* store.find({ provider: "vendor", id: "a" }))
      })
    )

    live(
      "are replaced by who knows the version that is there, and by nobody else",
      Effect.gen(function*() {
        const store = yield* CredentialStore
        assert.isFalse(yield* store.write(record(2), 1))
        assert.isTrue(yield* store.write(record(1), undefined))
        assert.isFalse(yield* store.write(record(9), undefined))
        assert.isTrue(yield* store.write(record(2), 1))
        assert.isFalse(yield* store.write(record(2, { sealed: "late" }), 1))
        assert.deepStrictEqual(yield* store.list, [record(2)])
        assert.isTrue(yield* store.remove(place))
        assert.isFalse(yield* store.remove(place))
        assert.isFalse(yield* store.write(record(3), 2))
        assert.deepStrictEqual(yield* store.list, [])
      })
    )

    live(
      "have one winner of many that write at the same time",
      Effect.gen(function*() {
        const store = yield* CredentialStore
        yield* store.write(record(1), undefined)
        const won = yield* Effect.forEach(Array.from({ length: 20 }), (_, n) => store.write(record(2, { sealed: `writer ${n}` }), 1), {
          concurrency: "unbounded"
        })
        assert.lengthOf(won.filter((isWon) => isWon), 1)
        assert.strictEqual((yield* store.find(place))?.sealed, `writer ${won.indexOf(true)}`)
      })
    )

    live(
      "are leased to one of many, who may ask again, until they are written or let go",
      Effect.gen(function*() {
        const store = yield* CredentialStore
        const lease = (owner: string, version = 1, forMs = 60_000) => store.lease({ ...place, version, owner, forMs })
        assert.deepStrictEqual(yield* lease("a"), { _tag: "Missing" })
        yield* store.write(record(1), undefined)
        const owners = Array.from({ length: 20 }, (_, n) => `owner ${n}`)
        const told = yield* Effect.forEach(owners, (owner) => lease(owner), { concurrency: "unbounded" })
        const winners = owners.filter((_, n) => told[n]?._tag === "Leased")
        assert.lengthOf(winners, 1)
        const [winner = ""] = winners
        const loser = owners.find((owner) => owner !== winner) ?? ""
        assert.isAtMost(told.reduce((most, each) => each._tag === "Busy" ? Math.max(most, each.leftMs) : most, 0), 60_000)
        assert.deepStrictEqual(yield* lease(winner), { _tag: "Leased" })
        yield* store.release({ ...place, version: 1, owner: loser })
        assert.strictEqual((yield* lease(loser))._tag, "Busy")
        yield* store.release({ ...place, version: 1, owner: winner })
        assert.deepStrictEqual(yield* lease(loser), { _tag: "Leased" })
        yield* store.write(record(2), 1)
        assert.deepStrictEqual(yield* lease(winner), { _tag: "Newer", record: record(2) })
        assert.deepStrictEqual(yield* lease(winner, 2), { _tag: "Leased" })
      })
    )

    live(
      "are leased again when a lease has ended, to one",
      Effect.gen(function*() {
        const store = yield* CredentialStore
        yield* store.write(record(1), undefined)
        assert.deepStrictEqual(yield* store.lease({ ...place, version: 1, owner: "dead", forMs: -1 }), { _tag: "Leased" })
        const told = yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => `owner ${n}`),
          (owner) => store.lease({ ...place, version: 1, owner, forMs: 60_000 }),
          { concurrency: "unbounded" }
        )
        assert.lengthOf(told.filter(({ _tag }) => _tag === "Leased"), 1)
      })
    )
  })
}

for (const kind of Stores.shared) {
  it.live.skipIf(kind.missing !== undefined)(`credentials in ${kind.name} are there for whoever opens them next`, () =>
    Effect.gen(function*() {
      const { url } = yield* kind.place
      yield* Effect.provide(Effect.flatMap(CredentialStore, (store) => store.write(record(5), undefined)), Stores.open(url))
      const found = yield* Effect.provide(Effect.flatMap(CredentialStore, (store) => store.list), Stores.open(url))
      assert.deepStrictEqual(found, [record(5)])
    }).pipe(Effect.scoped))
}

it.live("credentials in SQLite wait for a file that somebody else has locked, and let everything else go on", () =>
  Effect.gen(function*() {
    const file = join(yield* Stores.folder, "ledger.db")
    yield* Effect.gen(function*() {
      const store = yield* CredentialStore
      const other = new DatabaseSync(file)
      other.exec("BEGIN IMMEDIATE")
      const written = yield* Effect.forkChild(store.write(record(1), undefined), { startImmediately: true })
      // Who waited on the event loop would never see the lock go
      yield* Effect.sleep("100 millis")
      other.exec("COMMIT")
      other.close()
      assert.isTrue(yield* Fiber.join(written))
    }).pipe(Effect.provide(Stores.open(`sqlite:${file}`)))
  }).pipe(Effect.scoped))

describe("a folder of credentials", () => {
  const files = (path: string) => CredentialStoreFiles.layer(path)

  it.live("is its user's alone, and so are its files, whatever was allowed when it was made", () =>
    Effect.gen(function*() {
      const path = join(yield* Stores.folder, "deep", "store")
      const before = process.umask(0)
      try {
        yield* Effect.gen(function*() {
          const store = yield* CredentialStore
          yield* store.write(record(1), undefined)
          yield* store.lease({ ...place, version: 1, owner: "a", forMs: 1000 })
        }).pipe(Effect.provide(files(path)))
      } finally {
        process.umask(before)
      }
      assert.strictEqual(statSync(path).mode & 0o777, 0o700)
      const names = readdirSync(path)
      assert.lengthOf(names, 2)
      for (const name of names) assert.strictEqual(statSync(join(path, name)).mode & 0o777, 0o600, name)
    }).pipe(Effect.scoped))

  it.live("that others may look into is refused", () =>
    Effect.gen(function*() {
      const path = yield* Stores.folder
      chmodSync(path, 0o755)
      const error = yield* Effect.flip(Effect.provide(Effect.flatMap(CredentialStore, (store) => store.list), files(path)))
      assert.include(error.message, `chmod 700 ${path}`)
    }).pipe(Effect.scoped))

  it.live("keeps nothing of what was replaced, and names a file that is no record", () =>
    Effect.gen(function*() {
      const path = join(yield* Stores.folder, "store")
      yield* Effect.gen(function*() {
        const store = yield* CredentialStore
        yield* store.write(record(1), undefined)
        yield* store.lease({ ...place, version: 1, owner: "a", forMs: 1000 })
        for (let version = 2; version < 12; version++) yield* store.write(record(version), version - 1)
        const [name = "", ...rest] = readdirSync(path)
        assert.deepStrictEqual(rest, [])
        assert.include(readFileSync(join(path, name), "utf8"), "sealed 11")
        writeFileSync(join(path, name), "{")
        assert.include((yield* Effect.flip(store.list)).message, `${name} is no record of a credential`)
      }).pipe(Effect.provide(files(path)))
    }).pipe(Effect.scoped))

  it.live("cannot be made where a file is", () =>
    Effect.gen(function*() {
      const path = yield* Stores.folder
      mkdirSync(join(path, "store"))
      writeFileSync(join(path, "file"), "")
      const error = yield* Effect.flip(Effect.provide(Effect.flatMap(CredentialStore, (store) => store.list), files(join(path, "file"))))
      assert.strictEqual(error._tag, "CredentialStoreUnavailable")
    }).pipe(Effect.scoped))
})
