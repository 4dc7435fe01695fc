import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { describe } from "vitest"
import * as Pointer from "../src/Pointer.ts"

describe("a pointer", () => {
  it("escapes the two characters of RFC 6901", () => {
    assert.strictEqual(Pointer.child("", "a/b", "m~n", 0, ""), "/a~1b/m~0n/0/")
    assert.deepStrictEqual(Pointer.steps("/a~1b/m~0n/0/"), ["a/b", "m~n", "0", ""])
    assert.deepStrictEqual(Pointer.steps("/~01"), ["~1"])
  })

  it("to the whole document has no steps", () => {
    assert.deepStrictEqual(Pointer.steps(""), [])
  })

  it.effect.prop(
    "gives back the steps it was made of",
    [Schema.Array(Schema.String)],
    ([steps]) => Effect.sync(() => assert.deepStrictEqual(Pointer.steps(Pointer.child("", ...steps)), steps))
  )

  it("is counted with * for every index", () => {
    assert.strictEqual(Pointer.pattern("/choices/0/parts/12/text"), "/choices/*/parts/*/text")
    assert.strictEqual(Pointer.pattern("/a0/1b/3"), "/a0/1b/*")
  })
})
