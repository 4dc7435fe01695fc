import { assert, describe, it } from "@effect/vitest"
import * as Pieces from "../../src/tokenCounter/Pieces.ts"

describe("text in pieces", () => {
  it("is the text again when joined, and every piece is small", () => {
    const texts = ["", "short", "word ".repeat(5_000), "a".repeat(100_000), `${"a".repeat(255)}😀`.repeat(50), "\n".repeat(20_000), "日本語".repeat(3_000)]
    for (const text of texts) {
      const pieces = Pieces.of(text)
      assert.strictEqual(pieces.join(""), text)
      assert.isTrue(pieces.every((piece) => piece.length > 0 && piece.length <= 4_096 + 256))
    }
  })

  it("keeps a pair of surrogates together", () => {
    for (const before of [254, 255, 256, 257]) {
      for (const piece of Pieces.of(`${"a".repeat(before)}😀${"b".repeat(300)}`)) assert.strictEqual(piece, piece.toWellFormed())
    }
  })

  it("cuts no run that is shorter than a long word", () => {
    const word = "a".repeat(200)
    for (const piece of Pieces.of(`${word} `.repeat(100))) assert.match(piece, /^ ?a{200}( a{200})* ?$/)
  })
})
