/** Parts in threads of their own: what they may do, and what becomes of exchanges when they throw, hang, give junk, hoard or end. */
import { assert, layer } from "@effect/vitest"
import * as Fuse from "@sluice/gateway/Fuse"
import * as WorkerExtension from "@sluice/gateway/WorkerExtension"
import * as WorkerInterceptor from "@sluice/gateway/WorkerInterceptor"
import { Effect, Layer } from "effect"
import { answer } from "../exchanges/Streams.ts"
import * as Verbatim from "../exchanges/Verbatim.ts"

const module = new URL("./modules/Unruly.ts", import.meta.url)
const names = ["changes", "attempts", "plain", "throws", "rejects", "hangs", "waits", "exits", "hoards", "junk", "odd", "function"]
const answers = Object.fromEntries(
  names.map((name): [string, Verbatim.Answer] => [name, { headers: { "content-type": "application/json" }, body: [answer("Hello")] }])
)

const fuses = Fuse.fuses()
const faults = (id: string): number => fuses.status().find((status) => status.id === id)?.faults ?? 0

const parts = Layer.mergeAll(
  WorkerInterceptor.layer({
    id: "unruly",
    module,
    hooks: ["request", "attempt", "response"],
    headers: ["X-Team"],
    timeout: "300 millis",
    memoryMb: 32,
    fuseAfter: 1000
  }),
  WorkerExtension.layer({ id: "audit", module, hooks: ["admit", "finish"] })
)

const ask = (model: string) =>
  Effect.flatMap(
    Verbatim.Verbatim,
    ({ url }) =>
      Verbatim.send(`${url}/v1/chat/completions`, JSON.stringify({ model: `openai/${model}`, messages: [{ role: "user", content: "Hi" }] }), {
        "x-team": "blue"
      })
  )

layer(Verbatim.layer({ answers, parts, fuses: Layer.succeed(Fuse.Fuses, fuses) }), { excludeTestServices: true })("a part in a thread", (it) => {
  it.effect("changes requests, headers and replies, and knows who asks and what it was given of the head", () =>
    Effect.gen(function*() {
      const { asked } = yield* Verbatim.Verbatim
      const { headers } = yield* ask("changes")
      const sent = JSON.parse(asked("changes").at(-1)?.body ?? "{}")
      assert.strictEqual(sent.user, "key-1 blue")
      assert.strictEqual(sent.max_completion_tokens ?? sent.max_tokens, 77)
      assert.strictEqual(headers.get("x-length"), String(answer("Hello").length))
      yield* ask("attempts")
      assert.notProperty(asked("changes").at(-1)?.headers ?? {}, "x-attempt")
    }))

  it.effect("refuses in the client's dialect, or replies by itself", () =>
    Effect.gen(function*() {
      const refused = yield* ask("refuses")
      assert.deepStrictEqual([refused.status, JSON.parse(refused.text).error.message], [403, "Not from this thread."])
      const replied = yield* ask("replies")
      assert.deepStrictEqual([replied.status, replied.headers.get("x-by"), replied.text], [418, "thread", "tea"])
      assert.strictEqual((yield* Verbatim.entryOf("openai/replies")).outcome, "Denied(interceptor:unruly)")
      assert.match((yield* ask("denied")).text, /No, after \d+\./)
      assert.strictEqual((yield* Verbatim.entryOf("openai/denied")).outcome, "Denied(admit:audit)")
    }))

  it.effect("has nothing of the environment", () =>
    Effect.gen(function*() {
      assert.include((yield* ask("environment")).text, "env 0")
    }))

  for (const model of ["throws", "rejects", "junk", "odd", "function", "hangs", "waits", "exits", "hoards"]) {
    it.effect(`is at fault where its module ${model}, and serves the next exchange`, () =>
      Effect.gen(function*() {
        const before = faults("interceptor:unruly")
        const { status, text } = yield* ask(model)
        assert.strictEqual(status, 503, text)
        assert.strictEqual((yield* Verbatim.entryOf(`openai/${model}`)).outcome, "Denied(interceptor:unruly)")
        assert.isAbove(faults("interceptor:unruly"), before)
        assert.strictEqual((yield* ask("plain")).status, 200)
      }))
  }

  it.effect("that hangs fails nobody else's call", () =>
    Effect.gen(function*() {
      const replies = yield* Effect.all([ask("hangs"), ask("plain"), ask("plain"), ask("plain")], { concurrency: "unbounded" })
      assert.deepStrictEqual(replies.map(({ status }) => status), [503, 200, 200, 200])
    }))
})

const open = WorkerInterceptor.layer({
  id: "open",
  module,
  hooks: ["request"],
  failPolicy: "open",
  timeout: "300 millis",
  fuseAfter: 2
})
const missing = WorkerInterceptor.layer({ id: "missing", module: new URL("./modules/Nowhere.ts", import.meta.url), hooks: ["request"], failPolicy: "open" })

layer(Verbatim.layer({ answers, parts: Layer.merge(open, missing), fuses: Layer.succeed(Fuse.Fuses, fuses) }), { excludeTestServices: true })(
  "a part in a thread that may fail",
  (it) => {
    it.effect("changes nothing where it does, and is fused after some faults", () =>
      Effect.gen(function*() {
        for (const model of ["throws", "exits", "hangs", "plain"]) assert.strictEqual((yield* ask(model)).status, 200, model)
        assert.deepInclude(fuses.status().find(({ id }) => id === "interceptor:open"), { faults: 2, isFused: true })
        assert.isAbove(faults("interceptor:missing"), 0)
      }))
  }
)
