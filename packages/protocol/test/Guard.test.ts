import { assert } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, it } from "vitest"
import * as Guard from "../src/Guard.ts"
import type { Json } from "../src/Wire.ts"

const Shape = Schema.Struct({
  model: Schema.String,
  parts: Guard.maybe(
    Schema.Array(
      Schema.Union([Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }), Schema.Struct({ type: Schema.Literal("image"), url: Schema.String })])
    )
  ),
  extra: Guard.maybe(Guard.AnyObject)
})

const check = Guard.check(
  Shape,
  (param, complaint) => ({ class: "bad-request", param, message: typeof complaint === "object" ? complaint.expected : complaint ?? "unclear" })
)

const refusal = (value: Json) => {
  const checked = check(value)
  return Result.isFailure(checked) ? [checked.failure.param, checked.failure.message] : undefined
}

describe("a guard", () => {
  it("gives back the very value it accepts, unknown keys included", () => {
    const value = { model: "m", parts: null, unknown: [1] }
    const checked = check(value)
    assert.strictEqual(Result.isSuccess(checked) ? checked.success : undefined, value as never)
  })

  it("says that a key is missing, and where", () => {
    assert.deepStrictEqual(refusal({}), ["/model", "missing"])
  })

  it("names the deepest place that is wrong", () => {
    assert.deepStrictEqual(refusal({ model: "m", parts: [{ type: "text", text: 1 }] }), ["/parts/0/text", "Expected string"])
  })

  it("speaks of the key that is wrong, not of the types of the alternatives it is not", () => {
    assert.strictEqual(refusal({ model: "m", parts: [{ type: "image", url: null }] })?.[0], "/parts/0/url")
  })

  it("says of an object in the wrong form what was expected", () => {
    assert.deepStrictEqual(refusal({ model: "m", extra: [] })?.[0], "/extra")
  })
})

describe("a value as JSON", () => {
  it("is the same value; what is no object is an empty one", () => {
    const value = { a: 1 }
    assert.strictEqual(Guard.asObject(value), value)
    assert.deepStrictEqual(Guard.asObject([1]), {})
    assert.deepStrictEqual(Guard.asObject(undefined), {})
  })
})
