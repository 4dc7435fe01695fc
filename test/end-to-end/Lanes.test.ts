/**
 * Two lanes, one meaning: the same requests through the byte lane and through the typed lane give the client JSON-equal
 * answers and leave the same ledger entry.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Interceptor from "@sluice/gateway/Interceptor"
import type { Entry } from "@sluice/gateway/Ledger"
import * as Sse from "@sluice/protocol/Sse"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"

const watcher = Interceptor.layer({ id: "watcher", events: () => ({ step: (frame) => [frame] }) })

const scenarios = [
  "text",
  "tools",
  "parallel-tools",
  "reasoning",
  "reasoning;redacted=1",
  "refusal",
  "length",
  "content-filter",
  "stop-sequence",
  "long;events=50",
  "cached",
  "many-choices",
  "logprobs",
  "ping",
  "crlf",
  "retry-line",
  "drip",
  "missing-usage",
  "late-usage",
  "usage-with-finish",
  "usage-always",
  "changing-ids",
  "empty-events",
  "json-for-stream",
  "sse-for-buffered",
  "no-done",
  "duplicate-terminal",
  "stream-error",
  "truncated",
  "late-reset",
  "error;status=503"
]

const requests = {
  openai: (model: string, stream: boolean) => ({
    path: "/v1/chat/completions",
    body: {
      model,
      stream,
      messages: [{ role: "user", content: "Hello" }],
      tools: [{ type: "function", function: { name: "look", parameters: { type: "object", properties: { at: { type: "string" } }, required: ["at"] } } }, {
        type: "function",
        function: { name: "list", parameters: { type: "object", properties: {} } }
      }]
    }
  }),
  anthropic: (model: string, stream: boolean) => ({
    path: "/v1/messages",
    body: {
      model,
      stream,
      max_tokens: 500,
      messages: [{ role: "user", content: "Hello" }],
      tools: [{ name: "look", input_schema: { type: "object", properties: { at: { type: "string" } }, required: ["at"] } }, {
        name: "list",
        input_schema: { type: "object", properties: {} }
      }]
    }
  })
}

const parse = (text: string): unknown => text.startsWith("[DONE") ? text : JSON.parse(text)

/** What a client makes of an answer: the JSON of the body, or of every event. The exchange's own id, which errors name, differs from run to run. */
const meaning = (contentType: string, bytes: Uint8Array, id: string): unknown => {
  const text = new TextDecoder().decode(bytes).replaceAll(id, "the exchange")
  if (!contentType.startsWith("text/event-stream")) return parse(text)
  const { events } = Sse.splitter().push(new TextEncoder().encode(text))
  return events.filter(({ data }) => data !== "").map(({ data, name }) => ({ name, data: parse(data) }))
}

/** An entry without what differs from run to run. */
const comparable = ({ durationMs: _, endedAt: __, id: ___, lane: ____, startedAt: _____, ttftMs, bytesOut: ______, ...entry }: Entry) => ({
  ...entry,
  hasFirst: ttftMs !== undefined
})

/** All scenarios, one after the other, through one gateway; each gateway has a simulator of its own, so that ids agree. */
const through = (upstream: "openai" | "anthropic", options: Rig.Options) =>
  Effect.gen(function*() {
    const { ledger, url } = yield* Rig.Rig
    const seen: Array<
      { readonly scenario: string; readonly status: number; readonly meaning: unknown; readonly lane: string | undefined; readonly entry: unknown }
    > = []
    for (const scenario of scenarios) {
      for (const stream of [true, false]) {
        const { body, path } = requests[upstream](`${upstream}/sim-${scenario}`, stream)
        const answer = yield* Effect.promise(async () => {
          const response = await fetch(`${url}${path}`, {
            method: "POST",
            headers: { "x-api-key": "sk-test", "content-type": "application/json" },
            body: JSON.stringify(body)
          })
          const { headers, status } = response
          return { status, type: headers.get("content-type") ?? "", id: headers.get("x-request-id") ?? "no id", bytes: await response.bytes() }
        })
        yield* Rig.settled(seen.length + 1)
        const [entry] = yield* ledger.query({ limit: 1 })
        seen.push({
          scenario: `${scenario}, ${stream ? "streamed" : "buffered"}`,
          status: answer.status,
          meaning: answer.status === 200 ? meaning(answer.type, answer.bytes, answer.id) : "an error reply",
          lane: entry?.lane,
          entry: entry === undefined ? undefined : comparable(entry)
        })
      }
    }
    return seen
  }).pipe(Effect.provide(Rig.layer(options)))

describe("the byte lane and the typed lane", () => {
  for (const upstream of ["openai", "anthropic"] as const) {
    it.live(`mean the same for every scenario of ${upstream}`, () =>
      Effect.gen(function*() {
        const bytes = yield* through(upstream, {})
        const typed = yield* through(upstream, { parts: watcher })
        for (const [index, expected] of bytes.entries()) {
          const found = typed[index]
          assert.strictEqual(expected.lane, "bytes", expected.scenario)
          assert.strictEqual(found?.lane, "typed", expected.scenario)
          assert.deepStrictEqual(found?.meaning, expected.meaning, expected.scenario)
          assert.deepStrictEqual(found?.entry, expected.entry, expected.scenario)
        }
      }), 60_000)
  }
})
