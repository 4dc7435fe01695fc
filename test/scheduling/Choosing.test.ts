/** Which credential an attempt is made with: by weight, by conversation, by a scheduler of one's own, by who made what only it can read. */
import { assert, describe, it } from "@effect/vitest"
import { CredentialId } from "@sluice/gateway/Credential"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as Scheduler from "@sluice/gateway/Scheduler"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Fleet from "./Fleet.ts"

const models = [{ id: "m", targets: [{ provider: ProviderId.make("a") }] }]
const use = <A>(body: (fleet: Fleet.Fleet["Service"]) => Effect.Effect<A>) => Fleet.Fleet.use(body)
const fleet = (keys: Fleet.Provider["keys"], rest: Partial<Fleet.Options> & { readonly policy?: Fleet.Provider["policy"] } = {}) =>
  Fleet.layer({
    providers: [{ id: "a", ...(keys === undefined ? {} : { keys }), ...(rest.policy === undefined ? {} : { policy: rest.policy }) }],
    models,
    ...rest
  })
/** Refused keys rest for a short time only, so that the test clock need not go on for half an hour. */
const shortly = { cooldown: { refusedMs: 20_000 } }
const count = (asked: ReadonlyArray<Fleet.Asked>, key: string): number => asked.filter((one) => one.key === key).length
const said = (text: string, ...more: ReadonlyArray<string>) => ({
  messages: [text, ...more].map((content, index) => ({ role: index % 2 === 0 ? "user" : "assistant", content }))
})

describe("without a scheduler", () => {
  it.effect("keys share the requests within 5 % of their weights", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 200; request++) yield* ask("m")
        for (const [key, share] of [["k1", 0.5], ["k2", 0.3], ["k3", 0.2]] as const) assert.closeTo(count(asked, key) / 200, share, 0.05)
      })
    ).pipe(Effect.provide(fleet([{ id: "k1", weight: 5 }, { id: "k2", weight: 3 }, { id: "k3", weight: 2 }]))))

  it.effect("those of the highest priority are asked alone, as long as one of them can be, and again when it can", () => {
    const down = { is: false }
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 4; request++) yield* ask("m")
        assert.deepStrictEqual([count(asked, "high"), count(asked, "low")], [4, 0])
        down.is = true
        for (let request = 0; request < 4; request++) assert.strictEqual((yield* ask("m")).status, 200)
        assert.deepStrictEqual([count(asked, "high"), count(asked, "low")], [5, 4])
        down.is = false
        yield* TestClock.adjust("21 seconds")
        for (let request = 0; request < 4; request++) yield* ask("m")
        assert.deepStrictEqual([count(asked, "high"), count(asked, "low")], [9, 4])
      })
    ).pipe(Effect.provide(fleet([{ id: "low" }, { id: "high", priority: 5 }], {
      policy: shortly,
      answer: ({ key }) => down.is && key === "high" ? "sim-error;status=401" : "sim-text"
    })))
  })

  it.effect("a key that may not serve a model is not asked for it", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 6; request++) yield* ask("m")
        assert.deepStrictEqual([count(asked, "all"), count(asked, "some")], [6, 0])
      })
    ).pipe(Effect.provide(fleet([{ id: "all" }, { id: "some", models: ["gpt-*"] }, { id: "not", excluded: ["*"] }]))))
})

describe("least-busy", () => {
  it.effect("sends each of several requests at once to another key, until their answers end", () =>
    use(({ ask, asked, gateway }) =>
      Effect.gen(function*() {
        yield* Effect.forEach([1, 2, 3, 4], () => ask("m"), { concurrency: 4 })
        assert.deepStrictEqual(["k1", "k2", "k3", "k4"].map((key) => count(asked, key)), [1, 1, 1, 1])
        assert.deepStrictEqual(gateway().scheduling.status().inFlight, [])
      })
    ).pipe(Effect.provide(fleet(["k1", "k2", "k3", "k4"], { policy: { scheduler: "least-busy" }, answer: () => "sim-slow;delay=50" }))))
})

describe("session-affinity", () => {
  const bound = (rest: Partial<Fleet.Options> = {}) => fleet(["k1", "k2", "k3"], { policy: { ...shortly, scheduler: "session-affinity" }, ...rest })
  const sameKey = (asked: ReadonlyArray<Fleet.Asked>) => new Set(asked.map(({ key }) => key)).size === 1

  for (const header of ["x-session-id", "x-session-affinity", "x-claude-code-session-id", "session_id", "conversation_id"]) {
    it.effect(`keeps a conversation named in ${header} with its key, whatever is said in it`, () =>
      use(({ ask, asked }) =>
        Effect.gen(function*() {
          for (let turn = 0; turn < 6; turn++) yield* ask("m", said(`turn ${turn}`), { [header]: "conversation-1" })
          assert.isTrue(sameKey(asked))
        })
      ).pipe(Effect.provide(bound())))
  }

  it.effect("keeps one named by the key of its prompt cache, or by its first words, and tells others apart", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let turn = 0; turn < 4; turn++) yield* ask("m", { ...said(`turn ${turn}`), prompt_cache_key: "cache-1" })
        assert.isTrue(sameKey(asked))
        const before = asked.length
        yield* ask("m", said("First question"))
        yield* ask("m", said("First question", "An answer", "Second question"))
        yield* ask("m", said("First question", "An answer", "Second question", "More", "Third question"))
        assert.isTrue(sameKey(asked.slice(before)))
        const others = asked.length
        for (let other = 0; other < 30; other++) yield* ask("m", said(`Question ${other}`))
        for (const key of ["k1", "k2", "k3"]) assert.closeTo(count(asked.slice(others), key), 10, 2)
      })
    ).pipe(Effect.provide(bound())))

  it.effect("moves a conversation whose key fails, and keeps it where it went", () => {
    const down = { key: "" }
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        const talk = ask("m", {}, { "x-session-id": "s" })
        yield* talk
        down.key = asked[0]?.key ?? ""
        assert.strictEqual((yield* talk).status, 200)
        const moved = asked.at(-1)?.key
        assert.notStrictEqual(moved, down.key)
        down.key = ""
        yield* TestClock.adjust("21 seconds")
        for (let turn = 0; turn < 3; turn++) yield* talk
        assert.deepStrictEqual(asked.slice(-3).map(({ key }) => key), [moved, moved, moved])
      })
    ).pipe(Effect.provide(bound({ answer: ({ key }) => key === down.key ? "sim-error;status=401" : "sim-text" })))
  })

  it.effect("knows nothing of conversations of other callers", () =>
    use(({ ask, gateway }) =>
      Effect.gen(function*() {
        yield* ask("m", {}, { "x-session-id": "s" })
        assert.strictEqual(gateway().scheduling.status().sessions, 1)
        assert.isUndefined(gateway().scheduling.sessions.get(ProviderId.make("a"), "s", 0))
      })
    ).pipe(Effect.provide(bound())))
})

describe("a conversation with proofs", () => {
  // Encrypted thinking, as some services of this protocol give it
  const proof = {
    messages: [
      { role: "user", content: "First question" },
      {
        role: "assistant",
        content: "An answer",
        reasoning_details: [{ type: "reasoning.encrypted", data: "sealed-by-one-account", format: "openai-responses-v1", index: 0 }]
      },
      { role: "user", content: "Second question" }
    ]
  }

  it.effect("stays with the key that made them, whatever the scheduler would choose, as long as that key can be asked", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        yield* ask("m", said("First question"))
        const made = asked[0]?.key
        for (let other = 0; other < 2; other++) yield* ask("m", said(`Question ${other}`))
        const before = asked.length
        for (let turn = 0; turn < 4; turn++) yield* ask("m", proof)
        assert.deepStrictEqual(new Set(asked.slice(before).map(({ key }) => key)), new Set([made]))
      })
    ).pipe(Effect.provide(fleet(["k1", "k2", "k3"], { policy: { scheduler: "round-robin" } }))))
})

describe("a scheduler of one's own", () => {
  const seen: Array<Scheduler.CredentialCandidate> = []
  const keys = [
    { id: "k1", attributes: { region: "eu", api_key: "canary", sessionToken: "canary", Password: "canary", cookie: "canary", proxyUrl: "canary" } },
    { id: "k2", attributes: { region: "us" } }
  ]
  const eu = Scheduler.layer(Scheduler.compose({
    id: "eu",
    filter: (candidate) => {
      seen.push(candidate)
      return candidate.attributes["region"] === "eu"
    }
  }))

  it.effect("chooses, and sees no secrets", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 5; request++) yield* ask("m")
        assert.deepStrictEqual([count(asked, "k1"), count(asked, "k2")], [5, 0])
        assert.notInclude(JSON.stringify(seen), "canary")
        assert.notInclude(JSON.stringify(seen), "secret-of")
        assert.deepStrictEqual(seen[0]?.attributes, { region: "eu" })
      })
    ).pipe(Effect.provide(fleet(keys, { parts: eu }))))

  it.effect("is asked in its order, may leave it, and may hand over to a built-in one", () => {
    const order: Array<string> = []
    const part = (id: string, priority: number, decision: Scheduler.Decision) =>
      Scheduler.layer({
        id,
        priority,
        pick: () => {
          order.push(id)
          return decision
        }
      })
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 4; request++) yield* ask("m")
        assert.deepStrictEqual(order.slice(0, 2), ["first", "second"])
        assert.deepStrictEqual(asked.map(({ key }) => key), ["k1", "k1", "k1", "k1"])
      })
    ).pipe(Effect.provide(fleet(keys, { parts: Layer.mergeAll(part("second", 1, { delegate: "fill-first" }), part("first", 2, "not-handled")) })))
  })

  it.effect("that fails is passed over, and not asked any more after five faults, until it is reset", () => {
    let calls = 0
    const broken = Scheduler.layer({
      id: "broken",
      pick: () => {
        calls += 1
        throw new Error("out of order")
      }
    })
    return use(({ ask, gateway }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 10; request++) assert.strictEqual((yield* ask("m")).status, 200)
        assert.strictEqual(calls, 5)
        const status = gateway().fuses.status().find(({ id }) => id === "scheduler:broken")
        assert.deepInclude(status, { isFused: true, lastFault: "out of order" })
        gateway().fuses.reset("scheduler:broken")
        yield* ask("m")
        assert.strictEqual(calls, 6)
      })
    ).pipe(Effect.provide(fleet(keys, { parts: broken })))
  })

  it.effect("that chooses what was not offered is passed over too", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 4; request++) assert.strictEqual((yield* ask("m")).status, 200)
        assert.deepStrictEqual([count(asked, "k1"), count(asked, "k2")], [2, 2])
      })
    ).pipe(Effect.provide(fleet(keys, {
      parts: Scheduler.layer({ id: "lost", pick: () => ({ pick: CredentialId.make("nobody") }) })
    }))))
})
