import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { ask, type ProtocolName } from "./ask.ts"
import { chatSchemas, messagesSchemas } from "./officialSchemas.ts"
import { chatViolations, messagesViolations, readEvents } from "./strictReaders.ts"

/** Scenarios whose every answer is lawful, with the variants that change the frames. */
const lawful = [
  "auto",
  "text",
  "text;events=3",
  "tools",
  "tools;text=1",
  "parallel-tools",
  "parallel-tools;interleave=1",
  "parallel-tools;calls=4",
  "reasoning",
  "reasoning;redacted=1",
  "reasoning;tools=1",
  "refusal",
  "length",
  "content-filter",
  "stop-sequence",
  "structured",
  "long;events=50",
  "long;events=50;size=40;chunk=7",
  "cached",
  "many-choices",
  "many-choices;n=5",
  "logprobs",
  "ping",
  "crlf",
  "retry-line",
  "huge-frame;bytes=100000",
  "informational",
  "drip"
]

/** Faults inside a finished HTTP exchange, and what a strict reader has to notice; [chat, messages]. */
const unlawful: ReadonlyArray<readonly [scenario: string, chat: string, messages: string]> = [
  ["no-done", "[DONE] is not once and last", "message_stop is not once and last"],
  ["duplicate-terminal", "[DONE] is not once and last", "message_stop is not once and last"],
  ["content-after-finish", "content after finish", "something between message_delta and message_stop"],
  ["garbage", "broken JSON", "broken JSON"],
  ["truncated", "finish_reason is not one known word", "message_delta is not once with stop_reason and usage"],
  ["truncated;after=0", "[DONE] is not once and last", "message_start is not once, first and with usage"],
  ["truncated;at=700", "[DONE] is not once and last", "message_stop is not once and last"],
  ["stream-error", "error event", "error event"],
  ["stream-error;after=0", "error event", "error event"],
  ["missing-usage", "usage chunk is not there exactly when asked for", "message_delta is not once with stop_reason and usage"],
  ["empty", "[DONE] is not once and last", "message_start is not once, first and with usage"]
]

const asked = { chat: { stream_options: { include_usage: true } }, messages: {} }

const streamed = (protocol: ProtocolName, scenario: string) =>
  Effect.map(ask(protocol, `sim-${scenario}`, { stream: true, body: asked[protocol] }), (reply) => {
    const events = readEvents(reply.text)
    const violations = protocol === "chat" ? chatViolations(events, true) : messagesViolations(events)
    return { ...reply, events, violations }
  })

const schemaErrors = (protocol: ProtocolName, data: string): ReadonlyArray<string> => {
  if (data === "[DONE]") return []
  const validate = protocol === "chat" ? chatSchemas.event : messagesSchemas.event
  return validate(JSON.parse(data))
}

for (const protocol of ["chat", "messages"] as const) {
  describe(`${protocol} streams`, () => {
    it.layer(Simulator.layer)((it) => {
      for (const scenario of lawful) {
        it.effect(`${scenario} is lawful and valid against the official schema`, () =>
          Effect.gen(function*() {
            const { status, headers, events, violations } = yield* streamed(protocol, scenario)
            assert.deepStrictEqual([status, headers["content-type"]], [200, "text/event-stream; charset=utf-8"])
            assert.deepStrictEqual(violations, [])
            assert.deepStrictEqual(events.flatMap((event) => schemaErrors(protocol, event.data)), [])
          }))
      }
      for (const [scenario, chat, messages] of unlawful) {
        it.effect(`${scenario} breaks exactly what it says`, () =>
          Effect.gen(function*() {
            const { violations } = yield* streamed(protocol, scenario)
            assert.include(violations, protocol === "chat" ? chat : messages)
          }))
      }
    })
  })

  describe(`${protocol} bodies`, () => {
    it.layer(Simulator.layer)((it) => {
      const validate = protocol === "chat" ? chatSchemas.body : messagesSchemas.body
      for (const scenario of [...lawful, "late-usage", "no-done", "duplicate-terminal", "content-after-finish"]) {
        it.effect(`${scenario} is valid against the official schema`, () =>
          Effect.gen(function*() {
            const { status, headers, text } = yield* ask(protocol, `sim-${scenario}`)
            assert.deepStrictEqual([status, headers["content-type"]], [200, "application/json"])
            assert.deepStrictEqual(validate(JSON.parse(text)), [])
          }))
      }
      it.effect("missing-usage leaves usage out or says zero", () =>
        Effect.gen(function*() {
          const { text } = yield* ask(protocol, "sim-missing-usage")
          const { usage } = JSON.parse(text)
          if (protocol === "chat") assert.strictEqual(usage, undefined)
          else assert.deepStrictEqual([usage.input_tokens, usage.output_tokens], [0, 0])
        }))
      it.effect("garbage is not JSON, truncated is half of it, html is a page, empty is empty", () =>
        Effect.gen(function*() {
          const garbage = yield* ask(protocol, "sim-garbage")
          assert.throws(() => JSON.parse(garbage.text))
          const truncated = yield* ask(protocol, "sim-truncated")
          assert.throws(() => JSON.parse(truncated.text))
          assert.isAbove(truncated.text.length, 100)
          const page = yield* ask(protocol, "sim-html")
          assert.deepStrictEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"])
          const empty = yield* ask(protocol, "sim-empty")
          assert.deepStrictEqual([empty.status, empty.text], [200, ""])
        }))
    })
  })

  describe(`${protocol} modes`, () => {
    it.layer(Simulator.layer)((it) => {
      it.effect("json-for-stream answers a stream request with a body", () =>
        Effect.gen(function*() {
          const reply = yield* ask(protocol, "sim-json-for-stream", { stream: true })
          assert.strictEqual(reply.headers["content-type"], "application/json")
          assert.isString(JSON.parse(reply.text).id)
        }))
      it.effect("sse-for-buffered answers a buffered request with a stream", () =>
        Effect.gen(function*() {
          const reply = yield* ask(protocol, "sim-sse-for-buffered")
          assert.strictEqual(reply.headers["content-type"], "text/event-stream; charset=utf-8")
          assert.isAbove(readEvents(reply.text).length, 5)
        }))
      it.effect("wrong-type sends the stream under another content type", () =>
        Effect.gen(function*() {
          const reply = yield* ask(protocol, "sim-wrong-type;type=text/csv", { stream: true })
          assert.strictEqual(reply.headers["content-type"], "text/csv")
          assert.isAbove(readEvents(reply.text).length, 5)
        }))
    })
  })
}

/** Oddities a strict reader notices but that leave the answer whole; [chat, messages], empty where the protocol has no such oddity. */
const quirks: ReadonlyArray<readonly [scenario: string, chat: string, messages: string]> = [
  ["changing-ids", "id changes", ""],
  ["repeated-start", "role repeated", "message_start is not once, first and with usage"],
  ["late-names", "a call starts without id, type or name", ""],
  ["empty-events", "broken JSON", "broken JSON"],
  ["usage-with-finish", "usage chunk has choices", ""],
  ["usage-always", "usage chunk is not there exactly when asked for", ""]
]

describe("quirks", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [scenario, chat, messages] of quirks) {
      it.effect(`${scenario} is noticed, and its bodies are ordinary`, () =>
        Effect.gen(function*() {
          assert.strictEqual((yield* streamed("chat", scenario)).violations[0], chat)
          assert.strictEqual((yield* streamed("messages", scenario)).violations[0] ?? "", messages)
          const body = yield* ask("chat", `sim-${scenario}`)
          assert.deepStrictEqual(chatSchemas.body(JSON.parse(body.text)), [])
        }))
    }
    it.effect("started=1 lets the start pass before a fault without content", () =>
      Effect.gen(function*() {
        const chat = yield* streamed("chat", "stream-error;after=0;started=1")
        const messages = yield* streamed("messages", "stream-error;after=0;started=1")
        assert.deepStrictEqual([chat.events.length, messages.events.map((event) => event.event)], [2, ["message_start", "error"]])
      }))
  })
})

describe("usage of chat streams", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("is told only when the request asks for it", () =>
      Effect.gen(function*() {
        const silent = yield* ask("chat", "sim-text", { stream: true })
        assert.deepStrictEqual(chatViolations(readEvents(silent.text), false), [])
        assert.notInclude(silent.text, "\"usage\"")
      }))
    it.effect("comes after one more empty chunk when late", () =>
      Effect.gen(function*() {
        const { events } = yield* streamed("chat", "late-usage")
        const tail = events.slice(-3).map((event) => event.data === "[DONE]" ? "done" : JSON.parse(event.data).usage === null ? "empty" : "usage")
        assert.deepStrictEqual(tail, ["empty", "usage", "done"])
      }))
  })
})

describe("usage of messages streams", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("names the input only at the end when late", () =>
      Effect.gen(function*() {
        const { events } = yield* streamed("messages", "late-usage")
        const [start] = events.map((event) => JSON.parse(event.data))
        const delta = events.map((event) => JSON.parse(event.data)).find((event) => event.type === "message_delta")
        assert.strictEqual(start.message.usage.input_tokens, 0)
        assert.isAbove(delta.usage.input_tokens, 0)
      }))
  })
})
