import { assert, describe, it } from "@effect/vitest"
import { IdentityProvider, type Options } from "@sluice/testing/IdentityProvider"
import { Effect, Layer, Logger, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { inspect } from "node:util"
import * as CredentialSeal from "../../src/credentials/CredentialSeal.ts"
import { CredentialStore } from "../../src/credentials/CredentialStore.ts"
import * as CredentialStoreMemory from "../../src/credentials/CredentialStoreMemory.ts"
import { logIn, main, secret, sent, start, turns } from "./Gateways.ts"
import * as IdentityClient from "./IdentityClient.ts"

const at = (options: Options = {}) => Layer.merge(IdentityClient.layer, CredentialStoreMemory.layer).pipe(Layer.provideMerge(IdentityProvider.layer(options)))

/** Collects what is logged, in every form somebody could print it. */
const logged = () => {
  const lines: Array<string> = []
  const logger = Logger.make(({ cause, message }) => void lines.push(inspect(message, { depth: 9 }), JSON.stringify(message), inspect(cause, { depth: 9 })))
  return { lines, layer: Logger.layer([logger]) }
}

describe("secrets", () => {
  it.effect("show in no status, log, error, login or store, whatever goes wrong", () => {
    const { layer, lines } = logged()
    return Effect.gen(function*() {
      const { log, revoke, script } = yield* IdentityProvider
      const store = yield* CredentialStore
      const credentials = yield* start([
        yield* main({}, { clientSecret: Redacted.make("idp-client-secret"), headers: { "x-beta": Redacted.make("idp-beta") } })
      ])
      const told: Array<unknown> = []
      const tell = Effect.gen(function*() {
        told.push(credentials.status(), credentials.current("vendor"), JSON.stringify(credentials.current("vendor")), yield* store.list)
      })
      told.push(yield* logIn(credentials))
      yield* tell
      script("echo")
      const login = yield* credentials.startLogin({ provider: "vendor", kind: "device" })
      yield* TestClock.adjust("5 seconds")
      told.push(login, yield* credentials.pollLogin(login.state))
      for (const fault of ["unavailable", "broken", "garbled", "lost", "echo-busy", "echo-code", "echo"] as const) {
        script(fault)
        yield* credentials.refresh({ provider: "vendor", id: "main" })
        yield* tell
        yield* TestClock.adjust("10 minutes")
        yield* turns
      }
      yield* logIn(credentials)
      revoke(sent(credentials) ?? "")
      yield* credentials.refresh({ provider: "vendor", id: "main" })
      yield* tell
      told.push(yield* Effect.flip(credentials.importFile({ provider: "vendor", id: "main", text: "{ \"idp-x\": \"idp-canary\" }" })))
      const text = [...lines, ...told.map((each) => inspect(each, { depth: 9 })), ...told.map((each) => JSON.stringify(each))].join("\n")
      assert.notInclude(text.replaceAll("idp-x", ""), "idp-")
      assert.isAbove(lines.length, 0)
      const values = log().flatMap(({ parameters }) => Object.values(parameters)).filter((value) => value.startsWith("idp-"))
      assert.isAbove(values.length, 5)
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(at({ authentication: "basic" }), layer)))
  })
})

describe("a stored record", () => {
  const first = Effect.map(CredentialStore, ({ list }) => Effect.map(list, ([record]) => record))

  it.effect("that was sealed with another secret is a clear failure, told once, that ends when the secret is there", () => {
    const { layer, lines } = logged()
    return Effect.gen(function*() {
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      const other = CredentialSeal.make(Redacted.make("another secret"))
      const stranger = yield* start([yield* main()], { seal: Effect.succeed(other) })
      assert.deepInclude(stranger.status()[0], { state: "failed", isUsable: false })
      assert.match(stranger.status()[0]?.reason ?? "", new RegExp(`sealed with the key [0-9a-f]{12}, and this gateway has ${other.keyId}: give it the secret`))
      for (let n = 0; n < 20; n++) yield* stranger.rescan
      assert.lengthOf(lines.filter((line) => line.includes("give it the secret")), 2, "one line of the log, in two forms")
      const knowing = yield* start([yield* main()], { seal: Effect.succeed(CredentialSeal.make(Redacted.make("another secret"), [secret])) })
      assert.deepInclude(knowing.status()[0], { state: "ok" })
      assert.isTrue(yield* knowing.refresh({ provider: "vendor", id: "main" }))
      yield* stranger.rescan
      assert.deepInclude(stranger.status()[0], { state: "ok", isUsable: true }, "what was refreshed is sealed with the new secret")
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(at(), layer)))
  })

  it.effect("that was changed, or put in the place of another, is refused", () =>
    Effect.gen(function*() {
      const store = yield* CredentialStore
      const credentials = yield* start([yield* main(), yield* main({ id: "other" })])
      yield* logIn(credentials, { id: "main" })
      yield* logIn(credentials, { id: "other" })
      const [one, two] = yield* store.list
      if (one === undefined || two === undefined) return
      yield* store.remove(one)
      yield* store.remove(two)
      yield* store.write({ ...one, sealed: two.sealed }, undefined)
      yield* store.write({ ...two, sealed: `${two.sealed.slice(0, -4)}AAAA` }, undefined)
      const after = yield* start([yield* main(), yield* main({ id: "other" })])
      for (const status of after.status()) {
        assert.deepInclude(status, { state: "failed", isUsable: false })
        assert.match(status.reason ?? "", /was changed, or belongs to another credential: log in again\.$/)
      }
      yield* logIn(after, { id: "main" })
      assert.deepInclude(after.status()[0], { state: "ok" })
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(at(), Logger.layer([])))))

  it.effect("of an older version does not open in the place of the current one", () =>
    Effect.gen(function*() {
      const store = yield* CredentialStore
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      const old = yield* yield* first
      yield* credentials.refresh({ provider: "vendor", id: "main" })
      const now = yield* yield* first
      if (old === undefined || now === undefined) return
      yield* store.write({ ...now, version: now.version + 1, sealed: old.sealed }, now.version)
      yield* credentials.rescan
      assert.deepInclude(credentials.status()[0], { state: "failed" })
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(at(), Logger.layer([])))))

  it.effect("cannot be made where there is no secret, and says so", () =>
    Effect.gen(function*() {
      const credentials = yield* start([yield* main()], { seal: Effect.fail({ message: "set credentials.secret" }) })
      const { log } = yield* IdentityProvider
      const error = yield* Effect.flip(credentials.startLogin({ provider: "vendor" }))
      assert.strictEqual(error.message, "set credentials.secret")
      assert.lengthOf(log(), 0, "nobody logs in for nothing")
    }).pipe(Effect.scoped, Effect.provide(at())))
})
