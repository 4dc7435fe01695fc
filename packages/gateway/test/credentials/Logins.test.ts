import { assert, describe, it } from "@effect/vitest"
import { IdentityProvider, type Options } from "@sluice/testing/IdentityProvider"
import { Effect, Fiber, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as CredentialStoreMemory from "../../src/credentials/CredentialStoreMemory.ts"
import * as LoginCallback from "../../src/credentials/LoginCallback.ts"
import { logIn, main, start, turns } from "./Gateways.ts"
import * as IdentityClient from "./IdentityClient.ts"

const at = (options: Options = {}) => Layer.merge(IdentityClient.layer, CredentialStoreMemory.layer).pipe(Layer.provideMerge(IdentityProvider.layer(options)))

const adjust = (by: Parameters<typeof TestClock.adjust>[0]) => Effect.andThen(TestClock.adjust(by), turns)

const gateway = (options: Parameters<typeof start>[1] = {}) => Effect.flatMap(main(), (one) => start([one], options))

const polls = Effect.map(IdentityProvider, ({ log }) => log().filter(({ parameters }) => parameters["device_code"] !== undefined).length)

describe("a login", () => {
  it.effect("by device asks the provider no more often than it wants, however often it is polled", () =>
    Effect.gen(function*() {
      const { decideDevice } = yield* IdentityProvider
      const credentials = yield* gateway()
      const login = yield* credentials.startLogin({ provider: "vendor", kind: "device" })
      assert.deepInclude(login, { provider: "vendor", id: "main", kind: "device", progress: "pending", pollEveryMs: 5000 })
      for (let n = 0; n < 50; n++) yield* credentials.pollLogin(login.state)
      assert.strictEqual(yield* polls, 0)
      yield* adjust("5 seconds")
      yield* Effect.forEach(Array.from({ length: 50 }), () => credentials.pollLogin(login.state), { concurrency: "unbounded" })
      assert.strictEqual(yield* polls, 1)
      decideDevice(login.userCode ?? "")
      yield* adjust("5 seconds")
      assert.strictEqual((yield* credentials.pollLogin(login.state)).progress, "success")
      assert.deepInclude(credentials.status()[0], { state: "ok" })
      assert.strictEqual((yield* credentials.pollLogin(login.state)).progress, "success", "who asks late still learns it")
      assert.strictEqual(yield* polls, 2)
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("slows down when it is told to, and while the provider does not answer", () =>
    Effect.gen(function*() {
      const { script } = yield* IdentityProvider
      const credentials = yield* gateway()
      const { state } = yield* credentials.startLogin({ provider: "vendor" })
      script("slow_down", "unavailable", "lost")
      const waits: Array<number> = []
      for (let n = 0; n < 3; n++) {
        yield* adjust("40 seconds")
        waits.push((yield* credentials.pollLogin(state)).pollEveryMs)
      }
      assert.deepStrictEqual(waits, [10_000, 20_000, 40_000])
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("goes on after a provider that never answered, also when whoever asked has left", () =>
    Effect.gen(function*() {
      const { decideDevice, script } = yield* IdentityProvider
      const credentials = yield* gateway()
      const { state, userCode } = yield* credentials.startLogin({ provider: "vendor" })
      yield* adjust("5 seconds")
      script("hang")
      const asked = yield* Effect.forkChild(Effect.uninterruptible(credentials.pollLogin(state)), { startImmediately: true })
      yield* turns
      assert.strictEqual((yield* credentials.pollLogin(state)).progress, "pending", "nobody waits for it")
      yield* adjust("30 seconds")
      assert.strictEqual((yield* Fiber.join(asked)).pollEveryMs, 10_000)
      decideDevice(userCode ?? "")
      yield* adjust("10 seconds")
      const left = yield* Effect.forkChild(credentials.pollLogin(state), { startImmediately: true })
      yield* Fiber.interrupt(left)
      yield* turns
      assert.strictEqual((yield* credentials.pollLogin(state)).progress, "success")
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("ends by a fault of its source, and takes nothing else with it", () =>
    Effect.gen(function*() {
      const good = yield* main()
      const faulty = { ...good, id: "faulty", from: { ...good.from, pollLogin: () => Effect.die(new Error("a fault")) } }
      const broken = { ...good, id: "broken", from: { ...good.from, startLogin: () => Effect.die(new Error("a fault")) } }
      const credentials = yield* start([good, faulty, broken])
      const login = yield* credentials.startLogin({ provider: "vendor", id: "faulty", kind: "device" })
      yield* adjust("5 seconds")
      assert.deepInclude(yield* credentials.pollLogin(login.state), { progress: "error", reason: "The login failed by a fault; the log says more." })
      assert.deepInclude((yield* Effect.flip(credentials.startLogin({ provider: "vendor", id: "broken" }))).reason, { code: "fault" })
      assert.strictEqual((yield* logIn(credentials, { id: "main" })).progress, "success")
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(at(), Logger.layer([])))))

  it.effect("ends when nobody finishes it, and is forgotten", () =>
    Effect.gen(function*() {
      const credentials = yield* gateway()
      const { state } = yield* credentials.startLogin({ provider: "vendor" })
      yield* adjust("10 minutes")
      assert.deepInclude(yield* credentials.pollLogin(state), { progress: "error", reason: "Nobody finished the login in time: begin again." })
      yield* credentials.startLogin({ provider: "vendor" })
      assert.deepInclude((yield* Effect.flip(credentials.pollLogin(state))).reason, { code: "unknown_login" })
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("is refused where too many run already, until one of them has ended", () =>
    Effect.gen(function*() {
      const { log } = yield* IdentityProvider
      const credentials = yield* gateway({ logins: 3 })
      for (let n = 0; n < 3; n++) yield* credentials.startLogin({ provider: "vendor", id: `id-${n}` })
      const refused = yield* Effect.flip(credentials.startLogin({ provider: "vendor", id: "more" }))
      assert.deepInclude(refused.reason, { _tag: "ForGood", code: "too_many_logins" })
      assert.lengthOf(log(), 3, "the provider is not asked for what is refused")
      yield* adjust("11 minutes")
      yield* credentials.startLogin({ provider: "vendor" })
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("says which credentials there are where it is not clear", () =>
    Effect.gen(function*() {
      const credentials = yield* start([yield* main(), yield* main({ id: "other" })])
      const codeOf = (request: Parameters<typeof credentials.startLogin>[0]) =>
        Effect.map(Effect.flip(credentials.startLogin(request)), ({ message }) => message)
      assert.strictEqual(yield* codeOf({ provider: "vendor" }), "The provider \"vendor\" has several credentials that are logged into; name one: main, other.")
      assert.match(yield* codeOf({ provider: "nobody" }), /has no credential that is logged into/)
      assert.match(yield* codeOf({ provider: "vendor", id: "new id" }), /^The id of a credential is/)
      assert.match(yield* codeOf({ provider: "../x", id: "a" }), /is no id of a provider/)
      assert.match(yield* codeOf({ provider: "vendor", id: "new", like: "nobody" }), /there are: main, other/)
      yield* credentials.startLogin({ provider: "vendor", id: "new", like: "other" })
    }).pipe(Effect.scoped, Effect.provide(at())))
})

describe("a browser that comes back", () => {
  it.effect("finishes its login once: what it brought is not taken again", () =>
    Effect.gen(function*() {
      const { log, visit } = yield* IdentityProvider
      const credentials = yield* gateway()
      const login = yield* credentials.startLogin({ provider: "vendor", kind: "pkce" })
      const query = new URL(visit(login.url) ?? "").searchParams
      const both = yield* Effect.forEach([1, 2], () => Effect.exit(credentials.completeLogin(LoginCallback.parametersOf(query))), { concurrency: 2 })
      assert.deepStrictEqual(both.map(({ _tag }) => _tag).toSorted(), ["Failure", "Success"])
      const again = yield* Effect.flip(credentials.completeLogin(LoginCallback.parametersOf(query)))
      assert.deepInclude(again.reason, { code: "already_used" })
      assert.lengthOf(log().filter(({ parameters }) => parameters["code"] !== undefined), 1, "the code was sent once")
      assert.deepInclude(credentials.status()[0], { state: "ok" })
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("with a state nobody knows, or one of a login by device, changes nothing", () =>
    Effect.gen(function*() {
      const { log } = yield* IdentityProvider
      const credentials = yield* gateway()
      const device = yield* credentials.startLogin({ provider: "vendor", kind: "device" })
      const asked = log().length
      for (const state of ["", "guessed", device.state]) {
        assert.deepInclude((yield* Effect.flip(credentials.completeLogin({ state, code: "c" }))).reason, { code: "unknown_login" })
      }
      assert.deepInclude((yield* Effect.flip(credentials.completeLogin({ code: "c" }))).reason, { code: "unknown_login" })
      assert.lengthOf(log(), asked)
      assert.strictEqual((yield* credentials.pollLogin(device.state)).progress, "pending")
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("sees a page that repeats nothing of what it brought, and is kept by nobody", () =>
    Effect.gen(function*() {
      const { visit } = yield* IdentityProvider
      const credentials = yield* gateway()
      const page = (query: string) => LoginCallback.handle(credentials, new URLSearchParams(query))
      const hostile = yield* page("state=%3Cscript%3E&code=canary&error=canary")
      assert.strictEqual(hostile.status, 400)
      for (const word of ["script", "canary"]) assert.notInclude(hostile.body, word)
      assert.deepInclude(hostile.headers, { "cache-control": "no-store", "referrer-policy": "no-referrer" })
      const login = yield* credentials.startLogin({ provider: "vendor", kind: "pkce" })
      const done = yield* page(new URL(visit(login.url) ?? "").search)
      assert.strictEqual(done.status, 200)
      assert.include(done.body, "Logged in")
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("brings a second login for the same credential, which takes the place of the first", () =>
    Effect.gen(function*() {
      const { decide } = yield* IdentityProvider
      const credentials = yield* gateway()
      yield* logIn(credentials)
      decide({ subject: "2", email: "second@example.test" })
      yield* logIn(credentials)
      assert.deepStrictEqual(credentials.status().map(({ account, id }) => [id, account]), [["main", "second@example.test"]])
    }).pipe(Effect.scoped, Effect.provide(at())))
})
