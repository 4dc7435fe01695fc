/** One contract for every store of replays: who may execute, what is kept, what is forgotten, and how much of it there may be. */
import { assert, describe, it } from "@effect/vitest"
import type { Ask, Told } from "@sluice/gateway/ReplayStore"
import { ReplayStore } from "@sluice/gateway/ReplayStore"
import { Effect } from "effect"
import * as Stores from "./Stores.ts"

const minute = 60_000

const claim = (scope: string, id: string, more: Partial<Ask & { readonly _tag: "Claim" }> = {}): Ask => ({
  _tag: "Claim",
  scope,
  claim: id,
  owner: "process-1",
  tenant: "tenant:acme",
  print: "print",
  ttlMs: minute,
  aliveMs: minute,
  ...more
})

const ask = (message: Ask) => Effect.flatMap(ReplayStore, (store) => store.ask(message))

const keep = (scope: string, id: string, sealed: string): Ask => ({ _tag: "Keep", scope, claim: id, sealed })

for (const { layer, missing, name } of Stores.kinds) {
  const test = (title: string, run: Effect.Effect<void, unknown, ReplayStore>, bounds: Parameters<typeof layer>[0] = {}) =>
    it.live(title, () => Effect.provide(run, layer(bounds)))

  describe.skipIf(missing !== undefined)(`the store of replays in ${name}${missing === undefined ? "" : ` (skipped: ${missing})`}`, () => {
    test(
      "grants one of fifty claims made at once, and the same claim again",
      Effect.gen(function*() {
        const claims = Array.from({ length: 50 }, (_, index) => claim("s", `x${index}`))
        const told = yield* Effect.forEach(claims, ask, { concurrency: "unbounded" })
        const granted = told.flatMap(({ _tag }, index) => _tag === "Claimed" ? [index] : [])
        assert.strictEqual(granted.length, 1)
        assert.deepStrictEqual(told.find(({ _tag }) => _tag !== "Claimed"), { _tag: "Running", print: "print", owner: "process-1" })
        assert.deepStrictEqual(yield* ask(claims[granted[0] ?? 0] ?? claim("s", "")), { _tag: "Claimed" })
      })
    )

    test(
      "keeps the answer of whoever holds the claim, once",
      Effect.gen(function*() {
        yield* ask(claim("s", "a"))
        yield* ask(keep("s", "b", "stranger"))
        assert.strictEqual((yield* ask(claim("s", "c")))._tag, "Running")
        assert.deepStrictEqual(yield* ask(keep("s", "a", "answer")), { _tag: "Done", entries: 1, bytes: 6 })
        yield* ask(keep("s", "a", "another"))
        yield* ask({ _tag: "Release", scope: "s", claim: "a" })
        yield* ask({ _tag: "Lose", scope: "s", claim: "a", why: "cut" })
        assert.deepStrictEqual(yield* ask(claim("s", "c", { print: "other" })), { _tag: "Kept", print: "print", sealed: "answer" })
      })
    )

    test(
      "frees a key that was released, and not one that was lost",
      Effect.gen(function*() {
        yield* ask(claim("s", "a"))
        assert.deepStrictEqual(yield* ask({ _tag: "Release", scope: "s", claim: "a" }), { _tag: "Done", entries: 0, bytes: 0 })
        assert.deepStrictEqual(yield* ask(claim("s", "b")), { _tag: "Claimed" })
        yield* ask({ _tag: "Lose", scope: "s", claim: "b", why: "cut" })
        assert.deepStrictEqual(yield* ask(claim("s", "c")), { _tag: "Lost", print: "print", why: "cut" })
      })
    )

    test(
      "does not know what became of a claim whose process is gone, until that says so itself",
      Effect.gen(function*() {
        yield* ask(claim("s", "a", { owner: "dead", aliveMs: 0 }))
        const told = yield* Effect.forEach(Array.from({ length: 50 }, (_, index) => claim("s", `x${index}`)), ask, { concurrency: "unbounded" })
        assert.deepStrictEqual([...new Set(told.map((each) => JSON.stringify(each)))], [
          JSON.stringify({ _tag: "Lost", print: "print", why: "gone" } satisfies Told)
        ])
        yield* ask({ _tag: "Alive", owner: "dead", aliveMs: minute })
        assert.deepStrictEqual(yield* ask(claim("s", "y")), { _tag: "Running", print: "print", owner: "dead" })
        yield* ask(keep("s", "a", "late"))
        assert.deepStrictEqual(yield* ask(claim("s", "z")), { _tag: "Kept", print: "print", sealed: "late" })
      })
    )

    test(
      "forgets a key after its time",
      Effect.gen(function*() {
        yield* ask(claim("s", "a", { ttlMs: 0 }))
        assert.deepStrictEqual(yield* ask(claim("s", "b")), { _tag: "Claimed" })
        yield* ask({ _tag: "Release", scope: "s", claim: "b" })
        yield* ask(claim("t", "a", { ttlMs: 0 }))
        assert.deepStrictEqual(yield* ask({ _tag: "Alive", owner: "process-1", aliveMs: minute }), { _tag: "Done", entries: 0, bytes: 0 })
      })
    )

    test(
      "lets the oldest answers go for new ones and remembers their keys",
      Effect.gen(function*() {
        for (const scope of ["a", "b", "c"]) {
          yield* ask(claim(scope, scope))
          yield* ask(keep(scope, scope, "x".repeat(40)))
        }
        assert.deepStrictEqual(yield* ask(claim("a", "again")), { _tag: "Lost", print: "print", why: "evicted" })
        assert.strictEqual((yield* ask(claim("b", "again")))._tag, "Kept")
        assert.strictEqual((yield* ask(claim("c", "again")))._tag, "Kept")
        yield* ask(claim("d", "d"))
        assert.deepStrictEqual(yield* ask(keep("d", "d", "x".repeat(101))), { _tag: "Done", entries: 4, bytes: 80 })
        assert.deepStrictEqual(yield* ask(claim("d", "again")), { _tag: "Lost", print: "print", why: "too-large" })
      }),
      { bytes: 100, tenantShare: 1 }
    )

    test(
      "gives no tenant more than its share",
      Effect.gen(function*() {
        const ofOther = { tenant: "tenant:other" }
        for (const scope of ["a", "b"]) yield* ask(claim(scope, scope))
        assert.deepStrictEqual(yield* ask(claim("c", "c")), { _tag: "Full", of: "tenant" })
        yield* ask(claim("d", "d", ofOther))
        yield* ask(keep("a", "a", "x".repeat(30)))
        yield* ask(keep("d", "d", "x".repeat(30)))
        yield* ask(keep("b", "b", "x".repeat(30)))
        assert.deepStrictEqual(yield* ask(claim("a", "again")), { _tag: "Lost", print: "print", why: "evicted" })
        assert.strictEqual((yield* ask(claim("d", "again", ofOther)))._tag, "Kept")
        assert.deepStrictEqual(yield* ask(claim("e", "e", ofOther)), { _tag: "Claimed" })
        assert.deepStrictEqual(yield* ask(claim("f", "f", { tenant: "tenant:third" })), { _tag: "Full", of: "store" })
      }),
      { entries: 4, bytes: 100, tenantShare: 0.5 }
    )
  })
}
