/** Credentials that rest: for how long, who notices, how they come back, and what the client is told when nothing else is left. */
import { assert, describe, it } from "@effect/vitest"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { Effect, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Fleet from "./Fleet.ts"

const models = [{ id: "m", targets: [{ provider: ProviderId.make("a") }] }]
const limited = (after: string) => `sim-error;status=429;retryAfter=${after}`
const errorOf = ({ text }: Fleet.Reply): { readonly code: string; readonly message: string } => JSON.parse(text).error
const use = <A>(body: (fleet: Fleet.Fleet["Service"]) => Effect.Effect<A>) => Fleet.Fleet.use(body)

describe("a credential that was rate-limited", () => {
  it.effect("is not asked until the time it was told is over, is probed by one request, and then serves again", () => {
    const busy = new Set(["k1"])
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        const of = (key: string) => asked.filter((one) => one.key === key).length
        for (let request = 0; request < 10; request++) assert.strictEqual((yield* ask("m")).status, 200)
        assert.strictEqual(of("k1"), 1)
        yield* TestClock.adjust("58 seconds")
        for (let request = 0; request < 10; request++) yield* ask("m")
        assert.strictEqual(of("k1"), 1)
        busy.clear()
        yield* TestClock.adjust("2 seconds")
        for (let request = 0; request < 10; request++) assert.strictEqual((yield* ask("m")).status, 200)
        assert.strictEqual(of("k1"), 6)
      })
    ).pipe(Effect.provide(Fleet.layer({
      providers: [{ id: "a", keys: ["k1", "k2"] }],
      models,
      answer: ({ key }) => busy.has(key) ? limited("60") : "sim-text"
    })))
  })

  it.effect("rests with that model only", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 4; request++) yield* ask("m")
        for (let request = 0; request < 4; request++) yield* ask("n")
        assert.strictEqual(asked.filter(({ key, model }) => key === "k1" && model === "m").length, 1)
        assert.strictEqual(asked.filter(({ key, model }) => key === "k1" && model === "n").length, 2)
      })
    ).pipe(Effect.provide(Fleet.layer({
      providers: [{ id: "a", keys: ["k1", "k2"] }],
      models: [...models, { id: "n", targets: [{ provider: ProviderId.make("a") }] }],
      answer: ({ key, model }) => key === "k1" && model === "m" ? limited("60") : "sim-text"
    }))))

  it.effect("does not rest where it is the only one and nobody wants it to, and does where somebody does", () =>
    Effect.gen(function*() {
      const count = (policy: Fleet.Provider["policy"]) =>
        use(({ ask, asked }) => Effect.as(Effect.andThen(ask("m"), ask("m")), asked).pipe(Effect.map(({ length }) => length))).pipe(
          Effect.provide(
            Fleet.layer({ providers: [{ id: "a", retries: 0, ...(policy === undefined ? {} : { policy }) }], models, answer: () => limited("60") })
          )
        )
      assert.deepStrictEqual([yield* count(undefined), yield* count({ cooldown: true })], [2, 1])
    }))
})

describe("where every credential rests", () => {
  const scenarios = { k1: limited("40"), k2: limited("Fri, 01 Jan 2100 00:00:00 GMT"), k3: limited("86400") }
  const fleet = Fleet.layer({
    providers: [{ id: "a", keys: ["k1", "k2", "k3"], policy: { cooldown: { maxMs: 90_000 } } }],
    models,
    answer: ({ key }) => key === "k1" ? scenarios.k1 : key === "k2" ? scenarios.k2 : scenarios.k3
  })

  it.effect("the client is told 429, that it is a cooldown, and when the first of them ends; nothing is asked", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        const first = yield* ask("m")
        // The last that was asked: nobody is told to wait for what is asked again before
        assert.deepStrictEqual([first.status, first.headers["retry-after"]], [429, "90"])
        const before = asked.length
        const second = yield* ask("m")
        assert.deepStrictEqual([second.status, errorOf(second).code, asked.length], [429, "model_cooldown", before])
        const after = Number(second.headers["retry-after"])
        assert.isTrue(after > 30 && after <= 40, String(after))
      })
    ).pipe(Effect.provide(fleet)))

  it.effect("others wait for the probe of the first and then go on with it", () => {
    const state = { scenario: limited("10") }
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        yield* ask("m")
        yield* ask("m")
        assert.strictEqual(asked.length, 1)
        state.scenario = "sim-text;delay=200"
        yield* TestClock.adjust("10 seconds")
        const replies = yield* Effect.forEach([1, 2, 3, 4], () => ask("m"), { concurrency: 4 })
        assert.deepStrictEqual(replies.map(({ status }) => status), [200, 200, 200, 200])
        const [probe, ...others] = asked.slice(1)
        // Nobody was asked at the same time as the probe
        for (const other of others) assert.isAbove(other.at, probe?.at ?? 0)
      })
    ).pipe(Effect.provide(Fleet.layer({ providers: [{ id: "a", retries: 0, policy: { cooldown: true } }], models, answer: () => state.scenario })))
  })

  it.effect("an operator lets them serve again before their time, one or all", () =>
    use(({ ask, asked, gateway }) =>
      Effect.gen(function*() {
        yield* ask("m")
        const { scheduling } = gateway()
        assert.deepStrictEqual(scheduling.status().circuits.map(({ credential, state }) => `${credential} ${state}`).sort(), [
          "k1 resting",
          "k2 resting",
          "k3 resting"
        ])
        assert.strictEqual(scheduling.reset({ provider: "a", credential: "k3" }), 1)
        const before = asked.length
        yield* ask("m")
        assert.deepStrictEqual(asked.slice(before).map(({ key }) => key), ["k3"])
        assert.strictEqual(scheduling.reset({}), 3)
        assert.notInclude(JSON.stringify(scheduling.status()), "secret")
      })
    ).pipe(Effect.provide(fleet)))
})

describe("no credential at all", () => {
  it.effect("is told as 503, and not as a time to wait", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        const reply = yield* ask("m")
        assert.deepStrictEqual([reply.status, errorOf(reply).code, reply.headers["retry-after"], asked.length], [503, "no_credential", undefined, 0])
      })
    ).pipe(Effect.provide(Fleet.layer({
      providers: [{
        id: "a",
        keys: [{ id: "off", weight: 0 }, { id: "out", isUsable: () => false }, { id: "other", models: ["n*"] }, { id: "not", excluded: ["M"] }]
      }],
      models
    }))))

  it.effect("of a provider that was taken out is 503 too, until it is let back in", () =>
    use(({ ask, gateway }) =>
      Effect.gen(function*() {
        const a = ProviderId.make("a")
        const { scheduling } = gateway()
        scheduling.drain(a)
        assert.deepStrictEqual([(yield* ask("m")).status, scheduling.status().drained], [503, [a]])
        scheduling.undrain(a)
        assert.strictEqual((yield* ask("m")).status, 200)
      })
    ).pipe(Effect.provide(Fleet.layer({ providers: [{ id: "a" }], models }))))
})

describe("a credential that is refused", () => {
  const refusing = (renewed: { is: boolean }, renew: Effect.Effect<boolean>, keys: ReadonlyArray<string> = []) =>
    Fleet.layer({
      providers: [{ id: "a", keys: [{ id: "login", renew }, ...keys] }],
      models,
      answer: ({ key }) => key === "login" && !renewed.is ? "sim-error;status=401" : "sim-text"
    })

  it.effect("is renewed once and asked again", () => {
    const renewed = { is: false }
    const renew = Effect.sync(() => renewed.is = true)
    return use(({ ask, asked, gateway }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask("m")).status, 200)
        assert.deepStrictEqual(asked.map(({ key }) => key), ["login", "login"])
        assert.deepStrictEqual(gateway().scheduling.status().circuits, [])
      })
    ).pipe(Effect.provide(refusing(renewed, renew)))
  })

  it.effect("is not renewed a second time, and rests where that did not help; another one serves", () => {
    let renewals = 0
    const renew = Effect.sync(() => {
      renewals += 1
      return true
    })
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        const replies = yield* Effect.forEach([1, 2, 3, 4], () => ask("m"))
        assert.deepStrictEqual(replies.map(({ status }) => status), [200, 200, 200, 200])
        assert.deepStrictEqual([renewals, asked.filter(({ key }) => key === "login").length], [1, 2])
      })
    ).pipe(Effect.provide(refusing({ is: false }, renew, ["k2"])))
  })

  it.effect("is told as refused where renewing it breaks and there is no other", () =>
    use(({ ask }) => Effect.map(ask("m"), ({ status }) => assert.strictEqual(status, 502))).pipe(
      Effect.provide(refusing({ is: false }, Effect.die("no network")))
    ))
})

const Steps = Schema.Array(
  Schema.Struct({
    waitMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 20_000 })),
    busy: Schema.Array(Schema.Literals(["k1", "k2", "k3"])).check(Schema.isMaxLength(3)),
    after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 120 }))
  })
).check(Schema.isMaxLength(25))

describe("whatever providers say", () => {
  it.effect.prop("no credential is asked while it rests, and none rests longer than the cap", [Steps], ([steps]) => {
    let current = { busy: new Set<string>(), after: 0 }
    const capMs = 60_000
    // What the keys were told, by the test's own books
    const restsUntil = new Map<string, number>()
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (const { after, busy, waitMs } of steps) {
          yield* TestClock.adjust(waitMs)
          current = { busy: new Set(busy), after }
          const before = asked.length
          const { headers, status } = yield* ask("m")
          for (const { at, key } of asked.slice(before)) {
            assert.isAtLeast(at, restsUntil.get(key) ?? 0, `${key} was asked while it rests`)
            if (current.busy.has(key)) restsUntil.set(key, at + Math.min(capMs, Math.max(1_000, after * 1000)))
            else restsUntil.delete(key)
          }
          const told = Number(headers["retry-after"] ?? 0)
          if (status === 429 && asked.length === before) assert.isTrue(told >= 1 && told <= capMs / 1000, String(told))
        }
      })
    ).pipe(Effect.provide(Fleet.layer({
      providers: [{ id: "a", keys: ["k1", "k2", "k3"], retries: 0, policy: { cooldown: { maxMs: capMs } } }],
      models,
      answer: ({ key }) => current.busy.has(key) ? limited(String(current.after)) : "sim-text"
    })))
  }, { arbitrary: { seed: 12, runs: 15, size: 20 } })
})
