/** Names beside those of entries: aliases with fork and pool, prefixes of providers, what providers do not serve; and that many of them cost no more than few. */
import { assert, it } from "@effect/vitest"
import { Effect, Option, Result, Schema } from "effect"
import { describe } from "vitest"
import * as GlobIndex from "../src/internal/globIndex.ts"
import * as Glob from "../src/internal/modelGlob.ts"
import * as Wildcards from "../src/internal/wildcards.ts"
import * as ModelAccess from "../src/ModelAccess.ts"
import type { ModelEntry, ProviderNaming } from "../src/ModelEntry.ts"
import * as ModelRegistry from "../src/ModelRegistry.ts"
import * as Planner from "../src/Planner.ts"
import { ProviderId } from "../src/ProviderId.ts"

const a = ProviderId.make("a")
const b = ProviderId.make("b")
const to = (id: string, rest: Partial<ModelEntry> = {}): ModelEntry => ({ id, targets: [{ provider: a }], ...rest })
const make = (entries: ReadonlyArray<ModelEntry>, naming: ModelRegistry.Naming = {}) => ModelRegistry.make(entries, [a, b], naming)
const made = (entries: ReadonlyArray<ModelEntry>, naming: ModelRegistry.Naming = {}) => Result.getOrThrow(make(entries, naming))
const naming = (of: { readonly a?: ProviderNaming; readonly b?: ProviderNaming }) =>
  new Map([...(of.a === undefined ? [] : [[a, of.a] as const]), ...(of.b === undefined ? [] : [[b, of.b] as const])])
const route = (snapshot: ModelRegistry.Snapshot, model: string) => Option.getOrUndefined(ModelRegistry.resolve(snapshot, model))
/** Where a name leads: provider and upstream name of each candidate, in order. */
const leads = (snapshot: ModelRegistry.Snapshot, model: string, turn?: (entry: ModelEntry) => number) => {
  const found = route(snapshot, model)
  return found && Planner.plan(snapshot, found, () => 0, turn).map((candidate) => `${candidate.provider}:${candidate.model}`)
}
const names = (snapshot: ModelRegistry.Snapshot) => ModelRegistry.list(snapshot).map(({ id }) => id)
const problems = (entries: ReadonlyArray<ModelEntry>, rest: ModelRegistry.Naming) =>
  Result.match(make(entries, rest), { onSuccess: () => "", onFailure: (error) => error.message })

describe("an alias", () => {
  const entries = [to("gpt-4o-2024-11-20"), to("claude-*", { targets: [{ provider: b, model: "vendor/claude-*" }] })]

  it("leads where its model leads, and both names stay", () => {
    const snapshot = made(entries, { aliases: [{ alias: "gpt-4o", model: "gpt-4o-2024-11-20" }] })
    assert.deepStrictEqual(leads(snapshot, "gpt-4o"), ["a:gpt-4o-2024-11-20"])
    assert.deepStrictEqual(leads(snapshot, "gpt-4o-2024-11-20"), ["a:gpt-4o-2024-11-20"])
    assert.deepStrictEqual(names(snapshot), ["gpt-4o-2024-11-20", "gpt-4o"])
    assert.deepStrictEqual(route(snapshot, "gpt-4o")?.entry.origin, { _tag: "Alias", models: ["gpt-4o-2024-11-20"] })
  })

  it("takes the name's place where it does not fork, also before a glob that would have the name, and fallbacks still find it", () => {
    const snapshot = made([...entries, to("*"), to("other", { targets: [{ provider: b }], fallbacks: ["gpt-4o-2024-11-20"] })], {
      aliases: [{ alias: "gpt-4o", model: "gpt-4o-2024-11-20", fork: false }]
    })
    assert.isUndefined(leads(snapshot, "gpt-4o-2024-11-20"))
    assert.deepStrictEqual(names(snapshot), ["other", "gpt-4o"])
    assert.deepStrictEqual(leads(snapshot, "gpt-4o"), ["a:gpt-4o-2024-11-20"])
    assert.deepStrictEqual(leads(snapshot, "other"), ["b:other", "a:gpt-4o-2024-11-20"])
  })

  it("may stand for a model that a glob serves, and for an effort of it", () => {
    const snapshot = made(entries, { aliases: [{ alias: "smart", model: "claude-opus-5" }] })
    assert.deepStrictEqual(leads(snapshot, "smart"), ["b:vendor/claude-opus-5"])
    assert.deepStrictEqual(route(snapshot, "smart(high)")?.effort, { mode: "level", level: "high" })
  })

  it("makes answers name it only where that is said", () => {
    const of = (forced?: boolean) => made(entries, { aliases: [{ alias: "x", model: "claude-1", ...(forced === undefined ? {} : { forced }) }] })
    assert.deepStrictEqual([undefined, false, true].map((forced) => route(of(forced), "x")?.entry.forced), [undefined, undefined, true])
    assert.isUndefined(route(of(true), "claude-1")?.entry.forced)
  })

  it("for several models is a pool: each is first in its turn, and the others follow", () => {
    const snapshot = made([...entries, to("local", { targets: [{ provider: b }], thinking: { kind: "none" } })], {
      aliases: ["gpt-4o-2024-11-20", "claude-x", "local"].map((model) => ({ alias: "pool", model }))
    })
    const [one, two, three] = ["a:gpt-4o-2024-11-20", "b:vendor/claude-x", "b:local"]
    const registry = ModelRegistry.hold(snapshot)
    const turns = Array.from({ length: 4 }, () => leads(snapshot, "pool", registry.turn))
    assert.deepStrictEqual(turns, [[one, two, three], [two, three, one], [three, one, two], [one, two, three]])
    assert.deepStrictEqual(route(snapshot, "pool")?.entry.targets.map(({ thinking }) => thinking?.kind), [undefined, undefined, "none"])
  })

  it("falls back to what any model of the pool falls back to, and goes on nowhere by itself", () => {
    const routes = [{ model: "last" }]
    const pooled = [to("one", { fallbacks: ["two", "last"], routes }), to("two", { targets: [{ provider: b }], fallbacks: ["last"] }), to("last")]
    const pool = made(pooled, { aliases: ["one", "two"].map((model) => ({ alias: "pool", model })) })
    assert.deepStrictEqual(leads(pool, "pool"), ["a:one", "b:two", "a:last"])
    assert.isUndefined(route(pool, "pool")?.entry.routes)
    const single = made(pooled, { aliases: [{ alias: "x", model: "one" }], providers: naming({ a: { prefix: "p" } }) })
    assert.deepStrictEqual(route(single, "x")?.entry.routes, routes)
    assert.deepStrictEqual([route(single, "p/one")?.entry.routes, route(single, "p/one")?.entry.fallbacks], [undefined, undefined])
  })

  it("is refused where it cannot be meant", () => {
    const said = problems([to("m"), to("taken")], {
      aliases: [
        { alias: "x", model: "nowhere" },
        { alias: "taken", model: "m" },
        { alias: "a*", model: "m" },
        { alias: "y", model: "m*" },
        { alias: "z", model: "x" },
        { alias: "x(high)", model: "m" },
        { alias: "two", model: "m" },
        { alias: "two", model: "m" }
      ]
    })
    assert.deepStrictEqual(said.split("\n"), [
      `aliases[0].model: no entry serves the model "nowhere"`,
      `aliases[1].alias: the name "taken" is taken by an entry`,
      `aliases[2].alias: an alias is one name, "a*" has a *`,
      `aliases[3].model: an alias leads to one model, "m*" has a *`,
      `aliases[4].model: "x" is an alias itself; name the model it leads to`,
      `aliases[5].alias: an alias does not end in parentheses, which ask for thinking: "x(high)"`,
      `aliases[7].model: the alias "two" leads to "m" already`
    ])
  })

  it("waits for its model where lists may still bring it", () => {
    const aliases = [{ alias: "x", model: "later" }]
    assert.strictEqual(problems([to("m", { fallbacks: ["later"] })], { aliases, isOpen: true }), "")
    assert.isUndefined(leads(made([to("m")], { aliases, isOpen: true }), "x"))
    assert.deepStrictEqual(leads(made([to("m"), to("later")], { aliases, isOpen: true }), "x"), ["a:later"])
  })
})

describe("a provider's prefix", () => {
  const both = [{ provider: a, model: "one" }, { provider: b }]
  const entries = [
    to("m", { targets: both, fallbacks: ["n"] }),
    to("n"),
    to("g-*", { targets: both.map(({ provider }) => ({ provider })) }),
    to("*", { targets: [{ provider: b }] })
  ]

  it("names each of its models once more, at this provider alone", () => {
    const snapshot = made(entries, { providers: naming({ a: { prefix: "work" } }) })
    assert.deepStrictEqual(leads(snapshot, "work/m"), ["a:one"])
    assert.deepStrictEqual(leads(snapshot, "work/n"), ["a:n"])
    assert.deepStrictEqual(leads(snapshot, "work/g-1"), ["a:g-1"])
    assert.deepStrictEqual(leads(snapshot, "m"), ["a:one", "b:m", "a:n"])
    assert.deepStrictEqual(names(snapshot), ["m", "n", "work/m", "work/n"])
    assert.deepStrictEqual(route(snapshot, "work/m")?.entry.origin, { _tag: "Prefix", prefix: "work", provider: a, model: "m" })
  })

  it("is the only name where it is forced", () => {
    const snapshot = made(entries, { providers: naming({ a: { prefix: "work", forcePrefix: true } }) })
    assert.deepStrictEqual(leads(snapshot, "work/m"), ["a:one"])
    assert.deepStrictEqual(leads(snapshot, "m"), ["b:m", "b:n"])
    assert.deepStrictEqual(leads(snapshot, "n"), ["b:n"], "the catch-all has what only the prefix names at a")
    assert.deepStrictEqual(names(snapshot), ["m", "work/m", "work/n"])
  })

  it("gives way to what is written with it", () => {
    const snapshot = made([
      to("work/m", { targets: [{ provider: b, model: "own" }] }),
      to("work/g-*", { targets: [{ provider: b, model: "w-*" }] }),
      ...entries
    ], {
      providers: naming({ a: { prefix: "work" } })
    })
    assert.deepStrictEqual([leads(snapshot, "work/m"), leads(snapshot, "work/g-7")], [["b:own"], ["b:w-7"]])
  })

  it("stands before aliases too", () => {
    const snapshot = made(entries, { aliases: [{ alias: "x", model: "m" }], providers: naming({ a: { prefix: "work" } }) })
    assert.deepStrictEqual([leads(snapshot, "x"), leads(snapshot, "work/x")], [["a:one", "b:m", "a:n"], ["a:one"]])
  })
})

describe("what a provider does not serve", () => {
  const both = [{ provider: a }, { provider: b }]
  const providers = naming({ a: { excluded: ["GPT-4-32K*", "*preview*", "o1"] } })

  it("is told by its own names, whatever their case, for entries and globs", () => {
    const snapshot = made([to("gpt-4-32k-0613", { targets: both }), to("mine", { targets: [{ provider: a, model: "O1" }] }), to("*", { targets: both })], {
      providers
    })
    assert.deepStrictEqual(leads(snapshot, "gpt-4-32k-0613"), ["b:gpt-4-32k-0613"])
    assert.deepStrictEqual(leads(snapshot, "Some-Preview-Model"), ["b:Some-Preview-Model"])
    assert.deepStrictEqual(leads(snapshot, "gpt-4"), ["a:gpt-4", "b:gpt-4"])
    assert.deepStrictEqual(leads(snapshot, "o1"), ["b:o1"])
    assert.notInclude(names(snapshot), "mine")
  })

  it("does not exist where nobody else has it", () => {
    const snapshot = made([to("x-*")], { providers: naming({ a: { excluded: ["x-secret-*"] } }) })
    assert.deepStrictEqual([leads(snapshot, "x-secret-1"), leads(snapshot, "x-1")], [undefined, ["a:x-1"]])
  })
})

const seeded = { arbitrary: { seed: 11, runs: 300, size: 50 } }
const Few = Schema.Literals(["", "a", "b", "ab", "ba", "aab", "A", "/"])

describe("many names", () => {
  it.effect.prop(
    "the index of globs finds what trying them one by one finds",
    [Schema.Array(Schema.Tuple([Few, Few])), Schema.Array(Few)],
    ([globs, name]) =>
      Effect.sync(() => {
        const text = name.join("")
        const items = globs.map(([prefix, suffix], value) => ({ glob: { prefix, suffix }, value }))
        const slow = items.find(({ glob }) => Glob.match(glob, text) !== undefined)
        const found = GlobIndex.make(items)(text)
        assert.deepStrictEqual(found && [found.value, found.star], slow && [slow.value, Glob.match(slow.glob, text)])
      }),
    seeded
  )

  it.effect.prop("a list of wildcards has what a regular expression has", [
    Schema.Array(Schema.Array(Schema.Literals(["*", "a", "b", "AB"]))),
    Schema.Array(Few)
  ], ([patterns, name]) =>
    Effect.sync(() => {
      const texts = patterns.map((parts) => parts.join(""))
      const expected = texts.some((text) => new RegExp(`^${text.replaceAll(/\*+/g, ".*")}$`, "i").test(name.join("")))
      assert.strictEqual(Wildcards.make(texts)(name.join("")), expected)
    }), seeded)

  it("are looked up in steps that do not grow with them", () => {
    let steps = 0
    // Counts what the index reads of a name: one slice for each length of a prefix or a suffix
    const counted = new Proxy(Object("vendor-77/model-9999"), {
      get: (target: object, key) => {
        if (key === "slice") steps++
        const value: unknown = Reflect.get(target, key)
        return typeof value === "function" ? value.bind(target) : value
      }
    })
    const index = (count: number) =>
      GlobIndex.make(
        Array.from(
          { length: count },
          (_, at) => ({ glob: { prefix: `vendor-${String(at % 100).padStart(2, "0")}/model-${String(at).padStart(5, "0")}`, suffix: "" }, value: at })
        )
      )
    const stepsOf = (count: number): number => {
      steps = 0
      Reflect.apply(index(count), undefined, [counted])
      return steps
    }
    assert.strictEqual(stepsOf(10_000), stepsOf(1))
  })

  it("that are longer than any model's lead nowhere, also through a glob for everything", () => {
    const snapshot = made([to("*")])
    assert.isDefined(route(snapshot, "x".repeat(1024)))
    assert.isUndefined(route(snapshot, "x".repeat(1025)))
  })

  it("may be allowed to one key, which is asked for each of them as before", () => {
    const models = [...Array.from({ length: 1000 }, (_, at) => `model-${at}`), "team/*", "*-mini"]
    const isAllowed = (model: string) => ModelAccess.isAllowed({ id: "k", models }, model)
    assert.deepStrictEqual(["model-7", "team/", "team/x/y", "gpt-mini", "model-1000", "teams/x", "Model-7"].map(isAllowed), [
      true,
      true,
      true,
      true,
      false,
      false,
      false
    ])
    assert.isTrue(ModelAccess.isAllowed({ id: "all" }, "anything"))
    assert.isFalse(ModelAccess.isAllowed({ id: "none", models: [] }, "anything"))
  })
})

describe("metadata", () => {
  it("is refused where a limit is no limit", () => {
    const said = problems([to("m", { info: { contextWindow: 0, created: 1e15 }, targets: [{ provider: a, info: { maxOutputTokens: 1.5 } }] })], {})
    assert.deepStrictEqual(said.split("\n"), [
      "models[0].info.contextWindow: a limit is a whole number above 0, this is 0; leave out what is not known",
      "models[0].info.created: a date is a whole number of seconds since the epoch, before the year 10000, this is 1000000000000000",
      "models[0].targets[0].info.maxOutputTokens: a limit is a whole number above 0, this is 1.5; leave out what is not known"
    ])
  })

  it("of weights says nothing where targets are taken in turn", () => {
    const entry = to("m", { order: "turn", targets: [{ provider: a }, { provider: b, weight: 3 }] })
    assert.include(problems([entry], {}), `models[0].targets[1].weight: a weight says nothing where the order of targets is "turn"`)
  })
})
