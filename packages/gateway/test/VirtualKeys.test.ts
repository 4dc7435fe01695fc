import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { Authenticator } from "../src/Authenticator.ts"
import { KeyStore, KeyStoreUnavailable, type StoredKey } from "../src/KeyStore.ts"
import * as VirtualKeys from "../src/VirtualKeys.ts"

const pepper = Redacted.make("0123456789abcdef0123456789abcdef")

/** A store that can be changed and broken, and counts how often it is asked. */
const store = () => {
  const keys = new Map<string, StoredKey>()
  const state = { keys, asked: 0, isBroken: false }
  const layer = Layer.succeed(KeyStore)({
    create: (key) => Effect.sync(() => void keys.set(key.digest, key)),
    find: (digest) =>
      Effect.suspend(() => {
        state.asked += 1
        return state.isBroken ? Effect.fail(new KeyStoreUnavailable({ reason: "down" })) : Effect.succeed(keys.get(digest))
      }),
    list: Effect.sync(() => [...keys.values()]),
    revoke: () => Effect.succeed(false)
  })
  return { ...state, state, layer }
}

const make = Effect.fnUntraced(function*(more: Partial<StoredKey> = {}) {
  const { layer, state } = store()
  const { id, secret } = yield* VirtualKeys.generate
  const key: StoredKey = { id, name: "n", digest: VirtualKeys.digest(Redacted.value(secret), pepper), createdAt: 0, limits: {}, ...more }
  state.keys.set(key.digest, key)
  const services = yield* Layer.build(
    VirtualKeys.layer({
      keys: [{ key: Redacted.make("sk-configured"), principal: { id: "configured" } }],
      pepper: Effect.succeed(pepper),
      freshFor: Duration.seconds(5)
    }).pipe(Layer.provide(layer))
  )
  const { authenticate } = yield* Effect.provide(Authenticator, services)
  const as = (secret: string | undefined) => authenticate({ method: "POST", path: "/", headers: {}, secret })
  const code = (secret: string | undefined) => Effect.map(Effect.flip(as(secret)), ({ failure }) => `${failure.class} ${failure.code}`)
  return { as, code, key, secret: Redacted.value(secret), state }
})

describe("stored keys", () => {
  it.effect("are known by their secret, beside those of the configuration", () =>
    Effect.gen(function*() {
      const { as, code, key, secret } = yield* make({ tenant: "t", team: "m", priority: "batch", models: ["x"], limits: { concurrency: 1 } })
      assert.deepStrictEqual(yield* as(secret), { id: key.id, tenant: "t", team: "m", priority: "batch", models: ["x"], limits: { concurrency: 1 } })
      assert.deepStrictEqual(yield* as("sk-configured"), { id: "configured" })
      assert.strictEqual(yield* code(undefined), "unauthenticated missing_api_key")
      for (const wrong of [`${secret}x`, secret.slice(0, -1), secret.toUpperCase(), `sk-sluice-${key.id}`, key.digest, ""]) {
        assert.strictEqual(yield* code(wrong), "unauthenticated invalid_api_key")
      }
    }))

  it.effect("are looked up once in a while, and refused after it when they were revoked", () =>
    Effect.gen(function*() {
      const { as, code, key, secret, state } = yield* make()
      const first = yield* as(secret)
      yield* TestClock.adjust("4 seconds")
      // What limits a principal hangs on its object
      assert.strictEqual(yield* as(secret), first)
      assert.strictEqual(state.asked, 1)
      state.keys.set(key.digest, { ...key, revokedAt: 1 })
      assert.strictEqual(yield* as(secret), first)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* code(secret), "unauthenticated revoked_api_key")
      assert.strictEqual(state.asked, 2)
    }))

  it.effect("stay one principal while nothing about them changes", () =>
    Effect.gen(function*() {
      const { as, key, secret, state } = yield* make()
      const first = yield* as(secret)
      yield* TestClock.adjust("6 seconds")
      assert.strictEqual(yield* as(secret), first)
      state.keys.set(key.digest, { ...key, team: "other" })
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(yield* as(secret), { ...first, team: "other" })
    }))

  it.effect("end when they expire, to the millisecond", () =>
    Effect.gen(function*() {
      const { as, code, secret } = yield* make({ expiresAt: 2000 })
      yield* TestClock.adjust("1999 millis")
      yield* as(secret)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* code(secret), "unauthenticated expired_api_key")
    }))

  it.effect("are not let in while the store does not answer, and are as soon as it does", () =>
    Effect.gen(function*() {
      const { as, code, key, secret, state } = yield* make()
      state.isBroken = true
      assert.strictEqual(yield* code(secret), "unavailable keys_unavailable")
      assert.deepStrictEqual(yield* as("sk-configured"), { id: "configured" })
      state.isBroken = false
      assert.strictEqual((yield* as(secret)).id, key.id)
    }))

  it.effect("have secrets of 256 random bits, none of them twice", () =>
    Effect.gen(function*() {
      const made = yield* Effect.replicateEffect(VirtualKeys.generate, 1000)
      assert.strictEqual(new Set(made.map(({ secret }) => Redacted.value(secret))).size, 1000)
      assert.strictEqual(new Set(made.map(({ id }) => id)).size, 1000)
      for (const { id, secret } of made) {
        const [, random = ""] = Redacted.value(secret).split(`sk-sluice-${id}-`)
        assert.strictEqual(Buffer.from(random, "base64url").length, 32)
      }
    }))
})
