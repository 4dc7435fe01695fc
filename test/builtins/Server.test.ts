/** The built-in behaviours from a configuration file: one server of two workers that masks, instructs, bounds, caches for all of its workers and traces. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ServerProcess from "../end-to-end/ServerProcess.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "sluice-builtins-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

const config = (path: string) => `
server: { workers: 2, lameDuck: 0 seconds, drainTimeout: 2 seconds }
auth: { mode: open }
ledger: { url: "sqlite:${join(path, "ledger.db")}" }
providers: [{ id: sim, dialect: openai-chat, simulator: true }]
models: [{ id: "*", targets: [{ provider: sim }] }]
extensions:
  cache: { ttl: 10 minutes }
  redact: { patterns: [email], reversible: true }
  systemPrompt: [{ text: Be brief., mode: append }]
  headers: [{ client: { set: { x-served-by: us } } }]
  payload: [{ override: { /top_p: 0.5 } }]
  maxTokens: [{ max: 1000 }]
  guardrail: { rules: [{ name: cards, patterns: [card], action: block, on: [request] }] }
  tracer: { file: "${join(path, "trace.ndjson")}", content: full }
`

const ask = (url: string, content: string) =>
  Effect.promise(async () => {
    const body = JSON.stringify({ model: "any", max_tokens: 5000, messages: [{ role: "user", content }] })
    // A connection of its own each, so that both workers are asked
    const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers: { "content-type": "application/json", connection: "close" }, body })
    return { status: response.status, headers: response.headers, text: await response.text() }
  })

it.live("serves what its configuration says, with one cache for all workers", () =>
  Effect.gen(function*() {
    const path = yield* folder
    const file = join(path, "sluice.yaml")
    writeFileSync(file, config(path))
    const server = yield* ServerProcess.start(file)
    const first = yield* ask(server.url, "I am jane@example.com")
    assert.strictEqual(first.status, 200, first.text)
    assert.include(first.text, "You said: I am jane@example.com")
    assert.strictEqual(first.headers.get("x-served-by"), "us")
    assert.include(first.headers.get("x-sluice-losses"), "/max_tokens;approximated")
    assert.include(first.headers.get("x-sluice-losses"), "/top_p;defaulted")
    const again = yield* Effect.all(Array.from({ length: 12 }, () => ask(server.url, "I am jane@example.com")))
    assert.deepStrictEqual([...new Set(again.map(({ headers }) => headers.get("x-sluice-cache")))], ["hit"])
    assert.deepStrictEqual([...new Set(again.map(({ text }) => text))], [first.text])
    assert.strictEqual((yield* ask(server.url, "4111 1111 1111 1111")).status, 400)
    yield* server.kill("SIGTERM")
    const traces = readdirSync(path).filter((name) => name.startsWith("trace."))
    const lines = traces.flatMap((name) => readFileSync(join(path, name), "utf8").trim().split("\n").map((line): { readonly kind: string } => JSON.parse(line)))
    assert.isTrue(traces.every((name) => /^trace\.\d\.ndjson$/.test(name)), traces.join())
    const sent = lines.filter(({ kind }) => kind === "sent")
    assert.strictEqual(sent.length, 1)
    assert.include(JSON.stringify(sent), "Be brief.")
    assert.notInclude(JSON.stringify(sent), "jane@")
  }).pipe(Effect.scoped), 60_000)
