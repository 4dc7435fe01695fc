import { assert } from "@effect/vitest"
import { describe, it } from "vitest"
import { joined } from "../src/Chunks.ts"

describe("chunks joined", () => {
  it("are their bytes in order", () => {
    assert.deepStrictEqual(joined([new Uint8Array([1, 2]), new Uint8Array([]), new Uint8Array([3])]), new Uint8Array([1, 2, 3]))
    assert.deepStrictEqual(joined([]), new Uint8Array([]))
  })

  it("are the very chunk where there is only one", () => {
    const chunk = new Uint8Array([1])
    assert.strictEqual(joined([chunk]), chunk)
  })
})
