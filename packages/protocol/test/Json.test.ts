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

describe("whole numbers that JavaScript would round", () => {
  const text =
    "{\"id\":1234567890123456789,\"in\":[-9007199254740993,{\"a\":9007199254740992}],\"text\":\"1234567890123456789\",\"part\":0.12345678901234567890}"

  it("are written again digit for digit where they were read exactly, arguments of calls among them", () => {
    const read = Result.getOrThrow(Json.parseExact(text))
    assert.include(JSON.stringify(read), "\"id\":1234567890123456789,\"in\":[-9007199254740993,{\"a\":9007199254740992}],\"text\":\"1234567890123456789\"")
    assert.include(JSON.stringify(Json.parseArguments(text)), "\"id\":1234567890123456789,")
  })

  it("are rounded where numbers are needed", () => {
    const read = Result.getOrThrow(Json.parse(text))
    assert.include(JSON.stringify(read), "\"id\":1234567890123456800,\"in\":[-9007199254740992,")
  })

  it("are told from those that are written again as they were", () => {
    for (const source of ["1234567890123456789", "-9007199254740993", "100000000000000000000000"]) assert.isTrue(Json.isRounded(source), source)
    for (const source of ["9007199254740992", "12345678901234567000", "123", "1e30", "0.1234567890123456789"]) assert.isFalse(Json.isRounded(source), source)
  })

  it("change nothing else of what is read", () => {
    const plain = "{\"a\":[1,2.5,\"1234567890123456789\",null,true,{\"b\":1234567890123456}]}"
    assert.deepStrictEqual(Result.getOrThrow(Json.parseExact(plain)), JSON.parse(plain))
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
