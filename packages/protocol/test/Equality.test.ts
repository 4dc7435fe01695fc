import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { describe } from "vitest"
import * as Equality from "../src/Equality.ts"

describe("canonical values", () => {
  it("are the same wherever they came from", () => {
    assert.isTrue(Equality.same({ text: "a", wire: { dialect: "x", value: 1 }, at: "/messages/0" }, { text: "a", foreign: ["k"] }))
    assert.isFalse(Equality.same({ text: "a" }, { text: "b" }))
  })

  it("are the same when a key is absent or undefined", () => {
    assert.isTrue(Equality.same({ a: 1, b: undefined }, { a: 1 }))
    assert.isFalse(Equality.same({ a: 1, b: null }, { a: 1 }))
  })

  it("keep the order of arrays and forget that of keys", () => {
    assert.isTrue(Equality.same({ a: 1, b: 2 }, { b: 2, a: 1 }))
    assert.isFalse(Equality.same([1, 2], [2, 1]))
    assert.isFalse(Equality.same([1], { 0: 1 }))
  })

  it("differ in a caller's JSON whatever its keys are called", () => {
    for (const key of ["at", "wire", "foreign", "places"]) {
      const tool = (value: string) => ({ type: "function", parameters: { properties: { [key]: value } } })
      assert.isFalse(Equality.same(tool("a"), tool("b")), key)
      assert.deepStrictEqual(Equality.bare({ ...tool("a"), at: "/tools/0" }), tool("a"))
    }
  })

  it("differ when one has a key that the other inherits", () => {
    assert.isFalse(Equality.same({ metadata: JSON.parse("{\"__proto__\":{}}") }, { metadata: { a: {} } }))
  })
})

describe("showing", () => {
  it.effect.prop("leaves JSON as it is", [Schema.Json], ([value]) =>
    Effect.sync(() => {
      assert.isTrue(Equality.sameJson(JSON.parse(JSON.stringify(value)), JSON.parse(JSON.stringify(value))))
      assert.isTrue(Equality.same(Equality.bare(value), value))
    }))
})
