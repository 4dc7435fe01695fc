import { describe, it } from "@effect/vitest"
import { assert } from "vitest"
import * as Models from "../../src/chat/Models.ts"

describe("the model list", () => {
  it("has the keys SDKs require, also where a fact is unknown", () => {
    assert.deepStrictEqual(Models.list([{ id: "a", created: 5, ownedBy: "o" }, { id: "b" }]), {
      object: "list",
      data: [{ id: "a", object: "model", created: 5, owned_by: "o" }, { id: "b", object: "model", created: 0, owned_by: "system" }]
    })
    assert.deepStrictEqual(Models.one({ id: "b" }), { id: "b", object: "model", created: 0, owned_by: "system" })
  })
})
