/** How a body is taken down: digest of everything, the text of what is short, both ends of what is long. */
import { assert, describe, it } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as BodyCapture from "../../src/bodies/BodyCapture.ts"

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

const taken = (text: string, keepsText: boolean, pieces = 1000) => {
  const capture = BodyCapture.make(keepsText)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieces) capture.push(bytes.subarray(at, at + pieces))
  return capture.end()
}

describe("a body", () => {
  it("has its length and digest, and nothing else unless wanted", () => {
    assert.deepStrictEqual(taken("Grüße", false), { bytes: 7, sha256: sha256("Grüße") })
    assert.deepStrictEqual(taken("", true), { bytes: 0, sha256: sha256(""), text: "" })
  })

  it("is kept whole up to a mebibyte, however it came", () => {
    const text = "x".repeat(1024 * 1024)
    for (const pieces of [777, 64 * 1024, 2 * 1024 * 1024]) {
      assert.deepStrictEqual(taken(text, true, pieces), { bytes: text.length, sha256: sha256(text), text })
    }
  })

  it("is kept at both ends beyond that", () => {
    const text = `${"a".repeat(9000)}${"x".repeat(3 * 1024 * 1024)}${"b".repeat(9000)}`
    for (const pieces of [777, 64 * 1024, 8 * 1024 * 1024]) {
      assert.deepStrictEqual(taken(text, true, pieces), { bytes: text.length, sha256: sha256(text), text: "a".repeat(8192), tail: "b".repeat(8192) })
    }
  })
})
