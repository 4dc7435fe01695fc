import { assert, describe, it } from "@effect/vitest"
import { IdentityProvider, type Options } from "@sluice/testing/IdentityProvider"
import { Effect, Fiber, Layer, Logger, Metric } from "effect"
import { TestClock } from "effect/testing"
import { CredentialStore, CredentialStoreUnavailable } from "../../src/credentials/CredentialStore.ts"
import * as CredentialStoreMemory from "../../src/credentials/CredentialStoreMemory.ts"
import { materialOf } from "../../src/oauth/Tokens.ts"
import { logIn, main, sent, start, turns } from "./Gateways.ts"
import * as IdentityClient from "./IdentityClient.ts"

const at = (options: Options = {}) => Layer.merge(IdentityClient.layer, CredentialStoreMemory.layer).pipe(Layer.provideMerge(IdentityProvider.layer(options)))

const refreshes = Effect.map(IdentityProvider, ({ log }) => log().filter(({ parameters }) => parameters["grant_type"] === "refresh_token"))

const adjust = (by: Parameters<typeof TestClock.adjust>[0]) => Effect.andThen(TestClock.adjust(by), turns)

const only = { provider: "vendor", id: "main" }

describe("a refresh ahead of the end", () => {
  it.effect("happens without anybody asking, within the last five minutes, again and again", () =>
    Effect.gen(function*() {
      const { isValid } = yield* IdentityProvider
      const credentials = yield* start([yield* main()])
      assert.deepInclude(credentials.status()[0], { state: "logged-out", isUsable: false })
      assert.strictEqual((yield* logIn(credentials)).progress, "success")
      const first = sent(credentials)
      yield* adjust("54 minutes")
      assert.lengthOf(yield* refreshes, 0)
      yield* adjust("2 minutes")
      assert.lengthOf(yield* refreshes, 1)
      assert.notStrictEqual(sent(credentials), first)
      assert.isTrue(isValid(sent(credentials) ?? ""))
      for (let hour = 0; hour < 5; hour++) {
        yield* adjust("1 hour")
        assert.isTrue(isValid(sent(credentials) ?? ""), `after ${hour} hours`)
        assert.strictEqual(credentials.status()[0]?.state, "ok")
      }
      assert.isAtMost((yield* refreshes).length, 7)
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("happens in the last fifth of a short life", () =>
    Effect.gen(function*() {
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      yield* adjust("95 seconds")
      assert.lengthOf(yield* refreshes, 0)
      yield* adjust("10 seconds")
      assert.lengthOf(yield* refreshes, 1)
    }).pipe(Effect.scoped, Effect.provide(at({ accessTokenSeconds: 120 }))))

  it.effect("is no storm where tokens end as soon as they come", () =>
    Effect.gen(function*() {
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      yield* adjust("1 minute")
      assert.isAtMost((yield* refreshes).length, 7)
    }).pipe(Effect.scoped, Effect.provide(at({ accessTokenSeconds: 0 }))))

  it.effect("ends with the gateway", () =>
    Effect.gen(function*() {
      yield* Effect.scoped(Effect.flatMap(Effect.flatMap(main(), (one) => start([one])), logIn))
      yield* adjust("2 hours")
      assert.lengthOf(yield* refreshes, 0)
    }).pipe(Effect.provide(at())))
})

describe("a refused attempt", () => {
  it.effect("of 200 users at the same time refreshes once, and all get what came of it", () =>
    Effect.gen(function*() {
      const { expireAccess, isValid } = yield* IdentityProvider
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      yield* adjust("1 minute")
      expireAccess()
      const renew = credentials.current("vendor")[0]?.renew ?? Effect.succeed(false)
      const users = yield* Effect.forEach(Array.from({ length: 200 }), () => Effect.forkChild(renew, { startImmediately: true }))
      assert.strictEqual(credentials.status()[0]?.state, "refreshing")
      const told = yield* Effect.forEach(users, Fiber.join)
      assert.isTrue(told.every((isNew) => isNew))
      assert.lengthOf(yield* refreshes, 1)
      assert.isTrue(isValid(sent(credentials) ?? ""))
      // Who was refused before it and asks late is answered by it too
      assert.isTrue(yield* renew)
      assert.lengthOf(yield* refreshes, 1)
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("goes on refreshing when the user who asked first has left", () =>
    Effect.gen(function*() {
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      yield* adjust("1 minute")
      const before = sent(credentials)
      const user = yield* Effect.forkChild(credentials.refresh(only), { startImmediately: true })
      yield* Fiber.interrupt(user)
      yield* turns
      assert.notStrictEqual(sent(credentials), before)
      assert.strictEqual(credentials.status()[0]?.state, "ok")
    }).pipe(Effect.scoped, Effect.provide(at())))
})

it.effect("refreshes are counted by provider and by how they ended", () =>
  Effect.gen(function*() {
    const { revoke, script } = yield* IdentityProvider
    const count = Effect.map(Metric.snapshot, (all) =>
      Object.fromEntries(all.flatMap((each) =>
        each.id === "sluice_credential_refreshes_total" && each.attributes?.["provider"] === "vendor" && each.type === "Counter"
          ? [[each.attributes["result"], Number(each.state.count)]]
          : []
      )))
    const before = yield* count
    const one = yield* start([yield* main()])
    const other = yield* start([yield* main()])
    yield* logIn(one)
    yield* other.rescan
    yield* one.refresh(only)
    yield* other.refresh(only)
    script("unavailable")
    yield* one.refresh(only)
    yield* one.rescan
    revoke(sent(one) ?? "")
    yield* one.refresh(only)
    const after = yield* count
    const grown = ["refreshed", "taken", "failed", "over"].map((result) =>
      (after[result] ?? 0) - (before[result] ?? 0)
    )
    assert.deepStrictEqual(grown, [1, 1, 1, 1])
  }).pipe(Effect.scoped, Effect.provide(at())))

describe("a source of credentials", () => {
  it.effect("that never answers is given up in time, whoever waits for it", () =>
    Effect.gen(function*() {
      const { script } = yield* IdentityProvider
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      script("hang")
      const asked = yield* Effect.forkChild(Effect.uninterruptible(credentials.refresh(only)), { startImmediately: true })
      yield* adjust("30 seconds")
      assert.isFalse(yield* Fiber.join(asked))
      assert.match(credentials.status()[0]?.reason ?? "", /did not answer within 30 seconds/)
      yield* adjust("10 seconds")
      assert.strictEqual(credentials.status()[0]?.state, "ok")
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("that fails by a fault is asked again later, and takes nothing else with it", () =>
    Effect.gen(function*() {
      const good = yield* main()
      let faults = 0
      const die = Effect.sync(() => void (faults += 1)).pipe(Effect.andThen(Effect.die(new Error("a fault"))))
      const credentials = yield* start([good, { ...good, id: "faulty", from: { ...good.from, refresh: () => die } }])
      yield* logIn(credentials, { id: "main" })
      yield* logIn(credentials, { id: "faulty" })
      yield* adjust("56 minutes")
      assert.isAtMost(faults, 8)
      assert.deepStrictEqual(credentials.status().map(({ id, state }) => [id, state]), [["faulty", "expiring"], ["main", "ok"]])
      yield* adjust("10 minutes")
      assert.deepInclude(credentials.status()[0], { state: "failed", isUsable: false })
      assert.deepInclude(credentials.status()[1], { state: "ok" })
    }).pipe(Effect.scoped, Effect.provide(Layer.merge(at(), Logger.layer([])))))

  it.effect("may say anything about the end of its tokens", () =>
    Effect.gen(function*() {
      const store = yield* CredentialStore
      for (const seconds of [1e300, 1e18, -5, Number.NaN]) {
        const from = yield* IdentityClient.oauth()
        const credentials = yield* start([{
          ...only,
          from: { ...from, refresh: () => Effect.fromResult(materialOf({ access_token: "a", refresh_token: "r", expires_in: seconds }, 0, [])) }
        }])
        yield* logIn(credentials)
        assert.isTrue(yield* credentials.refresh(only), String(seconds))
        assert.isAtMost(new Date(credentials.status()[0]?.expiresAt ?? 0).toISOString().length, 30)
        yield* adjust("1 minute")
        yield* store.remove(only)
      }
    }).pipe(Effect.scoped, Effect.provide(at())))
})

describe("gateways of one store", () => {
  it.effect("refresh a login once among them, and all have the new tokens", () =>
    Effect.gen(function*() {
      const { expireAccess, isValid, log } = yield* IdentityProvider
      const gateways = yield* Effect.forEach(Array.from({ length: 4 }), () => Effect.flatMap(main(), (one) => start([one])))
      const [first] = gateways
      if (first === undefined) return
      yield* logIn(first)
      yield* adjust("15 seconds")
      for (const each of gateways) assert.isTrue(isValid(sent(each) ?? ""), "what one has logged into, all have")
      expireAccess()
      const renewed = gateways.flatMap((each) => Array.from({ length: 50 }, () => each.current("vendor")[0]?.renew ?? Effect.succeed(false)))
      const users = yield* Effect.forEach(renewed, (renew) => Effect.forkChild(renew, { startImmediately: true }))
      for (let second = 0; second < 5; second++) yield* adjust("1 second")
      assert.isTrue((yield* Effect.forEach(users, Fiber.join)).every((isNew) => isNew))
      assert.lengthOf(yield* refreshes, 1)
      for (const each of gateways) assert.isTrue(isValid(sent(each) ?? ""))
      // Hours of refreshing by themselves: every token was used once
      for (let hour = 0; hour < 6; hour++) yield* adjust("1 hour")
      const used = log().flatMap(({ parameters }) => parameters["refresh_token"] ?? [])
      assert.strictEqual(new Set(used).size, used.length)
      assert.isTrue(isValid(sent(first) ?? ""))
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("take over from one that died in the middle", () =>
    Effect.gen(function*() {
      const { isValid } = yield* IdentityProvider
      const store = yield* CredentialStore
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      const [record] = yield* store.list
      yield* store.lease({ ...only, version: record?.version ?? 0, owner: "dead", forMs: 90_000 })
      const user = yield* Effect.forkChild(credentials.refresh(only), { startImmediately: true })
      yield* adjust("89 seconds")
      assert.lengthOf(yield* refreshes, 0)
      for (let second = 0; second < 3; second++) yield* adjust("1 second")
      assert.isTrue(yield* Fiber.join(user))
      assert.isTrue(isValid(sent(credentials) ?? ""))
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("forget a login that is removed while it is refreshed", () =>
    Effect.gen(function*() {
      const store = yield* CredentialStore
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      const user = yield* Effect.forkChild(credentials.refresh(only), { startImmediately: true })
      yield* store.remove(only)
      assert.isFalse(yield* Fiber.join(user))
      assert.deepInclude(credentials.status()[0], { state: "logged-out" })
      assert.deepStrictEqual(yield* store.list, [])
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("take a new login that came while the old one was refreshed", () =>
    Effect.gen(function*() {
      const { decide } = yield* IdentityProvider
      const one = yield* start([yield* main()])
      const other = yield* start([yield* main()])
      yield* logIn(one)
      yield* other.rescan
      const user = yield* Effect.forkChild(one.refresh(only), { startImmediately: true })
      decide({ subject: "2", email: "second@example.test" })
      yield* logIn(other)
      yield* Fiber.join(user)
      yield* adjust("10 seconds")
      for (const each of [one, other]) assert.deepInclude(each.status()[0], { account: "second@example.test", state: "ok" })
      assert.strictEqual(sent(one), sent(other))
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("log out together", () =>
    Effect.gen(function*() {
      const one = yield* start([yield* main()])
      const other = yield* start([yield* main()])
      yield* logIn(one)
      yield* other.rescan
      assert.isTrue(other.current("vendor")[0]?.isUsable?.())
      assert.isTrue(yield* one.remove(only))
      assert.isFalse(yield* one.remove(only))
      yield* other.rescan
      for (const each of [one, other]) {
        assert.deepInclude(each.status()[0], { state: "logged-out", isUsable: false })
        assert.isUndefined(sent(each))
      }
    }).pipe(Effect.scoped, Effect.provide(at())))
})

describe("a refresh that fails", () => {
  it.effect("for a moment is tried again, later and later, and no more than that when users are refused", () =>
    Effect.gen(function*() {
      const { isValid, script } = yield* IdentityProvider
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      script("unavailable", "broken", "garbled", "rate-limited")
      yield* adjust("56 minutes")
      assert.deepInclude(credentials.status()[0], { state: "expiring", isUsable: true })
      assert.match(credentials.status()[0]?.reason ?? "", /^The identity provider at identity\.test /)
      const failures = (yield* refreshes).length
      assert.isFalse(yield* credentials.current("vendor")[0]?.renew ?? Effect.succeed(true))
      assert.lengthOf(yield* refreshes, failures)
      yield* adjust("3 minutes")
      assert.lengthOf(yield* refreshes, 5)
      assert.isTrue(isValid(sent(credentials) ?? ""))
      assert.strictEqual(credentials.status()[0]?.state, "ok")
      assert.notProperty(credentials.status()[0], "reason")
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("for good is not tried again, until somebody logs in", () =>
    Effect.gen(function*() {
      const { revoke } = yield* IdentityProvider
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      revoke(sent(credentials) ?? "")
      assert.isFalse(yield* credentials.current("vendor")[0]?.renew ?? Effect.succeed(true))
      assert.deepInclude(credentials.status()[0], { state: "failed", isUsable: false })
      assert.match(credentials.status()[0]?.reason ?? "", /log in again/)
      assert.isFalse(credentials.current("vendor")[0]?.isUsable?.())
      yield* adjust("3 hours")
      assert.lengthOf(yield* refreshes, 1)
      yield* logIn(credentials)
      assert.deepInclude(credentials.status()[0], { state: "ok", isUsable: true })
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("to be stored is used from memory, and stored when the store is back", () =>
    Effect.gen(function*() {
      const { isValid } = yield* IdentityProvider
      const store = yield* CredentialStore
      let isBroken = false
      const broken: typeof store = {
        ...store,
        write: (record, after) => isBroken ? Effect.fail(new CredentialStoreUnavailable({ reason: "no space left" })) : store.write(record, after)
      }
      const credentials = yield* Effect.provideService(Effect.flatMap(main(), (one) => start([one])), CredentialStore, broken)
      yield* logIn(credentials)
      const [before] = yield* store.list
      isBroken = true
      const refreshed = yield* Effect.forkChild(credentials.refresh(only), { startImmediately: true })
      for (let second = 0; second < 5; second++) yield* adjust("1 second")
      assert.isTrue(yield* Fiber.join(refreshed))
      assert.isTrue(isValid(sent(credentials) ?? ""))
      assert.deepStrictEqual(yield* store.list, before === undefined ? [] : [before])
      isBroken = false
      yield* adjust("10 seconds")
      assert.strictEqual((yield* store.list)[0]?.version, (before?.version ?? 0) + 1)
      const other = yield* start([yield* main()])
      assert.strictEqual(sent(other), sent(credentials))
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("because the store is silent asks nobody: a token might be used twice", () =>
    Effect.gen(function*() {
      const store = yield* CredentialStore
      const silent = Effect.fail(new CredentialStoreUnavailable({ reason: "gone" }))
      const credentials = yield* Effect.provideService(
        Effect.flatMap(main(), (one) => start([one])),
        CredentialStore,
        { ...store, lease: () => silent }
      )
      yield* logIn(credentials)
      assert.isFalse(yield* credentials.refresh(only))
      assert.lengthOf(yield* refreshes, 0)
      assert.deepInclude(credentials.status()[0], { state: "expiring", isUsable: true, reason: "the store of credentials is unavailable: gone" })
    }).pipe(Effect.scoped, Effect.provide(at())))
})

describe("several logins", () => {
  it.effect("of one client stand beside each other, with its settings", () =>
    Effect.gen(function*() {
      const { decide } = yield* IdentityProvider
      const credentials = yield* start([
        yield* main({ priority: 3, weight: 2, models: ["m-*"], attributes: { region: "eu" } }, { headers: { "x-beta": "on" } })
      ])
      yield* logIn(credentials)
      const [first] = credentials.current("vendor")
      decide({ subject: "2", email: "second@example.test" })
      yield* logIn(credentials, { id: "second" })
      assert.strictEqual(credentials.current("vendor")[0], first, "what an exchange has tried is known by it")
      assert.deepStrictEqual(credentials.status().map(({ account, id, state }) => [id, account, state]), [
        ["main", "ada@example.test", "ok"],
        ["second", "second@example.test", "ok"]
      ])
      for (const each of credentials.current("vendor")) {
        assert.deepInclude(each, { kind: "oauth", priority: 3, weight: 2, models: ["m-*"], attributes: { region: "eu" } })
        assert.deepStrictEqual(each.headers?.(), { "x-beta": "on" })
      }
      assert.notStrictEqual(sent(credentials, 0), sent(credentials, 1))
      assert.strictEqual(credentials.current("vendor"), credentials.current("vendor"), "the list is not made for each request")
      yield* adjust("1 hour")
      assert.lengthOf(yield* refreshes, 2)
    }).pipe(Effect.scoped, Effect.provide(at())))

  it.effect("stay when another configuration comes, and are found again when it names them again", () =>
    Effect.gen(function*() {
      const credentials = yield* start([yield* main()])
      yield* logIn(credentials)
      const before = sent(credentials)
      yield* credentials.configure([yield* main({ priority: 9 })])
      assert.strictEqual(sent(credentials), before)
      assert.strictEqual(credentials.current("vendor")[0]?.priority, 9)
      yield* credentials.configure([])
      assert.strictEqual(sent(credentials), before)
      assert.isUndefined(credentials.current("vendor")[0]?.renew, "without its client nobody can refresh it")
      yield* credentials.configure([yield* main()])
      assert.strictEqual(sent(credentials), before)
      yield* adjust("1 hour")
      assert.lengthOf(yield* refreshes, 1)
    }).pipe(Effect.scoped, Effect.provide(at())))
})
