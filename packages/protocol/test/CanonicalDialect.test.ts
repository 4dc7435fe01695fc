import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { dialect } from "../src/CanonicalDialect.ts"
import type { CanonicalEvent } from "../src/CanonicalEvent.ts"
import type { CanonicalRequest } from "../src/CanonicalRequest.ts"
import type { Failure } from "../src/GatewayError.ts"
import * as Loss from "../src/Loss.ts"
import { DialectId, type Json } from "../src/Wire.ts"

const request: CanonicalRequest = {
  model: "m",
  stream: true,
  turns: [{ role: "user", parts: [{ type: "text", text: "Hi" }], at: "/messages/0", wire: { dialect: DialectId.make("other"), value: { role: "user" } } }],
  metadata: { wire: "a key like any other" }
}

const context = { request, id: "x", created: 0, sink: Loss.sink() }

const events: ReadonlyArray<CanonicalEvent> = [
  { type: "start", id: "a", model: "m" },
  { type: "block-start", choice: 0, index: 0, kind: "text" },
  { type: "text-delta", choice: 0, index: 0, text: "Hello" },
  { type: "block-end", choice: 0, index: 0 },
  { type: "usage", usage: { input: 1, output: 2 } },
  { type: "finish", choice: 0, reason: "stop" },
  { type: "end" }
]

/** Reads events written by the dialect, one frame each. */
const read = (written: ReadonlyArray<CanonicalEvent>, how?: "eof" | "reset"): ReadonlyArray<CanonicalEvent> => {
  const writer = dialect.events.encoder.start(context)
  const reader = dialect.events.decoder.start()
  const frames = written.flatMap((event) => writer.step({ events: [event] })).flatMap((event) => reader.step(event))
  return [...frames, ...(how === undefined ? [] : reader.end(how))].flatMap((frame) => frame.events)
}

describe("the canonical dialect", () => {
  it("writes a request without where it came from, loses nothing and reads it again", () => {
    const { body, losses } = dialect.request.encode(request)
    assert.deepStrictEqual(losses, [])
    assert.deepStrictEqual(body, {
      model: "m",
      stream: true,
      turns: [{ role: "user", parts: [{ type: "text", text: "Hi" }] }],
      metadata: { wire: "a key like any other" }
    })
    const again: unknown = Result.getOrThrow(dialect.request.decode({ body, headers: {}, path: {} }))
    assert.deepStrictEqual(again, body)
  })

  it("refuses what is no request, with the place", () => {
    const paramOf = (body: Json) => dialect.request.check({ body, headers: {}, path: {} })?.param
    assert.deepStrictEqual([paramOf("x"), paramOf({}), paramOf({ turns: [{ role: "user" }] }), paramOf({ turns: [], instructions: [1] })], [
      "",
      "/turns",
      "/turns",
      "/instructions"
    ])
  })

  it("reads the events it wrote, streamed and whole", () => {
    assert.deepStrictEqual(read(events), events)
    assert.deepStrictEqual(dialect.response.decode(dialect.response.encode([{ events }], context)).events, events)
  })

  it("closes a stream that its sender did not", () => {
    assert.deepStrictEqual(read(events.slice(0, -1), "eof").at(-1), { type: "end" })
    const failureOf = (found: ReadonlyArray<CanonicalEvent>) =>
      found.at(-1)?.type === "error" ? found.flatMap((event) => event.type === "error" ? [event.failure.class] : []) : []
    assert.deepStrictEqual(failureOf(read(events.slice(0, 3), "reset")), ["cut"])
    assert.deepStrictEqual(failureOf(read([], "eof")), ["empty"])
  })

  it("answers what breaks the grammar, or is no event, with one error and nothing behind it", () => {
    const reader = dialect.events.decoder.start()
    const classes = (data: string) =>
      reader.step({ data }).flatMap((frame) => frame.events.map((event) => event.type === "error" ? event.failure.class : event.type))
    assert.deepStrictEqual(classes(JSON.stringify({ events: [events[2]] })), ["protocol-violation"])
    assert.deepStrictEqual(classes(JSON.stringify({ events: [events[0]] })), [])
    for (
      const wrong of [
        "{",
        "[]",
        "{\"events\":[{}]}",
        "{\"events\":[{\"type\":\"toString\"}]}",
        "{\"events\":[{\"type\":\"text-delta\"}]}",
        "{\"events\":[{\"type\":\"error\",\"failure\":{}}]}"
      ]
    ) {
      const [frame] = dialect.events.decoder.start().step({ data: wrong })
      assert.strictEqual(frame?.events[0]?.type, "error", wrong)
    }
  })

  it("tells failures with all they say, but for what a caller must not see", () => {
    const round = (failure: Failure) =>
      dialect.errors.decode({
        status: 500,
        headers: {},
        body: JSON.stringify(dialect.errors.encode(failure, { status: 500, requestId: "r", message: "Shown." }))
      })
    assert.deepStrictEqual(round({ class: "rate-limited", message: "x", retryAfterMs: 1234, code: "c" }), {
      status: 500,
      class: "rate-limited",
      message: "Shown.",
      retryAfterMs: 1234,
      code: "c"
    })
    assert.deepStrictEqual(round({ class: "provider-auth", message: "x", evidence: { key: "secret" } }), {
      status: 500,
      class: "provider-auth",
      message: "Shown."
    })
    assert.deepInclude(dialect.errors.decode({ status: 503, headers: {}, body: "<html>" }), { class: "overloaded", status: 503 })
  })
})
