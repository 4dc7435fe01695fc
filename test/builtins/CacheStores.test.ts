/** One contract for every store of cached answers: who brings an answer, what is kept for how long, what makes room, and who is purged. */
import { NodeRedis } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { type Ask, type Bounds, CacheStore } from "@sluice/gateway/CacheStore"
import * as CacheStoreMemory from "@sluice/gateway/CacheStoreMemory"
import * as CacheStoreRedis from "@sluice/gateway/CacheStoreRedis"
import { Effect, Layer } from "effect"
import { Redis } from "effect/persistence"
import { randomUUID } from "node:crypto"
import * as Services from "../../packages/testing/src/services/Services.ts"

const service = await Effect.runPromise(Services.redis)

const redis = (bounds: Partial<Bounds>): Layer.Layer<CacheStore> => {
  const prefix = `sluice-test-${randomUUID()}`
  const swept = Layer.effectDiscard(
    Effect.flatMap(
      Redis.Redis,
      (redis) =>
        Effect.addFinalizer(() =>
          Effect.flatMap(redis.send<Array<string>>("KEYS", `{${prefix}cache}*`), (keys) => keys.length === 0 ? Effect.void : redis.send("DEL", ...keys)).pipe(
            Effect.ignore
          )
        )
    )
  )
  return Layer.merge(CacheStoreRedis.layer({ prefix, ...bounds }), swept).pipe(Layer.provide(NodeRedis.layer({ url: service.url })), Layer.orDie)
}

const kinds = [
  { name: "memory", missing: undefined, layer: CacheStoreMemory.layer },
  { name: "Redis", missing: service.missing, layer: redis }
]

const minute = 60_000
const ask = (message: Ask) => Effect.flatMap(CacheStore, (store) => store.ask(message))
const find = (key: string, claim = "x", leaseMs = minute) => ask({ _tag: "Find", key, claim, leaseMs })
const keep = (key: string, more: Partial<Ask & { readonly _tag: "Keep" }> = {}) =>
  ask({ _tag: "Keep", key, claim: "x", owner: "o", sealed: `answer ${key}`, ttlMs: minute, ...more })
const tagOf = (key: string) => Effect.map(find(key), ({ _tag }) => _tag)

for (const { layer, missing, name } of kinds) {
  const test = (title: string, run: Effect.Effect<void, unknown, CacheStore>, bounds: Partial<Bounds> = {}) =>
    it.live(title, () => Effect.provide(run, layer(bounds)))

  describe.skipIf(missing !== undefined)(`the store of cached answers in ${name}${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
    test(
      "gives the lead to one of fifty at the same time, and to it again",
      Effect.gen(function*() {
        const told = yield* Effect.forEach(Array.from({ length: 50 }, (_, index) => index), (index) => find("k", `c${index}`), { concurrency: "unbounded" })
        const leading = told.flatMap(({ _tag }, index) => _tag === "Lead" ? [index] : [])
        assert.strictEqual(leading.length, 1)
        assert.strictEqual(told.filter(({ _tag }) => _tag === "Awaited").length, 49)
        assert.deepStrictEqual(yield* find("k", `c${leading[0]}`), { _tag: "Lead" })
      })
    )

    test(
      "gives the lead to somebody else when it is given back, or has run out",
      Effect.gen(function*() {
        yield* find("k", "a")
        yield* ask({ _tag: "Release", key: "k", claim: "stranger" })
        assert.deepStrictEqual(yield* find("k", "b"), { _tag: "Awaited" })
        yield* ask({ _tag: "Release", key: "k", claim: "a" })
        assert.deepStrictEqual(yield* find("k", "b", 1), { _tag: "Lead" })
        yield* Effect.sleep("20 millis")
        assert.deepStrictEqual(yield* find("k", "c"), { _tag: "Lead" })
      })
    )

    test(
      "keeps an answer, whoever brings it, and a newer one in its place",
      Effect.gen(function*() {
        yield* find("k", "a")
        assert.deepStrictEqual(yield* keep("k", { claim: "a", sealed: "one" }), { _tag: "Done", entries: 1, bytes: 3 })
        assert.deepStrictEqual(yield* find("k", "b"), { _tag: "Found", sealed: "one" })
        assert.deepStrictEqual(yield* keep("k", { claim: "b", sealed: "other" }), { _tag: "Done", entries: 1, bytes: 5 })
        assert.deepStrictEqual(yield* find("k", "c"), { _tag: "Found", sealed: "other" })
      })
    )

    test(
      "forgets when its time is over",
      Effect.gen(function*() {
        yield* keep("k", { ttlMs: 20 })
        yield* Effect.sleep("40 millis")
        assert.strictEqual(yield* tagOf("k"), "Lead")
        assert.deepStrictEqual(yield* ask({ _tag: "Count" }), { _tag: "Done", entries: 0, bytes: 0 })
      })
    )

    test(
      "makes room by what was not asked for the longest",
      Effect.gen(function*() {
        for (const key of ["a", "b", "c"]) {
          yield* keep(key)
          yield* Effect.sleep("3 millis")
        }
        assert.strictEqual(yield* tagOf("a"), "Found")
        yield* keep("d")
        assert.deepStrictEqual(yield* Effect.forEach(["a", "b", "c", "d"], tagOf), ["Found", "Lead", "Found", "Found"])
      }),
      { entries: 3 }
    )

    test(
      "stays within its bytes, and keeps nothing that is larger than all of them",
      Effect.gen(function*() {
        for (let index = 0; index < 20; index++) yield* keep(`k${index}`, { sealed: "x".repeat(30) })
        assert.deepStrictEqual(yield* ask({ _tag: "Count" }), { _tag: "Done", entries: 3, bytes: 90 })
        yield* keep("large", { sealed: "x".repeat(101) })
        assert.strictEqual(yield* tagOf("large"), "Lead")
        assert.deepStrictEqual(yield* ask({ _tag: "Count" }), { _tag: "Done", entries: 3, bytes: 90 })
      }),
      { bytes: 100 }
    )

    test(
      "purges one owner, or everybody, and says how many answers that were",
      Effect.gen(function*() {
        yield* keep("a", { owner: "one" })
        yield* keep("b", { owner: "one" })
        yield* keep("c", { owner: "two" })
        assert.deepStrictEqual(yield* ask({ _tag: "Purge", owner: "one" }), { _tag: "Purged", entries: 2 })
        assert.deepStrictEqual(yield* Effect.forEach(["a", "b", "c"], tagOf), ["Lead", "Lead", "Found"])
        assert.deepStrictEqual(yield* ask({ _tag: "Purge" }), { _tag: "Purged", entries: 1 })
        assert.deepStrictEqual(yield* ask({ _tag: "Count" }), { _tag: "Done", entries: 0, bytes: 0 })
      })
    )
  })
}
