/** Where an exchange goes: routers, conditions of entries, fallbacks after some errors only, operators' rules, and one deadline for all of it. */
import { assert, describe, it } from "@effect/vitest"
import type { Fallback, ModelEntry } from "@sluice/gateway/ModelEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as Router from "@sluice/gateway/Router"
import type { Json } from "@sluice/protocol/Wire"
import { Effect, Layer, Option } from "effect"
import * as Fleet from "./Fleet.ts"

const a = ProviderId.make("a")
const b = ProviderId.make("b")
const entry = (id: string, more: Partial<ModelEntry> = {}): ModelEntry => ({ id, targets: [{ provider: a }], ...more })
const use = <A>(body: (fleet: Fleet.Fleet["Service"]) => Effect.Effect<A>) => Fleet.Fleet.use(body)
const fleet = (models: ReadonlyArray<ModelEntry>, rest: Partial<Fleet.Options> = {}) =>
  Fleet.layer({ providers: [{ id: "a", retries: 0 }, { id: "b", retries: 0 }], models, ...rest })
/** The models that were asked for upstream, in order. */
const wanted = (asked: ReadonlyArray<Fleet.Asked>): ReadonlyArray<string> => asked.map(({ model }) => model)
const tool = { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } }

describe("an entry", () => {
  const cases: ReadonlyArray<
    readonly [what: string, when: Router.RouteCondition, yes: { readonly [key: string]: Json }, no: { readonly [key: string]: Json }]
  > = [
    ["the length of the prompt", { minTokens: 100 }, { messages: [{ role: "user", content: "x".repeat(1000) }] }, {}],
    ["the length of the prompt, at most", { maxTokens: 100 }, {}, { messages: [{ role: "user", content: "x".repeat(1000) }] }],
    ["whether tools are offered", { tools: true }, { tools: [tool] }, {}],
    ["whether the answer is streamed", { stream: true }, { stream: true }, {}],
    ["metadata", { metadata: { tier: "gold*" } }, { metadata: { tier: "gold-1" } }, { metadata: { tier: "silver" } }]
  ]
  for (const [what, when, yes, no] of cases) {
    it.effect(`sends requests on by ${what}, and keeps the others`, () =>
      use(({ ask, asked }) =>
        Effect.gen(function*() {
          assert.deepStrictEqual([(yield* ask("m", yes)).status, (yield* ask("m", no)).status], [200, 200])
          assert.deepStrictEqual(wanted(asked), ["n", "m"])
        })
      ).pipe(Effect.provide(fleet([entry("m", { routes: [{ model: "n", when }] }), entry("n")]))))
  }

  it.effect("sends on by who asks, what for, and by all that is stated", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        for (const model of ["p", "d", "x", "y"]) yield* ask(model)
        assert.deepStrictEqual(wanted(asked), ["n", "n", "x", "n"])
      })
    ).pipe(Effect.provide(fleet([
      entry("p", { routes: [{ model: "n", when: { principals: ["key-1"] } }] }),
      entry("d", { routes: [{ model: "n", when: { dialects: ["openai-chat"], models: ["d*"] } }] }),
      entry("x", { routes: [{ model: "n", when: { dialects: ["openai-chat"], tenants: ["other"] } }] }),
      entry("y", { routes: [{ model: "gone", when: { roles: ["admin"] } }, { model: "n" }] }),
      entry("n"),
      entry("gone")
    ]))))
})

describe("a router", () => {
  const part = (id: string, priority: number, decision: Option.Option<Router.RoutingDecision>, seen: Array<string> = []) =>
    Router.layer({
      id,
      priority,
      route: () =>
        Effect.sync(() => {
          seen.push(id)
          return decision
        })
    })

  it.effect("is asked in its order; the first that decides something there is decides", () => {
    const seen: Array<string> = []
    return use(({ ask, asked }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask("m")).status, 200)
        assert.deepStrictEqual([seen, wanted(asked)], [["none", "lost", "good"], ["n"]])
      })
    ).pipe(Effect.provide(fleet([entry("m"), entry("n")], {
      parts: Layer.mergeAll(
        part("late", 0, Option.some({ model: "m" }), seen),
        part("good", 1, Option.some({ model: "n" }), seen),
        part("lost", 2, Option.some({ targets: [{ provider: ProviderId.make("nobody") }] }), seen),
        part("none", 3, Option.none(), seen)
      )
    })))
  })

  it.effect("may name targets of its own", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* ask("m")).status, 200)
        assert.deepStrictEqual(asked.map(({ model, provider }) => [provider, model]), [["b", "special"]])
      })
    ).pipe(Effect.provide(fleet([entry("m")], { parts: part("own", 0, Option.some({ targets: [{ provider: b, model: "special" }] })) }))))

  it.effect("that breaks is passed over, and after five times not asked any more", () => {
    let calls = 0
    const broken = Router.layer({
      id: "broken",
      route: () => {
        calls += 1
        throw new Error("out of order")
      }
    })
    return use(({ ask, gateway }) =>
      Effect.gen(function*() {
        for (let request = 0; request < 7; request++) assert.strictEqual((yield* ask("m")).status, 200)
        assert.strictEqual(calls, 5)
        assert.deepInclude(gateway().fuses.status().find(({ id }) => id === "router:broken"), { isFused: true, faults: 5 })
      })
    ).pipe(Effect.provide(fleet([entry("m")], { parts: broken })))
  })

  it.effect("that takes too long is passed over, or refuses, as it says of itself", () => {
    const hanging = (failPolicy: "open" | "closed") =>
      use(({ ask }) => Effect.map(ask("m"), ({ status }) => status)).pipe(
        Effect.provide(fleet([entry("m")], { parts: Router.layer({ id: "slow", timeout: "2 seconds", failPolicy, route: () => Effect.never }) }))
      )
    return Effect.gen(function*() {
      assert.deepStrictEqual([yield* hanging("open"), yield* hanging("closed")], [200, 503])
    })
  })

  it.effect("may be a list of rules", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        yield* ask("m", { tools: [tool] })
        yield* ask("m")
        assert.deepStrictEqual(wanted(asked), ["n", "m"])
      })
    ).pipe(Effect.provide(fleet([entry("m"), entry("n")], {
      parts: Router.layer(Router.rules("tools", [{ when: { models: ["m"], tools: true }, to: { model: "n" } }]))
    }))))
})

describe("a fallback", () => {
  const scenario: { readonly [model: string]: string } = {
    busy: "sim-error;status=503",
    long: "sim-context-overflow",
    refused: "sim-error;status=400",
    still: "sim-error;status=503"
  }
  const answer = ({ model }: Fleet.Asked) => scenario[model] ?? "sim-text"
  const fallbackTo = (...fallbacks: ReadonlyArray<string | Fallback>) => [
    ...["busy", "long", "refused", "fine"].map((id) => entry(id, { fallbacks })),
    entry("big"),
    entry("still"),
    entry("last", { targets: [{ provider: b }] })
  ]
  const tried = (model: string, fallbacks: ReadonlyArray<string | Fallback>, more = {}) =>
    use(({ ask, asked }) => Effect.map(ask(model, more), ({ status }) => [status, ...wanted(asked)])).pipe(
      Effect.provide(fleet(fallbackTo(...fallbacks), { answer }))
    )

  it.effect("that names a class of errors is tried after those, and after nothing else", () =>
    Effect.gen(function*() {
      const big: Fallback = { model: "big", on: ["context-overflow"] }
      assert.deepStrictEqual(yield* tried("long", [big]), [200, "long", "big"])
      assert.deepStrictEqual(yield* tried("busy", [big]), [503, "busy"])
      assert.deepStrictEqual(yield* tried("refused", [big]), [400, "refused"])
      assert.deepStrictEqual(yield* tried("busy", [big, "last"]), [200, "busy", "last"])
      // What nothing helps against is not taken to one that names nothing
      assert.deepStrictEqual(yield* tried("long", ["last"]), [400, "long"])
      assert.deepStrictEqual(yield* tried("long", ["last", big]), [200, "long", "big"])
    }))

  it.effect("with a condition is part of the plan where it holds", () =>
    Effect.gen(function*() {
      const fallbacks: ReadonlyArray<Fallback> = [{ model: "big", when: { stream: true } }, { model: "last", when: { stream: false } }]
      assert.deepStrictEqual(yield* tried("busy", fallbacks), [200, "busy", "last"])
      assert.deepStrictEqual(yield* tried("busy", fallbacks, { stream: true }), [200, "busy", "big"])
      assert.deepStrictEqual(yield* tried("fine", fallbacks), [200, "fine"])
    }))

  it.effect("follows another across models, and no request is tried more often than allowed", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* tried("busy", ["still", "last"]), [200, "busy", "still", "last"])
      const many = Array.from({ length: 10 }, (_, index) => entry(`m${index}`, index < 9 ? { fallbacks: [`m${index + 1}`] } : {}))
      const count = (maxAttempts: number) =>
        use(({ ask, asked }) => Effect.map(ask("m0"), () => asked.length)).pipe(
          Effect.provide(fleet(many, { answer: () => "sim-error;status=404", settings: { maxAttempts } }))
        )
      assert.deepStrictEqual([yield* count(6), yield* count(2)], [6, 2])
    }))
})

describe("an operator's rule", () => {
  const keys = ["k1", "k2"]
  const asking = (rule: NonNullable<NonNullable<Fleet.Provider["policy"]>["errorRules"]>[number], scenario: string) =>
    use(({ ask, asked, gateway }) =>
      Effect.gen(function*() {
        const first = yield* ask("m")
        const second = yield* ask("m")
        const circuits = gateway().scheduling.status().circuits.map(({ credential = "*", model = "*", provider, remainingMs }) => ({
          what: `${provider} ${credential} ${model}`,
          remainingMs
        }))
        return { statuses: [first.status, second.status], asked: asked.map(({ key, provider }) => provider === "b" ? "b" : key), circuits }
      })
    ).pipe(Effect.provide(Fleet.layer({
      providers: [{ id: "a", keys, retries: 0, policy: { scheduler: "fill-first", errorRules: [rule] } }, { id: "b" }],
      models: [entry("m", { fallbacks: ["n"] }), entry("n", { targets: [{ provider: b }] })],
      answer: ({ key, provider }) => provider === "a" && key === "k1" ? scenario : "sim-text"
    })))

  it.effect("stops what would be tried elsewhere", () =>
    Effect.gen(function*() {
      const { asked, circuits, statuses } = yield* asking({ status: 503, scope: "request", action: "stop" }, "sim-error;status=503")
      assert.deepStrictEqual([statuses, asked, circuits], [[503, 503], ["k1", "k1"], []])
    }))

  it.effect("tries the next credential after an error that is nobody's fault by itself", () =>
    Effect.gen(function*() {
      const { asked, circuits, statuses } = yield* asking({ status: 400, scope: "credential", action: "next" }, "sim-error;status=400")
      assert.deepStrictEqual([statuses, asked, circuits], [[200, 200], ["k1", "k2", "k1", "k2"], []])
    }))

  it.effect("lets a credential, or one of its models, rest for as long as it says", () =>
    Effect.gen(function*() {
      const whole = yield* asking({ status: 400, scope: "credential", action: "cooldown", forMs: 7_200_000 }, "sim-error;status=400")
      assert.deepStrictEqual([whole.statuses, whole.asked], [[200, 200], ["k1", "k2", "k2"]])
      assert.strictEqual(whole.circuits[0]?.what, "a k1 *")
      assert.isAbove(whole.circuits[0]?.remainingMs ?? 0, 7_000_000)
      const one = yield* asking({ message: "/./", scope: "model", action: "cooldown" }, "sim-error;status=400")
      assert.strictEqual(one.circuits[0]?.what, "a k1 m")
    }))

  it.effect("lets the whole provider rest", () =>
    Effect.gen(function*() {
      const { asked, circuits, statuses } = yield* asking({ status: 403, scope: "provider", action: "cooldown" }, "sim-error;status=403")
      assert.deepStrictEqual([statuses, asked], [[200, 200], ["k1", "b", "b"]])
      assert.strictEqual(circuits[0]?.what, "a * *")
    }))
})

describe("the deadline", () => {
  it.effect("is one for all attempts, that of the provider the plan begins with", () =>
    use(({ ask, asked }) =>
      Effect.gen(function*() {
        const { status } = yield* ask("m")
        assert.strictEqual(status, 504)
        // The second had what was left, and not its own half hour
        assert.strictEqual(asked.length, 2)
        assert.isBelow(asked[1]?.at ?? Infinity, 2_000)
      })
    ).pipe(Effect.provide(Fleet.layer({
      providers: [{ id: "a", retries: 0, totalMs: 2_000 }, { id: "b", retries: 0 }],
      models: [entry("m", { fallbacks: ["n"] }), entry("n", { targets: [{ provider: b }] })],
      answer: ({ provider }) => provider === "a" ? "sim-error;status=503" : "sim-stall-head"
    }))))
})
