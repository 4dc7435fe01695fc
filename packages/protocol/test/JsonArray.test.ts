import { assert, describe, it } from "vitest"
import * as JsonArray from "../src/JsonArray.ts"

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (chunks: ReadonlyArray<Uint8Array>): string => new TextDecoder().decode(new Uint8Array(chunks.flatMap((chunk) => [...chunk])))

const read = (chunks: ReadonlyArray<Uint8Array>, maxEventBytes?: number) => {
  const splitter = JsonArray.splitter(maxEventBytes === undefined ? {} : { maxEventBytes })
  const splits = [...chunks.map((chunk) => splitter.push(chunk)), splitter.end({ tolerant: true })]
  return {
    elements: splits.flatMap((split) => split.events.map((event) => event.data)),
    bytes: splits.map((split) => split.bytes),
    overflow: splits.some((split) => split.overflow === true)
  }
}

const stream = "[{\"a\":\"x]}\\\"é😀\"}\n,\r\n{\"b\":[1,{\"c\":\"\\\\\"}]},\"s\\\"\",7 ,null]\n"
const elements = ["{\"a\":\"x]}\\\"é😀\"}", "{\"b\":[1,{\"c\":\"\\\\\"}]}", "\"s\\\"\"", "7", "null"]

describe("the splitter of an array", () => {
  it("gives the same elements and bytes wherever the bytes are cut", () => {
    const bytes = bytesOf(stream)
    for (let first = 0; first <= bytes.length; first++) {
      for (const second of [first, Math.min(bytes.length, first + 1), Math.min(bytes.length, first + 7)]) {
        const found = read([bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)])
        assert.deepStrictEqual(found.elements, elements, `cut at ${first} and ${second}`)
        assert.strictEqual(textOf(found.bytes), stream)
      }
    }
  })

  it("gives an element as soon as it is whole, and its bytes with it", () => {
    const splitter = JsonArray.splitter()
    assert.deepStrictEqual(splitter.push(bytesOf("[{\"a\":")).events, [])
    const whole = splitter.push(bytesOf("1},{"))
    assert.deepStrictEqual(whole.events, [{ data: "{\"a\":1}" }])
    assert.strictEqual(textOf([whole.bytes]), "{\"a\":1},")
  })

  it("never delivers an element that the stream broke off inside", () => {
    assert.deepStrictEqual(read([bytesOf("[{\"a\":1},{\"b\":")]).elements, ["{\"a\":1}"])
  })

  it("takes a body that is one object for one element", () => {
    assert.deepStrictEqual(read([bytesOf("{\"error\":"), bytesOf("{\"code\":400}}\n")]).elements, ["{\"error\":{\"code\":400}}"])
  })

  it("reads the empty array as no element", () => {
    assert.deepStrictEqual(read([bytesOf("[]")]).elements, [])
  })

  it("refuses an element that is larger than allowed, however it was cut, and keeps those before it", () => {
    const text = bytesOf(`[{"a":1},{"b":"${"x".repeat(100)}"}]`)
    for (const size of [1, 3, 1000]) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, index) => text.subarray(index * size, (index + 1) * size))
      const found = read(chunks, 50)
      assert.isTrue(found.overflow)
      assert.deepStrictEqual(found.elements, ["{\"a\":1}"])
    }
  })
})

describe("the writer of an array", () => {
  it("writes what the splitter reads back", () => {
    const writer = JsonArray.writer()
    const text = writer.write([{ data: "{\"a\":1}" }]) + writer.write([]) + writer.write([{ data: "2" }, { data: "\"\u2028\"" }]) + writer.end()
    assert.deepStrictEqual(JSON.parse(text), [{ a: 1 }, 2, "\u2028"])
    assert.notInclude(text, "\u2028")
    assert.deepStrictEqual(read([bytesOf(text)]).elements, ["{\"a\":1}", "2", "\"\\u2028\""])
  })

  it("writes an empty array where nothing was said", () => {
    assert.strictEqual(JsonArray.writer().end(), "[]")
  })
})
