import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { describe, vi } from "vitest"
import * as Sse from "../src/Sse.ts"

const encoder = new TextEncoder()
const bytesOf = (text: string) => encoder.encode(text)

interface Read {
  readonly events: ReadonlyArray<Sse.WireEvent>
  readonly bytes: ReadonlyArray<number>
  readonly overflow: boolean
  readonly unterminated: boolean
}

/** Feeds chunks to a fresh splitter and gathers everything it hands over. */
const readChunks = (chunks: ReadonlyArray<Uint8Array>, options?: { readonly maxEventBytes?: number; readonly tolerant?: boolean }): Read => {
  const splitter = Sse.splitter(options)
  const splits = [...chunks.map((chunk) => splitter.push(chunk)), splitter.end({ tolerant: options?.tolerant ?? false })]
  return {
    events: splits.flatMap((split) => split.events),
    bytes: splits.flatMap((split) => [...split.bytes]),
    overflow: splits.some((split) => split.overflow === true),
    unterminated: splits.some((split) => split.unterminated === true)
  }
}

const read = (text: string, options?: { readonly maxEventBytes?: number; readonly tolerant?: boolean }) => readChunks([bytesOf(text)], options)
const eventsOf = (text: string) => read(text).events

/** The bytes in two pieces at every offset, and byte by byte. */
const cuts = (bytes: Uint8Array): ReadonlyArray<ReadonlyArray<Uint8Array>> => [
  ...Array.from(bytes, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]),
  Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
]

describe("lines of the HTML standard", () => {
  it("join several data lines with a line feed", () => {
    assert.deepStrictEqual(eventsOf("data: YHOO\ndata: +2\ndata: 10\n\n"), [{ data: "YHOO\n+2\n10" }])
  })

  it("take away exactly one space after the colon", () => {
    assert.deepStrictEqual(eventsOf("data:test\n\ndata: test\n\ndata:  test\n\n"), [{ data: "test" }, { data: "test" }, { data: " test" }])
  })

  it("hold empty data when the field has no colon or nothing behind it", () => {
    assert.deepStrictEqual(eventsOf("data\n\ndata\ndata\n\ndata:\n\n"), [{ data: "" }, { data: "\n" }, { data: "" }])
  })

  it("are silent when they are comments", () => {
    assert.deepStrictEqual(eventsOf(": test stream\n\n:\n\ndata: first\n: in between\n\n"), [{ data: "first" }])
  })

  it("are silent when they are retry, id or unknown fields", () => {
    assert.deepStrictEqual(eventsOf("retry: 10\n\nid: 7\nfoo: bar\ndata: a\n\nid\n\n"), [{ data: "a" }])
  })

  it("name the event, the last name winning, an empty one meaning none", () => {
    assert.deepStrictEqual(eventsOf("event: a\nevent: b\ndata: 1\n\nevent: a\nevent:\ndata: 2\n\n"), [{ name: "b", data: "1" }, { data: "2" }])
  })

  it("name the event also behind its data, as one event", () => {
    assert.deepStrictEqual(eventsOf("data: {\"a\":1}\nevent: late\n\ndata: 2\n\n"), [{ name: "late", data: "{\"a\":1}" }, { data: "2" }])
  })

  it("forget the name of an event without data", () => {
    assert.deepStrictEqual(eventsOf("event: a\n\ndata: 1\n\n"), [{ data: "1" }])
  })

  it("treat field names literally: case and spaces matter", () => {
    assert.deepStrictEqual(eventsOf("Data: a\n data: b\ndata : c\n\n"), [])
  })

  it("end with LF, CR or CRLF, mixed as the sender likes", () => {
    for (const end of ["\n", "\r", "\r\n"]) assert.deepStrictEqual(eventsOf(`data: a${end}data: b${end}${end}`), [{ data: "a\nb" }], JSON.stringify(end))
    assert.deepStrictEqual(eventsOf("data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r"), [{ data: "a\nb\nc" }, { data: "d" }])
  })
})

describe("a byte order mark", () => {
  it("is taken away at the start only", () => {
    assert.deepStrictEqual(eventsOf("\uFEFFdata: a\n\n"), [{ data: "a" }])
    assert.deepStrictEqual(eventsOf("data: a\n\n\uFEFFdata: b\n\n"), [{ data: "a" }])
    assert.deepStrictEqual(eventsOf("\uFEFF\uFEFFdata: a\n\n"), [])
  })

  it("is recognised wherever the bytes are cut", () => {
    for (const chunks of cuts(bytesOf("\uFEFF\n\ndata: a\n\n"))) assert.deepStrictEqual(readChunks(chunks).events, [{ data: "a" }])
  })
})

describe("cutting the bytes", () => {
  const streams = [
    "event: x\ndata: a\n\ndata: b\n\n",
    "data: a\r\n\r\ndata: b\r\ndata: c\r\n\r\n: ping\r\n\r\n",
    "data: a\r\rdata: b\r\r",
    "data: 一😀é\u2028\n\nevent: 😀\ndata: ﷽\r\n\r\n",
    "\n\n\r\r\n\r\n\ndata: a\n\r\n"
  ]

  it("at any offset, inside characters and between CR and LF, changes no event and loses no byte", () => {
    for (const stream of streams) {
      const whole = readChunks([bytesOf(stream)])
      assert.deepStrictEqual(whole.bytes, [...bytesOf(stream)])
      for (const chunks of cuts(bytesOf(stream))) {
        const cut = readChunks(chunks)
        assert.deepStrictEqual(cut, whole, JSON.stringify(stream))
      }
    }
  })

  it("hands over whole frames only, so that forwarding the bytes forwards what was decoded", () => {
    const splitter = Sse.splitter()
    const first = splitter.push(bytesOf("data: a\n\ndata: b\n"))
    assert.deepStrictEqual([new TextDecoder().decode(first.bytes), first.events], ["data: a\n\n", [{ data: "a" }]])
    const second = splitter.push(bytesOf("\n"))
    assert.deepStrictEqual([new TextDecoder().decode(second.bytes), second.events], ["data: b\n\n", [{ data: "b" }]])
  })

  it("hands over the LF that completes a CRLF at once", () => {
    const splitter = Sse.splitter()
    assert.deepStrictEqual(splitter.push(bytesOf("data: a\r\n\r")).events, [{ data: "a" }])
    assert.deepStrictEqual([...splitter.push(bytesOf("\n")).bytes], [10])
  })

  const Cuts = Schema.Struct({
    text: Schema.Array(Schema.Literals(["data", ":", " ", "\n", "\r", "event", "x", "é", "😀", "\n\n", "data: a"])),
    at: Schema.Array(Schema.Natural)
  })
  it.effect.prop("never matters, whatever the lines are", [Cuts], ([{ text, at }]) =>
    Effect.sync(() => {
      const bytes = bytesOf(text.join(""))
      const offsets = [0, ...at.map((offset) => offset % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
      const chunks = offsets.slice(1).map((offset, index) => bytes.subarray(offsets[index], offset))
      for (const tolerant of [true, false]) assert.deepStrictEqual(readChunks(chunks, { tolerant }), readChunks([bytes], { tolerant }))
    }))
})

describe("bytes that are not UTF-8", () => {
  it("become replacement characters and hurt no other event", () => {
    const { events } = readChunks([new Uint8Array([...bytesOf("data: a"), 0xff, 0xc3, ...bytesOf("\n\ndata: b\n\n")])])
    assert.deepStrictEqual(events, [{ data: "a\uFFFD\uFFFD" }, { data: "b" }])
  })
})

describe("the end of the bytes", () => {
  it("discards a frame without a blank line when strict", () => {
    assert.deepStrictEqual(read("data: a\n\ndata: b\n"), { events: [{ data: "a" }], bytes: [...bytesOf("data: a\n\n")], overflow: false, unterminated: false })
  })

  it("delivers and flags it when tolerant", () => {
    assert.deepStrictEqual(read("data: a\n\ndata: b", { tolerant: true }), {
      events: [{ data: "a" }, { data: "b" }],
      bytes: [...bytesOf("data: a\n\ndata: b")],
      overflow: false,
      unterminated: true
    })
  })

  it("flags nothing when only a comment is left over", () => {
    assert.isFalse(read("data: a\n\n: bye", { tolerant: true }).unterminated)
  })
})

describe("an event that is too large", () => {
  const frame = `data: ${"x".repeat(20)}\n\n`

  it("passes when it has exactly the allowed size", () => {
    assert.deepStrictEqual(read(frame, { maxEventBytes: frame.length }).overflow, false)
  })

  it("overflows however it was cut, after the events before it", () => {
    for (const chunks of cuts(bytesOf(`data: a\n\n${frame}data: b\n\n`))) {
      const { events, overflow } = readChunks(chunks, { maxEventBytes: frame.length - 1 })
      assert.deepStrictEqual([events, overflow], [[{ data: "a" }], true])
    }
  })

  it("is reported once and nothing is read after it", () => {
    const splitter = Sse.splitter({ maxEventBytes: 4 })
    assert.isTrue(splitter.push(bytesOf("data: a")).overflow)
    assert.deepStrictEqual(splitter.push(bytesOf("\n\ndata: b\n\n")), { bytes: new Uint8Array(0), events: [] })
    assert.deepStrictEqual(splitter.end({ tolerant: true }).events, [])
  })
})

describe("the work per byte", () => {
  /** Bytes and characters that the searches inside the splitter look at. */
  const workOf = (run: () => void): number => {
    let work = 0
    const scanned = (found: number, length: number, from: number) => (found === -1 ? length : found + 1) - Math.min(from, length)
    const { indexOf: inBytes, includes: hasByte } = Uint8Array.prototype
    const { indexOf: inText } = String.prototype
    const spies = [
      vi.spyOn(Uint8Array.prototype, "indexOf").mockImplementation(function(this: Uint8Array, byte, from = 0) {
        const found = inBytes.call(this, byte, from)
        work += scanned(found, this.length, from)
        return found
      }),
      vi.spyOn(Uint8Array.prototype, "includes").mockImplementation(function(this: Uint8Array, byte) {
        work += this.length
        return hasByte.call(this, byte)
      }),
      vi.spyOn(String.prototype, "indexOf").mockImplementation(function(this: string, text, from = 0) {
        const found = inText.call(this, text, from)
        work += scanned(found, this.length, from)
        return found
      })
    ]
    run()
    for (const spy of spies) spy.mockRestore()
    return work
  }

  const size = 20_000
  const streams = {
    "one large event": `data: ${"x".repeat(size)}\n\n`,
    "lines without a colon": `${"data\n".repeat(size / 5)}\n`,
    "line feeds and one CR at the end": `${"data: a\n\n".repeat(size / 9)}data: b\r\r`,
    "CRs and one line feed at the end": `${"data: a\r\r".repeat(size / 9)}data: b\n\n`,
    "blank lines": "\n".repeat(size)
  }

  for (const [name, text] of Object.entries(streams)) {
    it(`grows with the bytes and not with their square: ${name}`, () => {
      const bytes = bytesOf(text)
      const limit = bytes.length * 8
      const whole = workOf(() => void readChunks([bytes]))
      const pieces = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7))
      const inPieces = workOf(() => void readChunks(pieces))
      assert.isBelow(whole, limit)
      assert.isBelow(inPieces, limit)
      assert.isAbove(whole, 0)
    })
  }
})

describe("writing", () => {
  it("cannot be made to inject a field, an event or a comment", () => {
    for (const attack of ["\n\nevent: evil", "\r\rdata: evil", "\r\ndata: evil\r\n\r\n", "x\0y\n"]) {
      const text = Sse.write({ name: `a${attack}`, data: `b${attack}` })
      const [event, ...rest] = eventsOf(text)
      assert.deepStrictEqual(rest, [])
      assert.deepStrictEqual(event?.data, `b${attack.replaceAll(/\r\n?/g, "\n")}`)
      assert.notMatch(event?.name ?? "", /[\r\n\0]/)
    }
  })

  it("escapes the two separators at which some clients' patterns stop", () => {
    const text = Sse.write({ data: JSON.stringify({ a: "x\u2028y\u2029z" }) })
    assert.notMatch(text, /[\u2028\u2029]/)
    assert.deepStrictEqual(JSON.parse(eventsOf(text)[0]?.data ?? ""), { a: "x\u2028y\u2029z" })
  })

  it("writes several events in order and heartbeats that readers do not see", () => {
    const events = [{ name: "a", data: "1" }, { data: "[DONE]" }]
    assert.deepStrictEqual(eventsOf(`${Sse.heartbeat}${Sse.writeAll(events)}${Sse.heartbeat}`), events)
  })

  const Event = Schema.Struct({ name: Schema.String, data: Schema.String })
  it.effect.prop("comes back as it was, line ends and separators aside", [Schema.Array(Event)], ([events]) =>
    Effect.sync(() => {
      const plain = (text: string) => text.toWellFormed().replaceAll(/\r\n?/g, "\n").replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")
      const expected = events.map(({ name, data }) => {
        const clean = name.toWellFormed().replaceAll(/[\r\n\0]/g, "")
        return clean === "" ? { data: plain(data) } : { name: clean, data: plain(data) }
      })
      assert.deepStrictEqual(eventsOf(Sse.writeAll(events)), expected)
    }))
})
