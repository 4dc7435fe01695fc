/**
 * Upstreams that stall, reset, truncate, send garbage, a page, or an error inside a good stream: the client gets its own
 * dialect's error, never a clean end and never an invented stop, and the ledger the right class.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import * as Rig from "./Rig.ts"

/** What a client of each protocol sends, and how a streamed answer of it must end when it failed. */
const clients = {
  "openai-chat": {
    path: "/v1/chat/completions",
    headers: { authorization: "Bearer sk-test" },
    body: (model: string, stream: boolean) => ({ model, stream, messages: [{ role: "user", content: "Hello" }] }),
    hasCleanEnd: (text: string) => text.includes("[DONE]") || /"finish_reason":"/.test(text),
    isError: (json: { readonly error?: { readonly message?: unknown; readonly type?: unknown } }) => typeof json.error?.message === "string"
  },
  "anthropic-messages": {
    path: "/v1/messages",
    headers: { "x-api-key": "sk-test", "anthropic-version": "2023-06-01" },
    body: (model: string, stream: boolean) => ({ model, stream, max_tokens: 100, messages: [{ role: "user", content: "Hello" }] }),
    hasCleanEnd: (text: string) => text.includes("message_stop") || /"stop_reason":"/.test(text),
    isError: (json: { readonly type?: unknown; readonly error?: { readonly message?: unknown; readonly type?: unknown } }) =>
      json.type === "error" && typeof json.error?.message === "string" && typeof json.error.type === "string"
  }
} as const

interface Case {
  readonly scenario: string
  /** Status of a streamed request: 200 where something was committed before the fault. */
  readonly streamed: number
  /** Status of the same fault on a buffered request; absent where there is no such fault. */
  readonly buffered?: number
  readonly outcome: string
  /** The outcomes where an upstream's errors have fewer words. */
  readonly elsewhere?: { readonly [upstream: string]: string }
  readonly bufferedOutcome?: string
}

const cases: ReadonlyArray<Case> = [
  { scenario: "sim-stall;after=3", streamed: 200, outcome: "UpstreamFailed(timeout-idle)" },
  { scenario: "sim-stall-head", streamed: 504, buffered: 504, outcome: "UpstreamFailed(timeout-first-event)" },
  { scenario: "sim-reset;after=3", streamed: 200, buffered: 502, outcome: "Truncated", bufferedOutcome: "UpstreamFailed(transient)" },
  { scenario: "sim-reset-head", streamed: 502, buffered: 502, outcome: "UpstreamFailed(transient)" },
  { scenario: "sim-truncated", streamed: 200, outcome: "Truncated" },
  { scenario: "sim-truncated;cut=1", streamed: 200, outcome: "Truncated" },
  { scenario: "sim-garbage", streamed: 200, outcome: "UpstreamFailed(protocol-violation)" },
  { scenario: "sim-html", streamed: 502, buffered: 502, outcome: "UpstreamFailed(protocol-violation)" },
  { scenario: "sim-error-html", streamed: 502, buffered: 502, outcome: "UpstreamFailed(transient)" },
  {
    scenario: "sim-stream-error;status=529",
    streamed: 200,
    outcome: "UpstreamFailed(overloaded)",
    elsewhere: { openai: "UpstreamFailed(transient)", responses: "UpstreamFailed(transient)" }
  },
  { scenario: "sim-empty", streamed: 502, buffered: 502, outcome: "Empty" },
  { scenario: "sim-error;status=429", streamed: 429, buffered: 429, outcome: "UpstreamFailed(rate-limited)" },
  { scenario: "sim-error;status=401", streamed: 502, buffered: 502, outcome: "UpstreamFailed(provider-auth)" },
  { scenario: "sim-error;status=500", streamed: 502, buffered: 502, outcome: "UpstreamFailed(transient)" },
  { scenario: "sim-context-overflow", streamed: 400, buffered: 400, outcome: "UpstreamFailed(context-overflow)" },
  { scenario: "sim-quota", streamed: 429, buffered: 429, outcome: "UpstreamFailed(quota-exhausted)", elsewhere: { gemini: "UpstreamFailed(rate-limited)" } }
]

const rig = Rig.layer({ limits: { firstEventMs: 700, idleMs: 700 } })

const ask = (client: keyof typeof clients, model: string, stream: boolean) =>
  Effect.gen(function*() {
    const { url } = yield* Rig.Rig
    const { body, headers, path } = clients[client]
    return yield* Effect.promise(async () => {
      const response = await fetch(`${url}${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(body(model, stream))
      })
      return { status: response.status, id: response.headers.get("x-request-id"), text: await response.text() }
    })
  })

/** The last `data:` line of a stream as JSON. */
const lastEvent = (text: string): object => {
  const line = text.split("\n").findLast((candidate) => candidate.startsWith("data: "))
  return JSON.parse(line?.slice(6) ?? "null")
}

const entryOf = (id: string | null) =>
  Effect.gen(function*() {
    const entries = yield* Rig.settled(1)
    const entry = entries.find((candidate) => candidate.id === id)
    return entry === undefined || entry.status === "open" ? yield* Effect.fail("pending" as const) : entry
  }).pipe(Effect.retry({ times: 100 }), Effect.orDie)

for (const client of ["openai-chat", "anthropic-messages"] as const) {
  for (const upstream of Rig.upstreams) {
    describe(`${client} client, ${upstream} upstream`, () => {
      layer(rig, { excludeTestServices: true })((it) => {
        for (const { buffered, bufferedOutcome, elsewhere, outcome: usual, scenario, streamed } of cases) {
          const outcome = elsewhere?.[upstream] ?? usual
          it.effect(`streamed: ${scenario} ends in an error of the client's own protocol`, () =>
            Effect.gen(function*() {
              const { id, status, text } = yield* ask(client, `${upstream}/${scenario}`, true)
              assert.strictEqual(status, streamed, text)
              assert.isFalse(clients[client].hasCleanEnd(text), text)
              assert.isTrue(clients[client].isError(status === 200 ? lastEvent(text) : JSON.parse(text)), text)
              assert.notInclude(text, "upstream-key")
              assert.strictEqual((yield* entryOf(id)).outcome, outcome)
            }))
          if (buffered === undefined) continue
          it.effect(`buffered: ${scenario} is an error reply of the client's own protocol`, () =>
            Effect.gen(function*() {
              const { id, status, text } = yield* ask(client, `${upstream}/${scenario}`, false)
              assert.strictEqual(status, buffered, text)
              assert.isTrue(clients[client].isError(JSON.parse(text)), text)
              assert.strictEqual((yield* entryOf(id)).outcome, bufferedOutcome ?? outcome)
            }))
        }
      })
    })
  }
}
