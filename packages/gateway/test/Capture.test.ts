import { assert, describe, it } from "@effect/vitest"
import * as Capture from "../src/Capture.ts"

const bytes = (text: string) => new TextEncoder().encode(text)
const texts = (capture: Capture.Capture) => capture.pieces()?.map((piece) => new TextDecoder().decode(piece))

describe("the bytes of an answer that are kept for another time", () => {
  it("are kept up to the limit, and then not at all", () => {
    const capture = Capture.make(5)
    capture.push(bytes("abc"))
    capture.push(bytes("de"))
    assert.deepStrictEqual(texts(capture), ["abcde"])
    capture.push(bytes("f"))
    assert.strictEqual(texts(capture), undefined)
  })

  it("are not kept any more where there is no room, whatever comes afterwards", () => {
    const capture = Capture.make(5)
    capture.push(bytes("abc"))
    capture.giveUp()
    capture.push(bytes("d"))
    assert.strictEqual(texts(capture), undefined)
  })
})
