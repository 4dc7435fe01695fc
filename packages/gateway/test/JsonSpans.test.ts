/** Rewriting top-level members of a JSON text without touching the rest. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as JsonSpans from "../src/JsonSpans.ts"

const rewritten = (text: string, members: Record<string, string>) => JsonSpans.rewrite(text, JsonSpans.scan(text), new Map(Object.entries(members)))

describe("JsonSpans", () => {
  it("replaces only the value of a top-level key and keeps white space, order and escapes", () => {
    const text = "{ \"messages\" : [{\"model\":\"inner \\\"}\"}],\n  \"model\":\"a\\u0062\" , \"n\":1.0 }"
    assert.strictEqual(rewritten(text, { model: "new" }), "{ \"messages\" : [{\"model\":\"inner \\\"}\"}],\n  \"model\":\"new\" , \"n\":1.0 }")
  })

  it("adds a key that was not there before the closing brace", () => {
    assert.strictEqual(rewritten("{\"a\":1}", { b: "x" }), "{\"a\":1,\"b\":\"x\"}")
    assert.strictEqual(rewritten("{ }", { b: "x" }), "{ \"b\":\"x\"}")
  })

  it("finds a key said twice, also when it is escaped", () => {
    assert.strictEqual(JsonSpans.scan("{\"model\":\"a\",\"mod\\u0065l\":\"b\"}").duplicate, "model")
    assert.isUndefined(JsonSpans.scan("{\"a\":{\"b\":1},\"c\":{\"b\":1}}").duplicate)
  })

  it.prop(
    "rewriting gives the JSON that setting the key would give",
    [Schema.Record(Schema.String, Schema.Json), Schema.String, Schema.String],
    ([body, key, value]) => {
      const safe = Object.fromEntries(Object.entries(body).filter(([name]) => name !== "__proto__"))
      if (key === "__proto__") return
      const text = JSON.stringify(safe, undefined, 1)
      assert.deepStrictEqual(JSON.parse(rewritten(text, { [key]: value })), { ...JSON.parse(text), [key]: value })
    }
  )
})
