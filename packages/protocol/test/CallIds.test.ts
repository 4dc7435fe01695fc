import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { describe } from "vitest"
import * as CallIds from "../src/CallIds.ts"

const rule = { allowed: /[a-zA-Z0-9_-]/, maxLength: 40 }

describe("an id the dialect accepts", () => {
  it("stays as it is, up to the last allowed character", () => {
    for (const id of ["call_1", "a", "x".repeat(40), "toolu_01A-b"]) assert.strictEqual(CallIds.fit(id, rule), id)
  })
})

describe("an id the dialect refuses", () => {
  it("keeps a readable beginning and gets a digest", () => {
    assert.match(CallIds.fit("functions.read:0", rule), /^functions_read_0_[a-z0-9]{14}$/)
    assert.match(CallIds.fit("x".repeat(41), rule), /^x{25}_[a-z0-9]{14}$/)
    assert.match(CallIds.fit("", rule), /^_[a-z0-9]{14}$/)
  })

  it("differs from its neighbours that look the same once cleaned", () => {
    const ids = ["a.b", "a:b", "a b", "a/b", "a\u{1F600}b", `${"x".repeat(50)}1`, `${"x".repeat(50)}2`]
    assert.strictEqual(new Set(ids.map((id) => CallIds.fit(id, rule))).size, ids.length)
  })
})

describe("an id made for a call without one", () => {
  it("tells calls of one answer apart, and those of different answers", () => {
    const ids = [CallIds.made("resp_1", 0, 0), CallIds.made("resp_1", 0, 1), CallIds.made("resp_1", 1, 0), CallIds.made("resp_2", 0, 0)]
    assert.strictEqual(new Set(ids).size, ids.length)
    for (const id of ids) assert.match(id, /^call_[a-z0-9]{14}_\d_\d$/)
  })

  it("is its place alone where the answer has no id", () => {
    assert.strictEqual(CallIds.made(undefined, 0, 2), "call_0_2")
    assert.strictEqual(CallIds.made("", 0, 2), "call_0_2")
  })
})

describe("fitting", () => {
  it.effect.prop("gives what the rule allows, the same each time, and changes it no further", [Schema.String], ([id]) =>
    Effect.sync(() => {
      const fitted = CallIds.fit(id, rule)
      assert.match(fitted, /^[a-zA-Z0-9_-]{1,40}$/)
      assert.strictEqual(CallIds.fit(id, rule), fitted)
      assert.strictEqual(CallIds.fit(fitted, rule), fitted)
    }))

  it.effect.prop("keeps different ids apart", [Schema.String, Schema.String], ([left, right]) =>
    Effect.sync(() => {
      if (left !== right) assert.notStrictEqual(CallIds.fit(`:${left}`, rule), CallIds.fit(`:${right}`, rule))
    }))
})
