import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Simulator } from "../../src/Simulator.ts"
import { send } from "./ask.ts"
import { geminiEmbeddingSchemas, openAiEmbeddingSchemas } from "./officialSchemas.ts"

const openai = (body: unknown) =>
  Effect.map(
    send({ method: "POST", path: "/v1/embeddings", query: "", headers: { authorization: "Bearer k" }, body: JSON.stringify(body) }),
    ({ status, text }) => ({ status, body: JSON.parse(text) })
  )

const gemini = (method: string, body: unknown) =>
  Effect.map(
    send({ method: "POST", path: `/v1beta/models/gem:${method}`, query: "", headers: { "x-goog-api-key": "k" }, body: JSON.stringify(body) }),
    ({ status, text }) => ({ status, body: JSON.parse(text) })
  )

const content = (text: string) => ({ parts: [{ text }] })

describe("embeddings", () => {
  it.layer(Simulator.layer)((it) => {
    it.effect("are unit vectors, the same for the same text, in the protocols' own shapes", () =>
      Effect.gen(function*() {
        const float = yield* openai({ model: "emb", input: ["a", "b"], dimensions: 16 })
        const [a, b] = float.body.data.map(({ embedding }: { embedding: ReadonlyArray<number> }) => embedding)
        assert.deepStrictEqual([float.status, a.length, openAiEmbeddingSchemas.body(float.body)], [200, 16, []])
        assert.closeTo(Math.hypot(...a), 1, 1e-6)
        assert.notDeepEqual(a, b)
        const packed = yield* openai({ model: "emb", input: "a", dimensions: 16, encoding_format: "base64" })
        const bytes = Buffer.from(packed.body.data[0].embedding, "base64")
        assert.deepStrictEqual(Array.from({ length: 16 }, (_, index) => bytes.readFloatLE(index * 4)), a)
        const one = yield* gemini("embedContent", { content: content("a"), outputDimensionality: 16 })
        assert.deepStrictEqual([one.body.embedding.values, geminiEmbeddingSchemas.one(one.body)], [a, []])
        const many = yield* gemini("batchEmbedContents", { requests: [{ model: "models/gem", content: content("b"), outputDimensionality: 16 }] })
        assert.deepStrictEqual([many.body.embeddings[0].values, geminiEmbeddingSchemas.many(many.body)], [b, []])
        assert.deepStrictEqual(
          [
            (yield* openai({ model: "emb", input: "a" })).body.data[0].embedding.length,
            (yield* gemini("embedContent", { content: content("a") })).body.embedding.values.length
          ],
          [1536, 3072]
        )
      }))

    it.effect("take texts and token ids, one and many", () =>
      Effect.gen(function*() {
        for (const [input, count] of [["a", 1], [["a", "b"], 2], [[1, 2], 1], [[[1, 2], [3]], 2]] as const) {
          assert.strictEqual((yield* openai({ model: "emb", input })).body.data.length, count)
        }
      }))

    const wrong: ReadonlyArray<readonly [string, object, RegExp]> = [
      ["no model", { input: "a" }, /model/],
      ["no input", { model: "m" }, /input/],
      ["an empty text", { model: "m", input: "" }, /input/],
      ["an empty list", { model: "m", input: [] }, /input/],
      ["texts mixed with tokens", { model: "m", input: ["a", 1] }, /input/],
      ["an unknown encoding", { model: "m", input: "a", encoding_format: "int8" }, /encoding_format|int8/],
      ["no dimensions", { model: "m", input: "a", dimensions: 0 }, /dimensions/],
      ["a key of another service", { model: "m", input: "a", taskType: "CLUSTERING" }, /taskType/],
      ["a user that is no text", { model: "m", input: "a", user: 1 }, /user/]
    ]
    for (const [name, body, message] of wrong) {
      it.effect(`of OpenAI refuse ${name}`, () =>
        Effect.gen(function*() {
          const reply = yield* openai(body)
          assert.strictEqual(reply.status, 400)
          assert.match(reply.body.error.message, message)
        }))
    }

    const wrongHere: ReadonlyArray<readonly [string, string, object, RegExp]> = [
      ["an unknown field", "embedContent", { content: content("a"), user: "x" }, /Unknown name "user"/],
      ["an unknown task", "embedContent", { content: content("a"), taskType: "GUESSING" }, /task_type/],
      ["a title without a document", "embedContent", { content: content("a"), title: "t" }, /title/],
      ["no content", "embedContent", {}, /contents is not specified/],
      ["another model", "embedContent", { model: "models/other", content: content("a") }, /models\/gem/],
      ["too few dimensions", "embedContent", { content: content("a"), outputDimensionality: 0 }, /output_dimensionality/],
      ["a batch of nothing", "batchEmbedContents", { requests: [] }, /contents is not specified/],
      ["an entry without its model", "batchEmbedContents", { requests: [{ content: content("a") }] }, /models\/gem/],
      [
        "more than a hundred entries",
        "batchEmbedContents",
        { requests: Array.from({ length: 101 }, () => ({ model: "models/gem", content: content("a") })) },
        /100/
      ]
    ]
    for (const [name, method, body, message] of wrongHere) {
      it.effect(`of Gemini refuse ${name}`, () =>
        Effect.gen(function*() {
          const reply = yield* gemini(method, body)
          assert.strictEqual(reply.status, 400)
          assert.match(reply.body.error.message, message)
        }))
    }

    it.effect("are not offered by the other protocols", () =>
      Effect.gen(function*() {
        const headers = { "x-api-key": "k", "anthropic-version": "2023-06-01" }
        const reply = yield* send({ method: "POST", path: "/v1/messages/embeddings", query: "", headers, body: "{}" })
        assert.strictEqual(reply.status, 404)
      }))

    it.effect("count strictly: what only shapes an answer is refused", () =>
      Effect.gen(function*() {
        const headers = { "x-api-key": "k", "anthropic-version": "2023-06-01", authorization: "Bearer k" }
        const ask = (path: string, body: object) =>
          Effect.map(send({ method: "POST", path, query: "", headers, body: JSON.stringify(body) }), ({ text }) => JSON.parse(text))
        const messages = yield* ask("/v1/messages/count_tokens", { model: "m", max_tokens: 5, messages: [{ role: "user", content: "a" }] })
        assert.strictEqual(messages.error.message, "max_tokens: Extra inputs are not permitted")
        const responses = yield* ask("/v1/responses/input_tokens", { model: "m", temperature: 1, input: "a" })
        assert.strictEqual(responses.error.message, "Unknown parameter: 'temperature'.")
      }))
  })
})
