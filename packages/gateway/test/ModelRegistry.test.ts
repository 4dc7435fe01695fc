import { assert, it } from "@effect/vitest"
import { Effect, Option, Result, Schema } from "effect"
import { describe } from "vitest"
import type { ModelEntry } from "../src/ModelEntry.ts"
import * as ModelRegistry from "../src/ModelRegistry.ts"
import { ProviderId } from "../src/ProviderId.ts"

const a = ProviderId.make("a")
const b = ProviderId.make("b")
const make = (entries: ReadonlyArray<ModelEntry>) => ModelRegistry.make(entries, [a, b])
const made = (entries: ReadonlyArray<ModelEntry>) => Result.getOrThrow(make(entries))
const idOf = (snapshot: ModelRegistry.Snapshot, model: string) => Option.getOrUndefined(ModelRegistry.resolve(snapshot, model))?.entry.id
const problemsOf = (entries: ReadonlyArray<ModelEntry>) =>
  Result.match(make(entries), { onSuccess: () => [], onFailure: (error) => error.problems.map((problem) => [problem.path.join("."), problem.message]) })
const to = (id: string, rest: Partial<ModelEntry> = {}): ModelEntry => ({ id, targets: [{ provider: a }], ...rest })

const seeded = { arbitrary: { seed: 7, runs: 300, size: 50 } }
const Name = Schema.String.check(Schema.makeFilter((text) => !text.includes("*")))

describe("resolve", () => {
  it("finds an exact name before a glob that stands earlier", () => {
    const snapshot = made([to("*"), to("gpt-*"), to("gpt-4o")])
    assert.strictEqual(idOf(snapshot, "gpt-4o"), "gpt-4o")
  })

  it("takes the first glob that matches", () => {
    const snapshot = made([to("gpt-*"), to("*-4o"), to("*")])
    assert.strictEqual(idOf(snapshot, "gpt-4o"), "gpt-*")
    assert.strictEqual(idOf(snapshot, "chat-4o"), "*-4o")
    assert.strictEqual(idOf(snapshot, "claude"), "*")
  })

  it("lets a star match slashes, colons, dots and nothing at all", () => {
    const snapshot = made([to("openai/*")])
    for (const star of ["ft:gpt-4o:org/x.y", "a/b/c", ""]) {
      assert.deepStrictEqual(Option.map(ModelRegistry.resolve(snapshot, `openai/${star}`), (route) => route.star), Option.some(star))
    }
  })

  it("does not let the text before and after the star overlap", () => {
    assert.strictEqual(idOf(made([to("aba*aba")]), "ababa"), undefined)
    assert.strictEqual(idOf(made([to("aba*aba")]), "abaaba"), "aba*aba")
  })

  it("reads the characters of other glob languages as themselves", () => {
    assert.strictEqual(idOf(made([to("m[12]?.x*")]), "m1a.x"), undefined)
    assert.strictEqual(idOf(made([to("m[12]?.x*")]), "m[12]?.x"), "m[12]?.x*")
  })

  it("gives nothing for a name no entry matches", () => {
    assert.isTrue(Option.isNone(ModelRegistry.resolve(made([to("x")]), "y")))
    assert.isTrue(Option.isNone(ModelRegistry.resolve(made([to("__proto__")]), "constructor")))
  })

  it.effect.prop("a name that has an entry of its own gets it, whatever globs there are", [
    Schema.Array(Name),
    Schema.NonEmptyString.pipe(Schema.check(Schema.makeFilter((text) => !text.includes("*"))))
  ], ([prefixes, name]) =>
    Effect.sync(() => {
      const globs = Array.from(new Set(["", ...prefixes, name.slice(0, 2)]), (prefix) => to(`${prefix}*`))
      assert.strictEqual(idOf(made([...globs, to(name)]), name), name)
      assert.strictEqual(idOf(made([to(name), ...globs]), name), name)
    }), seeded)

  it.effect.prop("prefix, star and suffix make up the name again", [Name, Name, Name], ([prefix, star, suffix]) =>
    Effect.sync(() => {
      const route = Option.getOrThrow(ModelRegistry.resolve(made([to(`${prefix}*${suffix}`)]), prefix + star + suffix))
      assert.strictEqual(route.star, star)
    }), seeded)
})

describe("a name with a suffix for thinking", () => {
  const found = (snapshot: ModelRegistry.Snapshot, model: string) =>
    Option.match(ModelRegistry.resolve(snapshot, model), {
      onNone: () => undefined,
      onSome: ({ effort, entry, model }) => [entry.id, model, effort?.mode]
    })

  it("leads where the name before it leads, by itself or through a glob", () => {
    const snapshot = made([to("gpt-4o"), to("x/*")])
    assert.deepStrictEqual(found(snapshot, "gpt-4o(high)"), ["gpt-4o", "gpt-4o", "level"])
    assert.deepStrictEqual(found(snapshot, "x/y(8192)"), ["x/*", "x/y", "budget"])
    assert.deepStrictEqual(found(snapshot, "gpt-4o(whatever)"), ["gpt-4o", "gpt-4o", undefined])
  })

  it("is a name where an entry has it, exactly or in its glob", () => {
    const snapshot = made([to("gpt-4o"), to("gpt-4o(high)"), to("local/*(low)"), to("*")])
    assert.deepStrictEqual(found(snapshot, "gpt-4o(high)"), ["gpt-4o(high)", "gpt-4o(high)", undefined])
    assert.deepStrictEqual(found(snapshot, "local/m(low)"), ["local/*(low)", "local/m(low)", undefined])
    assert.deepStrictEqual(found(snapshot, "local/m(high)"), ["*", "local/m", "level"])
  })

  it("leads nowhere where the name before it does not", () => {
    assert.isUndefined(found(made([to("gpt-4o")]), "gpt-5(high)"))
  })
})

describe("list", () => {
  it("shows exact names in their order and no globs", () => {
    assert.deepStrictEqual(ModelRegistry.list(made([to("b"), to("x/*"), to("a"), to("*")])).map((entry) => entry.id), ["b", "a"])
  })
})

describe("make refuses", () => {
  it("a target of an unknown provider", () => {
    assert.deepStrictEqual(problemsOf([to("m", { targets: [{ provider: a }, { provider: ProviderId.make("c") }] })]), [
      ["0.targets.1.provider", "there is no provider \"c\"; known: a, b"]
    ])
  })

  it("an entry without targets, an empty id and an empty target model", () => {
    assert.deepStrictEqual(problemsOf([to("m", { targets: [] }), to(""), to("n", { targets: [{ provider: a, model: "" }] })]).map(([path]) => path), [
      "0.targets",
      "1.id",
      "2.targets.0.model"
    ])
  })

  it("weights that are zero, negative or not finite", () => {
    const targets = [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 0.5].map((weight) => ({ provider: a, weight }))
    assert.deepStrictEqual(problemsOf([to("m", { targets })]).map(([path]) => path), [0, 1, 2, 3].map((at) => `0.targets.${at}.weight`))
  })

  it("an id that is used twice", () => {
    assert.deepStrictEqual(problemsOf([to("m"), to("*"), to("m")]), [["2.id", "the id \"m\" is taken by entry 0 already"]])
  })

  it("more than one star, in an id and in a target", () => {
    assert.deepStrictEqual(problemsOf([to("a*b*"), to("c*", { targets: [{ provider: a, model: "**" }] })]).map(([path]) => path), ["0.id", "1.targets.0.model"])
  })

  it("a star in a target whose entry has none", () => {
    assert.deepStrictEqual(problemsOf([to("m", { targets: [{ provider: a, model: "x-*" }] })]).map(([path]) => path), ["0.targets.0.model"])
  })

  it("a fallback that no entry serves, or that has a star", () => {
    assert.deepStrictEqual(problemsOf([to("m", { fallbacks: ["nowhere", "x/*"] }), to("x/*")]).map(([path]) => path), ["0.fallbacks.0", "0.fallbacks.1"])
  })

  it("an entry that falls back to itself, directly, over others, or through a glob", () => {
    assert.deepStrictEqual(problemsOf([to("m", { fallbacks: ["m"] })]), [["0.fallbacks.0", "fallback cycle: m → m"]])
    assert.deepStrictEqual(
      problemsOf([to("x", { fallbacks: ["y"] }), to("y", { fallbacks: ["z"] }), to("z", { fallbacks: ["x"] })]).map(([path, message]) => `${path} ${message}`),
      [
        "0.fallbacks.0 fallback cycle: x → y → z → x",
        "1.fallbacks.0 fallback cycle: y → z → x → y",
        "2.fallbacks.0 fallback cycle: z → x → y → z"
      ]
    )
    assert.deepStrictEqual(problemsOf([to("g/*", { fallbacks: ["g/small"] })]), [["0.fallbacks.0", "fallback cycle: g/* → g/small"]])
  })

  it("a fallback with a suffix for thinking, which would be lost", () => {
    const message = "a fallback thinks as the request asks: leave the suffix of \"y(low)\" out"
    assert.deepStrictEqual(problemsOf([to("x", { fallbacks: ["y(low)"] }), to("y")]), [["0.fallbacks.0", message]])
    assert.deepStrictEqual(problemsOf([to("x", { fallbacks: ["y(low)"] }), to("y(low)")]), [])
  })

  it("limits of thinking that leave nothing", () => {
    const entries = [
      to("m", { thinking: { kind: "budget", min: 2, max: 1 } }),
      to("n", { targets: [{ provider: a, thinking: { kind: "level", levels: [] } }] })
    ]
    assert.deepStrictEqual(problemsOf(entries).map(([path]) => path), ["0.thinking.min", "1.targets.0.thinking.levels"])
  })

  it("but not two ways to the same fallback", () => {
    assert.deepStrictEqual(problemsOf([to("x", { fallbacks: ["y", "z"] }), to("y", { fallbacks: ["z"] }), to("z")]), [])
  })

  it("everything at once, with the places in its message", () => {
    const error = Option.getOrThrow(Result.getFailure(make([to("m", { targets: [{ provider: a, weight: 0 }], fallbacks: ["n"] })])))
    assert.strictEqual(
      error.message,
      "models[0].targets[0].weight: a weight must be a finite number above 0, this is 0\nmodels[0].fallbacks[0]: no entry serves the fallback \"n\""
    )
  })
})

describe("the service", () => {
  it.effect("keeps a snapshot that was taken as it is when a new one is put in place", () =>
    Effect.gen(function*() {
      const registry = yield* ModelRegistry.ModelRegistry
      const pinned = registry.current()
      const replaced = yield* registry.swap(made([to("new")]))
      assert.strictEqual(replaced, pinned)
      assert.strictEqual(idOf(pinned, "old"), "old")
      assert.strictEqual(idOf(registry.current(), "old"), undefined)
      assert.strictEqual(idOf(registry.current(), "new"), "new")
    }).pipe(Effect.provide(ModelRegistry.layer(made([to("old")])))))
})
