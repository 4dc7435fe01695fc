import { assert, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import { describe } from "vitest"
import * as Json from "../src/Json.ts"
import type { Json as JsonValue } from "../src/Wire.ts"

describe("text that is JSON", () => {
  it.effect.prop("gives its value", [Schema.Json], ([value]) =>
    Effect.sync(() => {
      const text = JSON.stringify(value)
      assert.deepStrictEqual(Result.getOrThrow(Json.parse(text)), JSON.parse(text))
    }))
})

describe("text that is not JSON", () => {
  it("is a failure with the parser's words and never an exception", () => {
    for (const text of ["", "{", "undefined", "[DONE]", "'a'", "{\"a\":1,}", "\uFEFF{}", "NaN"]) {
      const parsed = Json.parse(text)
      assert.isTrue(Result.isFailure(parsed), text)
      if (Result.isFailure(parsed)) assert.isAbove(parsed.failure.message.length, 0)
    }
  })
})

describe("arguments of a call", () => {
  it("are empty when the text is", () => {
    assert.deepStrictEqual(Json.parseArguments(""), {})
    assert.deepStrictEqual(Json.parseArguments(" \n"), {})
  })

  it("are the object, and nothing else is one", () => {
    assert.deepStrictEqual(Json.parseArguments("{\"a\":[1]}"), { a: [1] })
    for (const text of ["[]", "1", "null", "\"a\"", "{\"a\":", "{}{}"]) assert.isUndefined(Json.parseArguments(text), text)
  })
})

describe("text that nests deep", () => {
  const lists = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)
  const objects = (depth: number): string => `${"{\"a\":".repeat(depth)}0${"}".repeat(depth)}`

  it("is read up to the limit and can be written again", () => {
    for (const text of [lists(Json.maxNesting), objects(Json.maxNesting)]) {
      assert.strictEqual(JSON.stringify(Result.getOrThrow(Json.parse(text))), text)
    }
  })

  it("is refused beyond it, in words", () => {
    for (const text of [lists(Json.maxNesting + 1), objects(Json.maxNesting + 1), lists(100_000), `{"\\"":${objects(5000)}}`]) {
      const parsed = Json.parse(text)
      assert.strictEqual(Result.isFailure(parsed) ? parsed.failure.message : undefined, `it nests deeper than ${Json.maxNesting} levels`)
    }
  })

  it("is not what stands in strings, nor what stands side by side", () => {
    for (
      const text of [JSON.stringify(lists(1000)), JSON.stringify(["\\\"[", "\\".repeat(600), "[".repeat(600), "\"".repeat(600)]), `[${"[[]],".repeat(1000)}1]`]
    ) {
      assert.isTrue(Result.isSuccess(Json.parse(text)))
    }
  })
})

describe("nesting", () => {
  const nested = (depth: number): JsonValue => JSON.parse("[".repeat(depth) + "]".repeat(depth))

  it("counts arrays and objects, not what they hold", () => {
    assert.isFalse(Json.isDeeperThan("a", 0))
    assert.isTrue(Json.isDeeperThan({}, 0))
    assert.isFalse(Json.isDeeperThan({ a: [1, 2] }, 2))
    assert.isTrue(Json.isDeeperThan({ a: [{}] }, 2))
  })

  it("is measured without recursion, however deep", () => {
    assert.isTrue(Json.isDeeperThan(nested(200_000), 199_999))
    assert.isFalse(Json.isDeeperThan(nested(200_000), 200_000))
  })
})

describe("optional fields", () => {
  it("are absent when they are undefined, and stay when they are null, false, zero or empty", () => {
    const value = Json.present({ a: undefined, b: null, c: false, d: 0, e: "" })
    assert.deepStrictEqual(Object.keys(value), ["b", "c", "d", "e"])
  })
})
