/** Who refuses what, what the client is told, what reaches an upstream, and where another target is tried. */
import { assert, layer } from "@effect/vitest"
import * as Interceptor from "@sluice/gateway/Interceptor"
import type { ModelEntry } from "@sluice/gateway/ModelEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { fail } from "@sluice/protocol/GatewayError"
import { isObject } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import { answer } from "./Streams.ts"
import * as Verbatim from "./Verbatim.ts"

const json = { "content-type": "application/json" }
const openai = ProviderId.make("openai")

const refusing = (status: number, error: { readonly [key: string]: string }): Verbatim.Answer => ({ status, headers: json, body: [JSON.stringify({ error })] })

/** What a provider answers, and what the client is told of it: status, its own code where it has one, outcome. */
const mapped: ReadonlyArray<readonly [model: string, answer: Verbatim.Answer, status: number, message: RegExp, outcome: string]> = [
  ["status-500", refusing(500, { message: "Inner secret.", type: "server_error" }), 502, /./, "UpstreamFailed(transient)"],
  ["status-503", refusing(503, { message: "Later.", type: "server_error" }), 503, /Later/, "UpstreamFailed(overloaded)"],
  ["status-504", refusing(504, { message: "Too slow.", type: "server_error" }), 504, /./, "UpstreamFailed(transient)"],
  ["status-408", refusing(408, { message: "Too slow.", type: "timeout" }), 504, /./, "UpstreamFailed(transient)"],
  ["status-429", refusing(429, { message: "Slow down.", type: "requests", code: "rate_limit_exceeded" }), 429, /Slow down/, "UpstreamFailed(rate-limited)"],
  ["status-401", refusing(401, { message: "Incorrect key sk-upstream.", type: "invalid_request_error" }), 502, /credential/, "UpstreamFailed(provider-auth)"],
  ["status-403", refusing(403, { message: "Not your region.", type: "invalid_request_error" }), 502, /credential/, "UpstreamFailed(provider-auth)"],
  ["status-400", refusing(400, { message: "Bad temperature.", type: "invalid_request_error" }), 400, /Bad temperature/, "UpstreamFailed(bad-request)"],
  [
    "status-404",
    refusing(404, { message: "No such model.", type: "invalid_request_error", code: "model_not_found" }),
    404,
    /No such model/,
    "UpstreamFailed(model-not-found)"
  ],
  ["status-413", refusing(413, { message: "Too much.", type: "invalid_request_error" }), 413, /Too much/, "UpstreamFailed(too-large)"]
]

const twoTargets = (id: string, first: string): ModelEntry => ({ id, targets: [{ provider: openai, model: first }], fallbacks: ["backup"] })
const models: ReadonlyArray<ModelEntry> = [
  { id: "backup", targets: [{ provider: openai, model: "good" }] },
  ...[400, 401, 503].map((status) => twoTargets(`first-${status}`, `status-${status}`)),
  { id: "lenient", targets: [{ provider: openai, model: "good" }], fidelity: "lenient" }
]

const answers = { good: { headers: json, body: [answer("Hello")] }, ...Object.fromEntries(mapped.map(([model, given]) => [model, given])) }

/** A guard that looks for a word anywhere in what the client sent. */
const guard = Interceptor.layer({
  id: "guard",
  request: (request) => {
    const sent = request.wire?.value
    return isObject(sent) && JSON.stringify(sent).includes("hunter2")
      ? fail({ class: "denied", message: "There is a secret in the request.", status: 403 })
      : Effect.succeed(request)
  }
})

const gateway = Verbatim.layer({ answers, models, parts: guard })
const hits = (model: string) => Effect.map(Verbatim.Verbatim, ({ asked }) => asked(model).length)

layer(gateway, { excludeTestServices: true })("a provider's refusal", (it) => {
  for (const [model, , status, message, outcome] of mapped) {
    it.effect(`of ${model} is ${status} to the client, in the client's own protocol`, () =>
      Effect.gen(function*() {
        const reply = yield* Verbatim.ask("anthropic", `openai/${model}`)
        const body: { readonly type: string; readonly error: { readonly message: string } } = JSON.parse(reply.text)
        assert.deepStrictEqual([reply.status, body.type], [status, "error"])
        assert.match(body.error.message, message)
        assert.notMatch(reply.text, /sk-upstream|region/)
        assert.strictEqual((yield* Verbatim.entryOf(`openai/${model}`)).outcome, outcome)
      }))
  }

  it.effect("of the request itself is not taken to another target", () =>
    Effect.gen(function*() {
      const before = yield* hits("good")
      const { status } = yield* Verbatim.ask("openai", "first-400")
      assert.deepStrictEqual([status, yield* hits("good")], [400, before])
    }))

  it.effect("of our own key is not taken to another target, and is not shown", () =>
    Effect.gen(function*() {
      const before = yield* hits("good")
      const { status, text } = yield* Verbatim.ask("openai", "first-401")
      assert.deepStrictEqual([status, yield* hits("good")], [502, before])
      assert.notInclude(text, "sk-upstream")
    }))

  it.effect("by a target that is busy is answered by the next, which the record names, with every attempt counted", () =>
    Effect.gen(function*() {
      const { headers, status } = yield* Verbatim.ask("openai", "first-503")
      assert.deepStrictEqual([status, headers.get("x-sluice-attempts")], [200, "2"])
      assert.deepInclude(yield* Verbatim.entryOf("first-503"), {
        outcome: "Completed",
        provider: openai,
        upstreamModel: "good",
        servedModel: "served-1",
        attempts: 2
      })
    }))
})

layer(gateway, { excludeTestServices: true })("a refusal of the gateway", (it) => {
  it.effect("of a model that no entry matches sends and charges nothing", () =>
    Effect.gen(function*() {
      const { status } = yield* Verbatim.ask("openai", "nobody/knows")
      assert.strictEqual(status, 404)
      assert.deepInclude(yield* Verbatim.entryOf("nobody/knows"), { outcome: "Denied(model)", status: "denied", usage: {}, attempts: 0 })
    }))

  it.effect("of a body that is no JSON object comes before anything is sent", () =>
    Effect.gen(function*() {
      const { url } = yield* Verbatim.Verbatim
      const before = yield* hits("good")
      for (const body of ["{\"model\":\"backup\",", "[]", "\"backup\"", ""]) {
        const { status, text } = yield* Verbatim.send(`${url}/v1/chat/completions`, body)
        assert.strictEqual(status, 400, body)
        assert.isString(JSON.parse(text).error.message)
      }
      assert.strictEqual(yield* hits("good"), before)
    }))

  it.effect("by a guard sees what no protocol knows, and sends nothing", () =>
    Effect.gen(function*() {
      const before = yield* hits("good")
      const { status, text } = yield* Verbatim.ask("openai", "backup", { unheard_of: { deep: ["hunter2"] } })
      assert.deepStrictEqual([status, yield* hits("good")], [403, before])
      assert.include(text, "There is a secret")
    }))

  const hologram = { messages: [{ role: "user", content: [{ type: "text", text: "Look" }, { type: "hologram", data: "x" }] }] }

  it.effect("of content that the provider's protocol has no place for names where it stands", () =>
    Effect.gen(function*() {
      const before = yield* hits("good")
      const { status, text } = yield* Verbatim.ask("anthropic", "backup", hologram)
      assert.deepStrictEqual([status, yield* hits("good")], [400, before])
      assert.include(text, "/messages/0/content/1")
    }))

  it.effect("is none where the model's entry is lenient: the content is left out, and the reply says so", () =>
    Effect.gen(function*() {
      const { asked } = yield* Verbatim.Verbatim
      const { headers, status } = yield* Verbatim.ask("anthropic", "lenient", hologram)
      assert.strictEqual(status, 200)
      assert.include(headers.get("x-sluice-losses") ?? "", "/messages/0/content/1;dropped")
      assert.notInclude(asked("good").at(-1)?.body ?? "", "hologram")
      assert.include((yield* Verbatim.entryOf("lenient")).losses, "/messages/0/content/1;dropped")
    }))
})

layer(gateway, { excludeTestServices: true })("the same request twice", (it) => {
  it.effect("with one idempotency key is asked twice and recorded twice", () =>
    Effect.gen(function*() {
      const { url } = yield* Verbatim.Verbatim
      const before = yield* hits("good")
      const body = JSON.stringify({ model: "openai/good", messages: [{ role: "user", content: "Hello" }] })
      yield* Effect.all([1, 2].map(() => Verbatim.send(`${url}/v1/chat/completions`, body, { "idempotency-key": "k1" })), { concurrency: 2 })
      assert.strictEqual((yield* hits("good")) - before, 2)
      assert.strictEqual((yield* Verbatim.entriesOf("openai/good", 2)).length, 2)
    }))
})
