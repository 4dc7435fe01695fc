/** The official SDKs embed texts, with each upstream that can: OpenAI's, Google's and Vercel's clients against both services, in every encoding. */
import { createGoogleGenerativeAI } from "@ai-sdk/google"
import { createOpenAI } from "@ai-sdk/openai"
import { assert, describe, layer } from "@effect/vitest"
import { GoogleGenAI } from "@google/genai"
import * as Interceptor from "@sluice/gateway/Interceptor"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { embed, embedMany } from "ai"
import { Effect } from "effect"
import OpenAI from "openai"
import * as Rig from "./Rig.ts"

const openai = Effect.map(Rig.Rig, ({ url }) => new OpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test", maxRetries: 0 }))
const google = Effect.map(Rig.Rig, ({ url }) => new GoogleGenAI({ apiKey: "sk-test", httpOptions: { baseUrl: url, retryOptions: { attempts: 1 } } }))

/** A raw call, for what no SDK sends or shows. */
const post = (path: string, body: unknown) =>
  Effect.flatMap(Rig.Rig, ({ url }) =>
    Effect.promise(async () => {
      const headers = { "content-type": "application/json", authorization: "Bearer sk-test" }
      const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
      const answered: {
        readonly error?: { readonly message: string }
        readonly embedding?: { readonly values: ReadonlyArray<number> }
        readonly data?: ReadonlyArray<{ readonly embedding: unknown }>
      } = JSON.parse(await response.text())
      return { status: response.status, headers: response.headers, body: answered }
    }))

const lengthOf = (values: ReadonlyArray<number>): number => Math.hypot(...values)

/** The upstreams whose protocol knows embeddings. */
const embedding = ["openai", "responses", "gemini"] as const

const isOpenAi = (upstream: (typeof embedding)[number]): boolean => upstream !== "gemini"

for (const upstream of embedding) {
  describe(`embeddings, ${upstream} upstream`, () => {
    layer(Rig.layer({ models: [{ id: "vectors", targets: [{ provider: ProviderId.make(upstream), model: "sim-auto" }] }] }), { excludeTestServices: true })(
      (it) => {
        it.effect("OpenAI SDK: several texts, as base64 by default and as numbers, of the length that is wanted", () =>
          Effect.gen(function*() {
            const client = yield* openai
            const input = ["The first text.", "The second text."]
            const byDefault = yield* Effect.promise(() => client.embeddings.create({ model: "vectors", input, dimensions: 64 }))
            const numbers = yield* Effect.promise(() => client.embeddings.create({ model: "vectors", input, dimensions: 64, encoding_format: "float" }))
            assert.strictEqual(numbers.object, "list")
            assert.deepStrictEqual(numbers.data.map(({ index, object }) => [index, object]), [[0, "embedding"], [1, "embedding"]])
            for (const [index, { embedding }] of numbers.data.entries()) {
              assert.strictEqual(embedding.length, 64)
              assert.closeTo(lengthOf(embedding), 1, 1e-6)
              assert.deepStrictEqual([...byDefault.data[index]?.embedding ?? []], embedding)
            }
            assert.notDeepEqual(numbers.data[0]?.embedding, numbers.data[1]?.embedding)
            assert.isAbove(numbers.usage.prompt_tokens, 0)
            const raw = yield* post("/v1/embeddings", { model: "vectors", input: "one", encoding_format: "base64" })
            assert.isString(raw.body.data?.[0]?.embedding)
          }))

        it.effect("Google SDK: one content and several", () =>
          Effect.gen(function*() {
            const client = yield* google
            const config = { outputDimensionality: 64, taskType: "RETRIEVAL_QUERY" }
            const one = yield* Effect.promise(() => client.models.embedContent({ model: "vectors", contents: "The first text.", config }))
            const two = yield* Effect.promise(() => client.models.embedContent({ model: "vectors", contents: ["The first text.", "The second text."], config }))
            assert.deepStrictEqual([one.embeddings?.length, two.embeddings?.length], [1, 2])
            const [first] = one.embeddings ?? []
            assert.strictEqual(first?.values?.length, 64)
            assert.closeTo(lengthOf(first?.values ?? []), 1, 1e-6)
            assert.deepStrictEqual(two.embeddings?.[0], first)
          }))

        it.effect("Vercel's ai package: one text and several, with the providers of both services", () =>
          Effect.gen(function*() {
            const { url } = yield* Rig.Rig
            const models = [
              createOpenAI({ baseURL: `${url}/v1`, apiKey: "sk-test" }).embeddingModel("vectors"),
              createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: "sk-test" }).embeddingModel("vectors")
            ]
            for (const model of models) {
              const one = yield* Effect.promise(() => embed({ model, value: "The first text.", maxRetries: 0 }))
              const many = yield* Effect.promise(() => embedMany({ model, values: ["The first text.", "The second text."], maxRetries: 0 }))
              assert.closeTo(lengthOf(one.embedding), 1, 1e-6)
              assert.deepStrictEqual(many.embeddings[0], one.embedding)
              assert.lengthOf(many.embeddings, 2)
            }
          }))

        it.effect("both clients are given the same vector of the same text", () =>
          Effect.gen(function*() {
            const one = yield* Effect.flatMap(openai, (client) =>
              Effect.promise(() => client.embeddings.create({ model: "vectors", input: "Hello", dimensions: 8 })))
            const other = yield* post("/v1beta/models/vectors:embedContent", { content: { parts: [{ text: "Hello" }] }, outputDimensionality: 8 })
            assert.deepStrictEqual([...one.data[0]?.embedding ?? []], other.body.embedding?.values)
          }))

        it.effect("leaves one row with what was read, and says what a crossing lost", () =>
          Effect.gen(function*() {
            const { ledger } = yield* Rig.Rig
            const before = (yield* ledger.query({ limit: 1000 })).length
            const answer = yield* post("/v1/embeddings", { model: "vectors", input: "x".repeat(40), user: "ann" })
            assert.strictEqual(answer.headers.get("x-sluice-losses"), isOpenAi(upstream) ? null : "/user;dropped")
            const entries = yield* Rig.settled(before + 1)
            const [entry] = entries
            assert.deepStrictEqual([entry?.operation, entry?.outcome, entry?.provider, entry?.attempts], ["embed", "Completed", upstream, 1])
            assert.deepStrictEqual(entry?.losses, isOpenAi(upstream) ? [] : ["/user;dropped"])
            assert.deepStrictEqual(entry?.provenance, isOpenAi(upstream) ? { input: "reported" } : { input: "estimated" })
            if (isOpenAi(upstream)) assert.deepStrictEqual(entry?.usage, { input: 10 })
          }))

        it.effect("passes token ids on where they can be read, and refuses them elsewhere", () =>
          Effect.gen(function*() {
            const answer = yield* post("/v1/embeddings", { model: "vectors", input: [[1, 2, 3], [4]] })
            assert.strictEqual(answer.status, isOpenAi(upstream) ? 200 : 400)
            if (!isOpenAi(upstream)) assert.include(answer.body.error?.message, "/input/0")
          }))

        it.effect("carries the provider's refusal to the client", () =>
          Effect.gen(function*() {
            const answer = yield* post("/v1/embeddings", { model: `${upstream}/sim-error;status=429`, input: "Hi" })
            assert.strictEqual(answer.status, 429)
            const wrong = yield* post("/v1beta/models/vectors:batchEmbedContents", {
              requests: [{ content: { parts: [{ text: "a" }] }, outputDimensionality: 0 }]
            })
            assert.strictEqual(wrong.status, 400)
          }))
      }
    )
  })
}

describe("embeddings", () => {
  const anthropic = { provider: ProviderId.make("anthropic") }
  const vectors = { id: "vectors", targets: [{ provider: ProviderId.make("openai"), model: "sim-auto" }], operations: ["count", "embed"] as const }
  const models = [vectors, { id: "claude", targets: [anthropic] }, { id: "either", targets: [anthropic], fallbacks: ["openai/sim-auto"] }]
  layer(Rig.layer({ models }), { excludeTestServices: true })((it) => {
    it.effect("are refused where the provider's protocol has none, and the model is named", () =>
      Effect.gen(function*() {
        for (const path of ["/v1/embeddings", "/v1beta/models/claude:embedContent"]) {
          const answer = yield* post(path, { model: "claude", input: "Hi", content: { parts: [{ text: "Hi" }] } })
          assert.strictEqual(answer.status, 400)
          assert.include(answer.body.error?.message, "\"claude\"")
        }
      }))

    it.effect("go to the next target that has them", () =>
      Effect.gen(function*() {
        const answer = yield* post("/v1/embeddings", { model: "either", input: "Hi" })
        assert.deepStrictEqual([answer.status, answer.headers.get("x-sluice-provider")], [200, "openai"])
      }))

    it.effect("are what a model is for that is here for nothing else", () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* post("/v1/embeddings", { model: "vectors", input: "Hi" })).status, 200)
        assert.strictEqual((yield* post("/v1/responses/input_tokens", { model: "vectors", input: "Hi" })).status, 200)
        const chat = yield* post("/v1/chat/completions", { model: "vectors", messages: [{ role: "user", content: "Hi" }] })
        assert.strictEqual(chat.status, 400)
        assert.include(chat.body.error?.message, "not to generate")
        const listed = yield* Effect.flatMap(google, (client) => Effect.promise(() => client.models.get({ model: "vectors" })))
        assert.deepStrictEqual(listed.supportedActions, ["countTokens", "embedContent", "batchEmbedContents"])
      }))

    it.effect("of different lengths or with titles cross only as far as one service can say them", () =>
      Effect.gen(function*() {
        const entry = (text: string, more: object) => ({ model: "models/openai/sim-auto", content: { parts: [{ text }] }, ...more })
        const path = "/v1beta/models/openai/sim-auto:batchEmbedContents"
        const titled = yield* post(path, { requests: [entry("a", { taskType: "RETRIEVAL_DOCUMENT", title: "A" })] })
        assert.strictEqual(titled.status, 200)
        assert.strictEqual(titled.headers.get("x-sluice-losses"), "/requests/0/taskType;dropped, /requests/0/title;dropped")
        const mixed = yield* post(path, { requests: [entry("a", { outputDimensionality: 8 }), entry("b", { outputDimensionality: 16 })] })
        assert.strictEqual(mixed.status, 400)
        assert.include(mixed.body.error?.message, "/requests/0/outputDimensionality")
      }))

    it.effect("name the provider's model in every entry", () =>
      Effect.gen(function*() {
        const answer = yield* post("/v1beta/models/gemini/sim-auto:batchEmbedContents", {
          requests: [{ model: "models/gemini/sim-auto", content: { parts: [{ text: "a" }] } }, {
            model: "models/gemini/sim-auto",
            content: { parts: [{ text: "b" }] }
          }]
        })
        assert.strictEqual(answer.status, 200)
        const { simulator } = yield* Rig.Rig
        const asked = (yield* simulator.log).at(-1)
        assert.deepNestedInclude(asked?.body, { "requests[0].model": "models/sim-auto", "requests[1].model": "models/sim-auto" })
      }))
  })
})

describe("texts that an interceptor changes", () => {
  const parts = Interceptor.layer({
    id: "redact",
    embed: (request) =>
      Effect.succeed({
        ...request,
        inputs: request.inputs.map((input) => input.type === "text" ? { ...input, text: input.text.replaceAll("secret", "...") } : input)
      })
  })
  layer(Rig.layer({ parts }), { excludeTestServices: true })((it) => {
    for (const upstream of embedding) {
      it.effect(`are embedded as it leaves them, ${upstream} upstream`, () =>
        Effect.gen(function*() {
          const { simulator } = yield* Rig.Rig
          const one = yield* post("/v1/embeddings", { model: `${upstream}/sim-auto`, input: ["a secret", "b"] })
          const other = yield* post(`/v1beta/models/${upstream}/sim-auto:embedContent`, { content: { parts: [{ text: "a secret" }] } })
          assert.deepStrictEqual([one.status, other.status], [200, 200])
          const bodies = (yield* simulator.log).map(({ body }) => JSON.stringify(body))
          assert.isEmpty(bodies.filter((body) => body.includes("secret")))
          assert.lengthOf(bodies.filter((body) => body.includes("a ...")), bodies.length)
        }))
    }
  })
})
