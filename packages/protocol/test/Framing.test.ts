/** How answers are framed for clients. */
import { assert, describe, it } from "@effect/vitest"
import * as Framing from "../src/Framing.ts"

const events = [{ data: "{\"a\":1}" }, { data: "{\"b\":2}" }]

describe("Framing.writer", () => {
  it("writes server-sent events that need no close", () => {
    const writer = Framing.writer("sse")
    assert.strictEqual(writer.write(events) + writer.end(), "data: {\"a\":1}\n\ndata: {\"b\":2}\n\n")
  })

  it("writes one JSON array, however the events arrive and whatever silence lies between", () => {
    for (const cut of [0, 1, 2]) {
      const writer = Framing.writer("json-array")
      const text = writer.heartbeat + writer.write(events.slice(0, cut)) + writer.heartbeat + writer.write(events.slice(cut)) + writer.end()
      assert.deepStrictEqual(JSON.parse(text), [{ a: 1 }, { b: 2 }])
    }
  })

  it("writes an empty array where nothing was said", () => {
    const writer = Framing.writer("json-array")
    assert.strictEqual(writer.write([]) + writer.end(), "[]")
  })
})
