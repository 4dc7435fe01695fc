/** Which headers rules may have. */
import { assert, describe, it } from "@effect/vitest"
import * as HeaderRules from "../../src/interceptors/HeaderRules.ts"

describe("rules about headers", () => {
  it("may not touch what HTTP itself needs, nor break a message in two", () => {
    for (const name of ["Content-Length", "transfer-encoding", "connection", "bad name", ""]) {
      assert.strictEqual(HeaderRules.problem([{ client: { set: { [name]: "x" } } }])?.header, name)
      assert.strictEqual(HeaderRules.problem([{ upstream: { clear: [name] } }])?.header, name)
    }
    assert.include(HeaderRules.problem([{ upstream: { set: { "x-a": "1\r\nx-b: 2" } } }])?.message, "one line")
    assert.isUndefined(HeaderRules.problem([{ upstream: { set: { "x-a": "1" }, clear: ["x-b"] }, client: { clear: ["server"] } }]))
  })
})
