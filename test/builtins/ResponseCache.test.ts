/** The response cache over real sockets: hits in every protocol, streamed and whole, one call upstream for many, and what the ledger says. */
import { assert, layer } from "@effect/vitest"
import * as CacheStoreMemory from "@sluice/gateway/CacheStoreMemory"
import * as ResponseCache from "@sluice/gateway/extensions/ResponseCache"
import { Effect, Layer, Redacted } from "effect"
import * as Rig from "../end-to-end/Rig.ts"
import * as Prices from "../limits/Prices.ts"
import { type Answered, ask, type Client, clients, upstream } from "./Asking.ts"

const protocols = Object.keys(clients).filter((name): name is Client => name in clients)
const pairs = protocols.flatMap((client) => protocols.map((provider) => [client, provider] as const))
const modes = [false, true] as const

const parts = ResponseCache.layer().pipe(Layer.provide(CacheStoreMemory.layer()))
const keys = [
  { key: Redacted.make("sk-a"), principal: { id: "a", tenant: "acme" } },
  { key: Redacted.make("sk-b"), principal: { id: "b", tenant: "acme" } }
]

const mark = (answer: { readonly headers: Headers }): string | null => answer.headers.get("x-sluice-cache")

/** What an answer means: ids and times that its own protocol does not have are made of the exchange. */
const meaning = ({ headers, response }: Answered): string => {
  const { created: _, ...rest } = response
  return JSON.stringify(rest).replaceAll(headers.get("x-request-id") ?? " ", "ID")
}

layer(Rig.layer({ parts, keys, prices: Prices.layer }), { excludeTestServices: true })("the response cache", (it) => {
  for (const [client, provider] of pairs) {
    it.effect(`gives a client of ${client} the answer of ${provider} again, as it asks for it`, () =>
      Effect.gen(function*() {
        const model = `${provider}/${client}-cached-${provider}`
        const streamed = yield* ask({ client, model, stream: true })
        assert.strictEqual(mark(streamed), "miss")
        for (const stream of modes) {
          const again = yield* ask({ client, model, stream })
          assert.deepStrictEqual([again.status, mark(again), again.said], [200, "hit", streamed.said])
          assert.strictEqual(again.headers.get("x-sluice-cache-of"), streamed.headers.get("x-request-id"))
          assert.notStrictEqual(again.headers.get("x-request-id"), streamed.headers.get("x-request-id"))
          if (!stream) continue
          assert.strictEqual(meaning(again), meaning(streamed))
          if (client === provider) assert.strictEqual(again.raw, streamed.raw)
        }
        assert.strictEqual((yield* upstream(`${client}-cached-${provider}`)).length, 1)
      }))

    it.effect(`gives a stream of ${client} what was a whole answer of ${provider}`, () =>
      Effect.gen(function*() {
        const model = `${provider}/${client}-whole-${provider}`
        const whole = yield* ask({ client, model, stream: false })
        const again = yield* ask({ client, model, stream: true })
        assert.deepStrictEqual([mark(whole), mark(again), again.said], ["miss", "hit", whole.said])
        // Chat completions say usage in streams to those who ask for it
        if (client !== "openai") assert.deepStrictEqual(again.response.usage, whole.response.usage)
      }))
  }

  it.effect("serves several protocols from the answer to one", () =>
    Effect.gen(function*() {
      for (const [index, client] of (["openai", "anthropic", "gemini"] as const).entries()) {
        const answer = yield* ask({ client, model: "anthropic/shared", stream: index % 2 === 0 })
        assert.deepStrictEqual([mark(answer), answer.said], [index === 0 ? "miss" : "hit", "You said: Hello"])
      }
      assert.strictEqual((yield* upstream("shared")).length, 1)
    }))

  it.effect("keeps tool calls and thoughts as they were", () =>
    Effect.gen(function*() {
      for (const scenario of ["tools", "reasoning", "parallel-tools", "ping", "crlf"]) {
        for (const client of protocols) {
          const question = { client, model: `anthropic/sim-${scenario};tag=${client}`, stream: true }
          const [first, again] = [yield* ask(question), yield* ask(question)]
          assert.strictEqual(meaning(again), meaning(first), scenario)
        }
      }
    }))

  it.effect("gives a stream of the provider's own protocol again byte for byte", () =>
    Effect.gen(function*() {
      for (const scenario of ["text", "tools", "reasoning", "many-choices", "logprobs", "usage-always", "repeated-start", "late-usage"]) {
        for (const client of protocols) {
          const question = { client, model: `${client}/sim-${scenario};tag=bytes`, stream: true }
          const [first, again] = [yield* ask(question), yield* ask(question)]
          assert.deepStrictEqual([mark(again), again.raw], ["hit", first.raw], `${client} ${scenario}`)
        }
      }
    }))

  it.effect("asks once for a hundred requests at the same time", () =>
    Effect.gen(function*() {
      const question = { model: "openai/sim-auto;first=50;tag=crowd", stream: true }
      const answers = yield* Effect.all(Array.from({ length: 100 }, (_, index) => ask({ ...question, stream: index % 2 === 0 })), { concurrency: "unbounded" })
      assert.strictEqual((yield* upstream("tag=crowd")).length, 1)
      assert.deepStrictEqual([...new Set(answers.map(({ said }) => said))], ["You said: Hello"])
      assert.strictEqual(answers.filter((answer) => mark(answer) === "hit").length, 99)
    }))

  it.effect("is each key's own", () =>
    Effect.gen(function*() {
      for (const apiKey of ["sk-test", "sk-a", "sk-b"]) assert.strictEqual(mark(yield* ask({ model: "openai/own", apiKey })), "miss")
      for (const apiKey of ["sk-test", "sk-a", "sk-b"]) assert.strictEqual(mark(yield* ask({ model: "openai/own", apiKey })), "hit")
    }))

  it.effect("is told in the ledger, with what it saved and without tokens", () =>
    Effect.gen(function*() {
      yield* ask({ model: "openai/told", stream: true })
      const before = (yield* Rig.settled(0)).length
      yield* ask({ model: "openai/told", stream: true })
      const [entry] = yield* Rig.settled(before + 1)
      assert.deepStrictEqual([entry?.outcome, entry?.status, entry?.savedUsd, entry?.costUsd], ["Cached(lookup:cache)", "cached", "1", undefined])
      assert.deepStrictEqual(entry?.usage, {})
      assert.strictEqual(entry?.attempts, 0)
    }))

  it.effect("honours no-store and no-cache", () =>
    Effect.gen(function*() {
      const model = "openai/directives"
      for (const directive of ["no-store", "no-cache", "no-store"]) yield* ask({ model, headers: { "cache-control": directive } })
      assert.strictEqual((yield* upstream("directives")).length, 3)
      assert.strictEqual(mark(yield* ask({ model })), "hit")
    }))

  it.effect("keeps nothing that failed, broke off or was cut short", () =>
    Effect.gen(function*() {
      for (const scenario of ["error;status=400", "truncated;after=3", "stream-error;after=3", "length", "content-filter", "reset;after=3"]) {
        for (const stream of modes) {
          const ending = `tag=never-${scenario.split(";")[0]}-${stream}`
          const question = { model: `openai/sim-${scenario};${ending}`, stream }
          yield* ask(question).pipe(Effect.catchDefect(() => Effect.void))
          yield* ask(question).pipe(Effect.catchDefect(() => Effect.void))
          assert.strictEqual((yield* upstream(ending)).length, 2, `${scenario} ${stream}`)
        }
      }
    }))

  it.effect("keeps nothing of a client that left", () =>
    Effect.gen(function*() {
      const { url } = yield* Rig.Rig
      const model = "openai/sim-long;delay=5;tag=left"
      const body = JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Hello" }], max_completion_tokens: 4096 })
      yield* Effect.promise(async () => {
        const controller = new AbortController()
        const headers = { authorization: "Bearer sk-test", "content-type": "application/json" }
        const response = await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body, signal: controller.signal })
        await response.body?.getReader().read()
        controller.abort()
      })
      assert.strictEqual(mark(yield* ask({ model, stream: true })), "miss")
    }))
})
