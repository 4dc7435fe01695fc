import { assert, it } from "@effect/vitest"
import { Effect, Option, Random, Result, Schema } from "effect"
import { describe } from "vitest"
import type { ModelEntry } from "../src/ModelEntry.ts"
import * as ModelRegistry from "../src/ModelRegistry.ts"
import * as Planner from "../src/Planner.ts"
import { ProviderId } from "../src/ProviderId.ts"

const a = ProviderId.make("a")
const b = ProviderId.make("b")
const made = (entries: ReadonlyArray<ModelEntry>) => Result.getOrThrow(ModelRegistry.make(entries, [a, b]))
const planOf = (entries: ReadonlyArray<ModelEntry>, model: string, random: () => number = () => 0) => {
  const snapshot = made(entries)
  return Planner.plan(snapshot, Option.getOrThrow(ModelRegistry.resolve(snapshot, model)), random)
}
const names = (candidates: ReadonlyArray<Planner.Candidate>) => candidates.map((candidate) => `${candidate.provider}:${candidate.model}`)

/** A small seeded generator (mulberry32), so that every run draws the same numbers. */
const seededRandom = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}

const seeded = { arbitrary: { seed: 11, runs: 200, size: 20 } }
const Weights = Schema.NonEmptyArray(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 }))).check(Schema.isMaxLength(8))
const Name = Schema.String.check(Schema.makeFilter((text) => !text.includes("*")))

describe("the name sent upstream", () => {
  it("is the client's where the target names none", () => {
    assert.deepStrictEqual(names(planOf([{ id: "gpt-*", targets: [{ provider: a }] }], "gpt-4o")), ["a:gpt-4o"])
  })

  it("is the target's where it names one", () => {
    assert.deepStrictEqual(names(planOf([{ id: "gpt-*", targets: [{ provider: a, model: "mini" }] }], "gpt-4o")), ["a:mini"])
  })

  it("takes no special meaning from the text the star matched", () => {
    assert.deepStrictEqual(names(planOf([{ id: "x/*", targets: [{ provider: a, model: "<*>" }] }], "x/$&*$1")), ["a:<$&*$1>"])
  })

  it.effect.prop(
    "has the matched text where the target's star stood",
    [Name, Name, Name, Name, Name],
    ([prefix, suffix, star, before, after]) =>
      Effect.sync(() => {
        const [only] = planOf([{ id: `${prefix}*${suffix}`, targets: [{ provider: a, model: `${before}*${after}` }] }], prefix + star + suffix)
        assert.strictEqual(only?.model, before + star + after)
      }),
    seeded
  )
})

describe("the order", () => {
  it.effect.prop("holds every target exactly once", [Weights, Schema.Int], ([weights, seed]) =>
    Effect.sync(() => {
      const targets = weights.map((weight, at) => ({ provider: at % 2 === 0 ? a : b, model: `m${at}`, weight }))
      const drawn = planOf([{ id: "m", targets }], "m", seededRandom(seed))
      assert.deepStrictEqual(drawn.map((candidate) => candidate.model).sort(), targets.map((target) => target.model).sort())
    }), seeded)

  it.effect.prop("begins with a target in proportion to its weight, within 5 % of the draws", [Weights, Schema.Int], ([weights, seed]) =>
    Effect.sync(() => {
      const draws = 3000
      const snapshot = made([{ id: "m", targets: weights.map((weight, at) => ({ provider: a, model: `${at}`, weight })) }])
      const route = Option.getOrThrow(ModelRegistry.resolve(snapshot, "m"))
      const random = seededRandom(seed)
      const first = weights.map(() => 0)
      for (let i = 0; i < draws; i++) first[Number(Planner.plan(snapshot, route, random)[0]?.model)]! += 1
      const total = weights.reduce((sum, weight) => sum + weight, 0)
      weights.forEach((weight, at) => assert.closeTo(first[at]! / draws, weight / total, 0.05))
    }), { arbitrary: { seed: 3, runs: 40, size: 20 } })

  it("draws the second place in proportion to the weights that are left", () => {
    const random = seededRandom(1)
    const entries = [{
      id: "m",
      targets: [{ provider: a, model: "x", weight: 98 }, { provider: a, model: "y", weight: 3 }, { provider: a, model: "z", weight: 1 }]
    }]
    const seconds = Array.from({ length: 4000 }, () => names(planOf(entries, "m", random))).filter(([first]) => first === "a:x").map(([, second]) => second)
    assert.closeTo(seconds.filter((second) => second === "a:y").length / seconds.length, 0.75, 0.05)
  })

  it("takes absent weights as one", () => {
    const entries = [{ id: "m", targets: [{ provider: a, model: "x" }, { provider: a, model: "y", weight: 1 }] }]
    assert.deepStrictEqual(names(planOf(entries, "m", () => 0.49)), ["a:x", "a:y"])
    assert.deepStrictEqual(names(planOf(entries, "m", () => 0.5)), ["a:y", "a:x"])
  })

  it("does not fall off the end for the largest number a random source gives", () => {
    const targets = [0.1, 0.2, 0.3].map((weight, at) => ({ provider: a, model: `${at}`, weight }))
    assert.strictEqual(planOf([{ id: "m", targets }], "m", () => 1 - Number.EPSILON / 2).length, 3)
  })

  it("does not ask for a random number where there is no choice", () => {
    const never = () => assert.fail("asked")
    assert.strictEqual(planOf([{ id: "m", targets: [{ provider: a }], fallbacks: ["n"] }, { id: "n", targets: [{ provider: b }] }], "m", never).length, 2)
  })

  it.effect("works with Effect's own random source", () =>
    Effect.gen(function*() {
      const random = yield* Random.Random
      assert.strictEqual(planOf([{ id: "m", targets: [{ provider: a }, { provider: b }] }], "m", () => random.nextDoubleUnsafe()).length, 2)
    }))
})

describe("fallbacks", () => {
  const entries: ReadonlyArray<ModelEntry> = [
    { id: "fast", targets: [{ provider: a, model: "f1" }, { provider: b, model: "f2" }], fallbacks: ["slow", "openai/x"] },
    { id: "slow", targets: [{ provider: a, model: "s1" }, { provider: b, model: "f2" }], fallbacks: ["slower"] },
    { id: "slower", targets: [{ provider: b }] },
    { id: "openai/*", targets: [{ provider: a, model: "*" }] }
  ]

  it("come after all targets of the route, in the order they are named, and theirs after them; nothing twice", () => {
    assert.deepStrictEqual(names(planOf(entries, "fast")), ["a:f1", "b:f2", "a:s1", "a:x", "b:slower"])
  })

  it("carry the entry they belong to", () => {
    assert.deepStrictEqual(planOf(entries, "fast").map((candidate) => candidate.entry.id), ["fast", "fast", "slow", "openai/*", "slower"])
  })

  it("are drawn by their own weights", () => {
    const weighted: ReadonlyArray<ModelEntry> = [{ id: "m", targets: [{ provider: a }], fallbacks: ["n"] }, {
      id: "n",
      targets: [{ provider: a, weight: 1 }, { provider: b, weight: 3 }]
    }]
    assert.deepStrictEqual(names(planOf(weighted, "m", () => 0.3)), ["a:m", "b:n", "a:n"])
  })
})
