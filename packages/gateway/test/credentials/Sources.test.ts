import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Registered from "../../src/credentialPool/Registered.ts"
import { type ConfiguredCredential, layer as registered, make } from "../../src/credentials/CredentialProvider.ts"
import { Credentials } from "../../src/credentials/Credentials.ts"
import * as CredentialStoreMemory from "../../src/credentials/CredentialStoreMemory.ts"
import * as EnvironmentKey from "../../src/credentials/EnvironmentKey.ts"
import * as KeyFile from "../../src/credentials/KeyFile.ts"
import { key } from "../../src/credentials/Material.ts"
import * as StaticKey from "../../src/credentials/StaticKey.ts"
import * as Registries from "../../src/Registries.ts"
import { sent, start } from "./Gateways.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-sources-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const one = (from: ConfiguredCredential["from"], more: Partial<ConfiguredCredential> = {}): ConfiguredCredential => ({
  provider: "vendor",
  id: "one",
  from,
  ...more
})

/** Lets files be read until it shows: how many turns that takes nobody knows. */
const until = (isSo: () => boolean) =>
  Effect.promise(async () => {
    for (let turn = 0; turn < 100_000 && !isSo(); turn++) await new Promise<void>((resolve) => void setImmediate(resolve))
    assert.isTrue(isSo())
  })

describe("a key", () => {
  it.effect("that is told is sent as it is", () =>
    Effect.gen(function*() {
      const credentials = yield* start([one(StaticKey.make(Redacted.make("k1")), { priority: 2, weight: 5 })])
      assert.deepInclude(credentials.current("vendor")[0], { kind: "key", priority: 2, weight: 5 })
      assert.strictEqual(sent(credentials), "k1")
      assert.isUndefined(credentials.current("vendor")[0]?.renew)
      assert.deepStrictEqual(credentials.status(), [{ provider: "vendor", id: "one", kind: "key", source: "key", state: "ok", isUsable: true, logins: [] }])
      assert.deepStrictEqual(credentials.current("other"), [])
    }).pipe(Effect.scoped, Effect.provide(CredentialStoreMemory.layer)))

  it.effect("in a variable is read, and says which variable where it is missing", () =>
    Effect.gen(function*() {
      const credentials = yield* start([one(EnvironmentKey.make("GIVEN")), one(EnvironmentKey.make("MISSING"), { id: "two" })])
      assert.strictEqual(sent(credentials), "k2")
      assert.deepInclude(credentials.status()[1], { state: "failed", isUsable: false, reason: "The variable MISSING is not set." })
    }).pipe(Effect.scoped, Effect.provide([CredentialStoreMemory.layer, ConfigProvider.layer(ConfigProvider.fromEnvRecord({ GIVEN: "k2" }))])))
})

describe("a key in a file", () => {
  it.effect("is followed when the file changes, and kept while it cannot be read", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "key")
      writeFileSync(path, "k1\n")
      const credentials = yield* start([one(KeyFile.make(path))])
      assert.strictEqual(sent(credentials), "k1")
      const look = (isSo: () => boolean) => Effect.andThen(TestClock.adjust("2 seconds"), until(isSo))
      const status = () => credentials.status()[0]
      writeFileSync(`${path}.new`, "k2")
      renameSync(`${path}.new`, path)
      yield* look(() => sent(credentials) === "k2")
      rmSync(path)
      yield* look(() => status()?.state === "failed")
      assert.strictEqual(sent(credentials), "k2")
      assert.isTrue(status()?.isUsable)
      assert.match(status()?.reason ?? "", /there is no such file\.$/)
      writeFileSync(path, "k3")
      yield* look(() => sent(credentials) === "k3")
      assert.deepInclude(status(), { state: "ok", isUsable: true })
      writeFileSync(path, "")
      yield* look(() => status()?.isUsable === false)
      assert.deepInclude(status(), { state: "failed" })
    }).pipe(Effect.scoped, Effect.provide(CredentialStoreMemory.layer)))

  it.effect("is read at once when the provider refuses it", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "key")
      writeFileSync(path, "k1")
      const credentials = yield* start([one(KeyFile.make(path))])
      const renew = credentials.current("vendor")[0]?.renew ?? Effect.succeed(false)
      assert.isFalse(yield* renew)
      writeFileSync(path, "k2")
      assert.isTrue(yield* renew)
      assert.strictEqual(sent(credentials), "k2")
    }).pipe(Effect.scoped, Effect.provide(CredentialStoreMemory.layer)))

  it.effect("may be the login of another program, which is sent as one and never refreshed here", () =>
    Effect.gen(function*() {
      const path = join(yield* folder, "auth.json")
      writeFileSync(path, JSON.stringify({ access_token: "t1", refresh_token: "canary", expires_in: 60 }))
      const credentials = yield* start([one(KeyFile.make(path))])
      assert.deepInclude(credentials.current("vendor")[0], { kind: "oauth" })
      assert.strictEqual(sent(credentials), "t1")
      assert.notInclude(JSON.stringify(credentials.status()), "canary")
      assert.isUndefined(credentials.status()[0]?.nextRefresh)
    }).pipe(Effect.scoped, Effect.provide(CredentialStoreMemory.layer)))
})

describe("credentials of one's own making", () => {
  const own = make({ source: "vault", kind: "key", load: Effect.succeed(key(Redacted.make("from the vault"))) })
  const registries = registered(one(own)).pipe(Layer.provideMerge(Layer.fresh(Registries.layer())))

  it.effect("are registered as layers, and kept as long as the gateway that they are parts of", () =>
    Effect.gen(function*() {
      const credentials = yield* start([one(StaticKey.make(Redacted.make("configured")), { id: "configured" })])
      yield* Effect.gen(function*() {
        yield* Registered.start
        assert.deepStrictEqual([sent(credentials, 0), sent(credentials, 1)], ["configured", "from the vault"])
        assert.deepInclude(credentials.status()[1], { source: "vault", state: "ok" })
        yield* credentials.configure([])
        assert.strictEqual(sent(credentials), "from the vault", "another configuration does not touch them")
      }).pipe(Effect.scoped, Effect.provide(registries), Effect.provideService(Credentials, credentials))
      assert.deepStrictEqual(credentials.current("vendor"), [])
    }).pipe(Effect.scoped, Effect.provide(CredentialStoreMemory.layer)))

  it.effect("hold before a configured one of the same id", () =>
    Effect.gen(function*() {
      const credentials = yield* start([one(StaticKey.make(Redacted.make("configured")))])
      yield* Effect.gen(function*() {
        yield* credentials.add([one(own)])
        assert.deepStrictEqual([sent(credentials, 0), sent(credentials, 1)], ["from the vault", undefined])
      }).pipe(Effect.scoped)
      assert.strictEqual(sent(credentials), "configured")
    }).pipe(Effect.scoped, Effect.provide(CredentialStoreMemory.layer)))

  it.effect("are missed aloud where nobody keeps them", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => void lines.push(JSON.stringify(message)))
    return Effect.gen(function*() {
      yield* Registered.start
      assert.match(lines.join(), /no pools to keep them.*vendor one/)
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(registries, Logger.layer([logger]))))
  })
})
