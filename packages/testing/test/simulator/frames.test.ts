import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { describe } from "vitest"
import { Simulator } from "../../src/Simulator.ts"
import { ask, type ProtocolName, protocolNames } from "./ask.ts"
import { chatSchemas, geminiSchemas, messagesSchemas, responsesSchemas } from "./officialSchemas.ts"
import { geminiViolations, readChunks } from "./strictGemini.ts"
import { chatViolations, messagesViolations, readEvents } from "./strictReaders.ts"
import { responsesViolations } from "./strictResponses.ts"

/** Scenarios whose every answer is lawful, with the variants that change the frames. */
const lawful = [
  "auto",
  "agent",
  "text",
  "text;events=3",
  "tools",
  "tools;text=1",
  "parallel-tools",
  "parallel-tools;interleave=1",
  "parallel-tools;calls=4",
  "parallel-tools;ids=1",
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

/** What a strict reader notices first, or an empty text where the protocol knows no such fault. */
type Notices = Readonly<Record<ProtocolName, string>>

const notices = (chat: string, messages: string, responses: string, gemini: string, array = gemini): Notices => ({
  chat,
  messages,
  responses,
  gemini,
  "gemini-array": array
})

const noChunk = "no candidate and no feedback"
const unfinished = "the terminal event is not once and last"

/** Faults inside a finished HTTP exchange, and what a strict reader has to notice. */
const unlawful: ReadonlyArray<readonly [scenario: string, notices: Notices]> = [
  ["no-done", notices("[DONE] is not once and last", "message_stop is not once and last", "", "", "broken JSON")],
  [
    "duplicate-terminal",
    notices("[DONE] is not once and last", "message_stop is not once and last", unfinished, "finishReason is not one known word", "broken JSON")
  ],
  ["content-after-finish", notices("content after finish", "something between message_delta and message_stop", unfinished, "content after finish")],
  ["garbage", notices("broken JSON", "broken JSON", "broken JSON", "broken JSON")],
  [
    "truncated",
    notices(
      "finish_reason is not one known word",
      "message_delta is not once with stop_reason and usage",
      unfinished,
      "finishReason is not one known word",
      "broken JSON"
    )
  ],
  [
    "truncated;after=0",
    notices("[DONE] is not once and last", "message_start is not once, first and with usage", "response.created is not once and first", noChunk, "broken JSON")
  ],
  [
    "truncated;at=700",
    notices("[DONE] is not once and last", "message_stop is not once and last", unfinished, "finishReason is not one known word", "broken JSON")
  ],
  ["stream-error", notices("error event", "error event", "error event", "error chunk")],
  ["stream-error;after=0", notices("error event", "error event", "error event", "error chunk")],
  [
    "missing-usage",
    notices(
      "usage chunk is not there exactly when asked for",
      "message_delta is not once with stop_reason and usage",
      "the terminal event has no usage",
      "a chunk has no usage"
    )
  ],
  ["empty", notices("[DONE] is not once and last", "message_start is not once, first and with usage", unfinished, noChunk, "broken JSON")]
]

const asked: Readonly<Record<ProtocolName, object>> = {
  "chat": { stream_options: { include_usage: true } },
  "messages": {},
  "responses": { include: ["reasoning.encrypted_content"] },
  "gemini": {},
  "gemini-array": {}
}

const schemas = { "chat": chatSchemas, "messages": messagesSchemas, "responses": responsesSchemas, "gemini": geminiSchemas, "gemini-array": geminiSchemas }

const violationsOf: Readonly<Record<ProtocolName, (text: string) => ReadonlyArray<string>>> = {
  "chat": (text) => chatViolations(readEvents(text), true),
  "messages": (text) => messagesViolations(readEvents(text)),
  "responses": (text) => responsesViolations(readEvents(text)),
  "gemini": (text) => geminiViolations(readChunks(text, false)),
  "gemini-array": (text) => geminiViolations(readChunks(text, true))
}

const streamType = (protocol: ProtocolName): string => protocol === "gemini-array" ? "application/json" : "text/event-stream; charset=utf-8"

const dataOf = (protocol: ProtocolName, text: string): ReadonlyArray<string> =>
  protocol === "gemini-array" ? readChunks(text, true) : readEvents(text).map((event) => event.data)

const streamed = (protocol: ProtocolName, scenario: string) =>
  Effect.map(
    ask(protocol, `sim-${scenario}`, { stream: true, body: asked[protocol] }),
    (reply) => ({ ...reply, events: readEvents(reply.text), data: dataOf(protocol, reply.text), violations: violationsOf[protocol](reply.text) })
  )

const schemaErrors = (protocol: ProtocolName, data: string): ReadonlyArray<string> => data === "[DONE]" ? [] : schemas[protocol].event(JSON.parse(data))

for (const protocol of protocolNames) {
  describe(`${protocol} streams`, () => {
    it.layer(Simulator.layer)((it) => {
      for (const scenario of lawful) {
        it.effect(`${scenario} is lawful and valid against the official schema`, () =>
          Effect.gen(function*() {
            const { status, headers, data, violations } = yield* streamed(protocol, scenario)
            assert.deepStrictEqual([status, headers["content-type"]], [200, streamType(protocol)])
            assert.deepStrictEqual(violations, [])
            assert.deepStrictEqual(data.flatMap((one) => schemaErrors(protocol, one)), [])
          }))
      }
      for (const [scenario, noticed] of unlawful) {
        it.effect(`${scenario} breaks exactly what it says`, () =>
          Effect.gen(function*() {
            const { violations } = yield* streamed(protocol, scenario)
            if (noticed[protocol] === "") assert.deepStrictEqual(violations, [])
            else assert.include(violations, noticed[protocol])
          }))
      }
    })
  })

  describe(`${protocol} bodies`, () => {
    it.layer(Simulator.layer)((it) => {
      const validate = schemas[protocol].body
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
          const { usage, usageMetadata } = JSON.parse(text)
          if (protocol !== "messages") assert.deepStrictEqual([usage, usageMetadata], [undefined, undefined])
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
          assert.isString(JSON.parse(reply.text).id ?? JSON.parse(reply.text).responseId)
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
          assert.isAbove(dataOf(protocol, reply.text).length, 5)
        }))
    })
  })
}

/** Oddities a strict reader notices but that leave the answer whole. */
const quirks: ReadonlyArray<readonly [scenario: string, notices: Notices]> = [
  ["changing-ids", notices("id changes", "", "item id changes", "response id changes")],
  ["repeated-start", notices("role repeated", "message_start is not once, first and with usage", "response.created is not once and first", "")],
  ["late-names", notices("a call starts without id, type or name", "", "a call starts without name or call id", "")],
  ["empty-events", notices("broken JSON", "broken JSON", "broken JSON", "broken JSON", "")],
  ["usage-with-finish", notices("usage chunk has choices", "", "", "a chunk has no usage")],
  ["usage-always", notices("usage chunk is not there exactly when asked for", "", "", "")]
]

describe("quirks", () => {
  it.layer(Simulator.layer)((it) => {
    for (const [scenario, noticed] of quirks) {
      for (const protocol of protocolNames) {
        it.effect(`${scenario} is noticed in ${protocol}, and its bodies are ordinary`, () =>
          Effect.gen(function*() {
            assert.strictEqual((yield* streamed(protocol, scenario)).violations[0] ?? "", noticed[protocol])
            const body = yield* ask(protocol, `sim-${scenario}`)
            assert.deepStrictEqual(schemas[protocol].body(JSON.parse(body.text)), [])
          }))
      }
    }
    it.effect("started=1 lets the start pass before a fault without content", () =>
      Effect.gen(function*() {
        const chat = yield* streamed("chat", "stream-error;after=0;started=1")
        const messages = yield* streamed("messages", "stream-error;after=0;started=1")
        const responses = yield* streamed("responses", "stream-error;after=0;started=1")
        const gemini = yield* streamed("gemini", "stream-error;after=0;started=1")
        assert.deepStrictEqual([chat.events.length, messages.events.map((event) => event.event)], [2, ["message_start", "error"]])
        assert.deepStrictEqual(responses.events.map((event) => event.event), ["response.created", "response.in_progress", "error", "response.failed"])
        assert.deepStrictEqual(gemini.events.map((event) => Object.keys(JSON.parse(event.data))), [["error"]])
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
