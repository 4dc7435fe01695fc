import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { describe } from "vitest"
import * as Thinking from "../src/Thinking.ts"

const budget = (tokens: number): Thinking.Effort => ({ mode: "budget", tokens })
const level = (name: string): Thinking.Effort => ({ mode: "level", level: name })
const auto: Thinking.Effort = { mode: "auto" }
const none: Thinking.Effort = { mode: "none" }

describe("the table of levels and budgets", () => {
  it("says what a level stands for", () => {
    assert.deepStrictEqual(Thinking.levels.map((name) => [name, Thinking.budgetOf(name)]), [
      ["minimal", 512],
      ["low", 1024],
      ["medium", 8192],
      ["high", 24_576],
      ["xhigh", 32_768],
      ["max", 128_000]
    ])
    assert.strictEqual(Thinking.budgetOf("unheard of"), 8192)
  })

  it("finds the level of a budget, which is never max", () => {
    const found = [1, 512, 513, 1024, 1025, 8192, 8193, 24_576, 24_577, 32_768, 128_000, 10 ** 9].map(Thinking.levelOf)
    assert.deepStrictEqual(found, ["minimal", "minimal", "low", "low", "medium", "medium", "high", "high", "xhigh", "xhigh", "xhigh", "xhigh"])
  })

  it("reads 0 tokens as none and less as auto", () => {
    assert.deepStrictEqual([0, -1, 5].map(Thinking.ofTokens), [none, auto, budget(5)])
  })
})

describe("the nearest level", () => {
  it("is the level itself where it is allowed", () => {
    assert.strictEqual(Thinking.nearest("turbo", ["low", "turbo"]), "turbo")
  })

  it("is the lower one of two that are as near", () => {
    assert.strictEqual(Thinking.nearest("medium", ["high", "low"]), "low")
    assert.strictEqual(Thinking.nearest("xhigh", ["max", "high"]), "high")
  })

  it("is the end of the range for levels beyond it", () => {
    assert.strictEqual(Thinking.nearest("max", ["low", "medium", "high"]), "high")
    assert.strictEqual(Thinking.nearest("minimal", ["low", "medium", "high"]), "low")
  })

  it("takes a level that is not in the table for medium", () => {
    assert.strictEqual(Thinking.nearest("turbo", ["minimal", "medium", "max"]), "medium")
  })
})

describe("fitting to a model that takes budgets", () => {
  const limits: Thinking.Limits = { kind: "budget", min: 1024, max: 32_000 }

  it("keeps a budget in the range and clamps one outside of it", () => {
    assert.deepStrictEqual(Thinking.fit(budget(1024), limits), { effort: budget(1024), how: "kept" })
    assert.deepStrictEqual(Thinking.fit(budget(1023), limits), { effort: budget(1024), how: "clamped" })
    assert.deepStrictEqual(Thinking.fit(budget(32_001), limits), { effort: budget(32_000), how: "clamped" })
  })

  it("says a level as its budget, in the range", () => {
    assert.deepStrictEqual(Thinking.fit(level("medium"), limits), { effort: budget(8192), how: "converted" })
    assert.deepStrictEqual(Thinking.fit(level("max"), limits), { effort: budget(32_000), how: "converted" })
  })

  it("gives the middle of the range where the model cannot choose", () => {
    assert.deepStrictEqual(Thinking.fit(auto, limits), { effort: auto, how: "kept" })
    assert.deepStrictEqual(Thinking.fit(auto, { ...limits, dynamic: false }), { effort: budget(16_512), how: "converted" })
    assert.deepStrictEqual(Thinking.fit(auto, { kind: "budget", min: 1024, dynamic: false }), { effort: budget(8192), how: "converted" })
  })

  it("gives the smallest budget where the model cannot do without", () => {
    assert.deepStrictEqual(Thinking.fit(none, limits), { effort: none, how: "kept" })
    assert.deepStrictEqual(Thinking.fit(none, { ...limits, canDisable: false }), { effort: budget(1024), how: "converted" })
  })
})

describe("fitting to a model that takes levels", () => {
  const limits: Thinking.Limits = { kind: "level", levels: ["low", "medium", "high"] }

  it("keeps a level it takes, clamps one it does not, and says a budget as a level", () => {
    assert.deepStrictEqual(Thinking.fit(level("high"), limits), { effort: level("high"), how: "kept" })
    assert.deepStrictEqual(Thinking.fit(level("xhigh"), limits), { effort: level("high"), how: "clamped" })
    assert.deepStrictEqual(Thinking.fit(budget(100), limits), { effort: level("low"), how: "converted" })
  })

  it("gives medium for auto and the lowest for none where it has to", () => {
    const bound = { ...limits, dynamic: false, canDisable: false }
    assert.deepStrictEqual(Thinking.fit(auto, bound), { effort: level("medium"), how: "converted" })
    assert.deepStrictEqual(Thinking.fit(none, bound), { effort: level("low"), how: "converted" })
  })

  it("keeps any level where none are named", () => {
    assert.deepStrictEqual(Thinking.fit(level("turbo"), { kind: "level" }), { effort: level("turbo"), how: "kept" })
  })
})

describe("fitting to other models", () => {
  it("keeps levels as levels and budgets as budgets where the model takes both", () => {
    const limits: Thinking.Limits = { kind: "hybrid", min: 128, max: 1000, levels: ["low", "high"] }
    assert.deepStrictEqual(Thinking.fit(level("low"), limits), { effort: level("low"), how: "kept" })
    assert.deepStrictEqual(Thinking.fit(budget(5000), limits), { effort: budget(1000), how: "clamped" })
    assert.deepStrictEqual(Thinking.fit(none, { ...limits, canDisable: false }), { effort: level("low"), how: "converted" })
  })

  it("leaves nothing for a model that does not think", () => {
    for (const effort of [auto, none, level("low"), budget(1)]) {
      assert.deepStrictEqual(Thinking.fit(effort, { kind: "none" }), { effort: undefined, how: "dropped" })
    }
  })
})

describe("fitting what was fitted", () => {
  const Tokens = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000 }))
  const Level = Schema.Union([Schema.Literals(["minimal", "low", "medium", "high", "xhigh", "max"]), Schema.String])
  const EffortSchema = Schema.Union([
    Schema.Struct({ mode: Schema.Literals(["auto", "none"]) }),
    Schema.Struct({ mode: Schema.Literal("budget"), tokens: Tokens }),
    Schema.Struct({ mode: Schema.Literal("level"), level: Level })
  ])
  const LimitsSchema = Schema.Struct({
    kind: Schema.Literals(["budget", "level", "hybrid", "none"]),
    min: Schema.optionalKey(Tokens),
    max: Schema.optionalKey(Tokens),
    levels: Schema.optionalKey(Schema.NonEmptyArray(Level)),
    dynamic: Schema.optionalKey(Schema.Boolean),
    canDisable: Schema.optionalKey(Schema.Boolean)
  })

  it.effect.prop("changes nothing, and what comes out the model takes", [EffortSchema, LimitsSchema], ([effort, drawn]) =>
    Effect.sync(() => {
      const [min, max] = [drawn.min ?? 1, drawn.max ?? 200_000].toSorted((left, right) => left - right)
      const limits = { ...drawn, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max: Math.max(1, max) }) }
      const { effort: fitted } = Thinking.fit(effort, limits)
      if (fitted === undefined) return assert.strictEqual(limits.kind, "none")
      assert.deepStrictEqual(Thinking.fit(fitted, limits), { effort: fitted, how: "kept" })
      if (fitted.mode === "budget") {
        assert.notStrictEqual(limits.kind, "level")
        assert.isAtLeast(fitted.tokens, Math.max(1, limits.min ?? 1))
        assert.isAtMost(fitted.tokens, limits.max ?? fitted.tokens)
      }
      if (fitted.mode === "level") {
        assert.notStrictEqual(limits.kind, "budget")
        assert.isTrue(limits.levels?.includes(fitted.level) !== false)
      }
    }), { arbitrary: { seed: 11, runs: 500, size: 50 } })
})

describe("the suffix of a model's name", () => {
  it("says an effort", () => {
    const efforts = ["high", "MAX", "none", "auto", "-1", "0", "8192", " low "].map((text) => Thinking.suffixed(`gpt-5(${text})`))
    assert.deepStrictEqual(efforts.map((found) => found?.effort), [level("high"), level("max"), none, auto, auto, none, budget(8192), level("low")])
    assert.isTrue(efforts.every((found) => found?.name === "gpt-5"))
  })

  it("says nothing where its content is not known, but is a suffix all the same", () => {
    for (const text of ["", "fast", "-2", "1.5", "1e3", "9999999999"]) assert.deepStrictEqual(Thinking.suffixed(`gpt-5(${text})`), { name: "gpt-5" })
  })

  it("begins at the last opening parenthesis", () => {
    assert.deepStrictEqual(Thinking.suffixed("gpt(beta)(low)"), { name: "gpt(beta)", effort: level("low") })
  })

  it("is none where the name ends in something else or is nothing but it", () => {
    for (const name of ["gpt-5", "gpt-5(high) ", "(high)", "high)", "gpt-5(high", ""]) assert.isUndefined(Thinking.suffixed(name))
  })
})
