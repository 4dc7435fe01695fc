import { assert, describe, it } from "@effect/vitest"
import type { EmbeddingRequest } from "@sluice/protocol/CanonicalEmbedding"
import * as Loss from "@sluice/protocol/Loss"
import { DialectId, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { embed } from "../../src/embeddings/Embed.ts"

const other = DialectId.make("other")

const decoded = (body: Json, model = "gem") => Result.getOrThrow(embed.request.decode({ body, headers: {}, path: { model } }))
const answered = (body: Json) => Result.getOrThrow(embed.response.decode(body))
const content = (text: string) => ({ parts: [{ text }] })

const foreign = (request: Partial<EmbeddingRequest>): EmbeddingRequest => ({ model: "gem", inputs: [{ type: "text", text: "a" }], ...request })

const bodies: ReadonlyArray<JsonObject> = [
  { content: content("a") },
  { model: "models/gem", content: { role: "user", parts: [{ text: "a" }, { text: "b" }] }, taskType: "CLUSTERING", title: "t", outputDimensionality: 8 },
  { content: content("a"), task_type: "CLUSTERING", output_dimensionality: 8, odd: true },
  { content: content("a"), taskType: 3, title: null, outputDimensionality: null },
  { content: { parts: [{ inlineData: { mimeType: "image/png", data: "AA==" } }] } },
  { requests: [] },
  { requests: [{ model: "models/gem", content: content("a") }, { model: "gem", content: content("b"), outputDimensionality: 4 }] },
  { requests: [{ model: "models/gem", content: content("a"), outputDimensionality: 4 }], odd: 1 }
]

describe("an embedding question", () => {
  it("comes back unchanged in its own form, for the endpoint of that form", () => {
    for (const body of bodies) {
      const encoded = embed.request.encode(decoded(body))
      assert.deepStrictEqual([encoded.body, encoded.losses], [body, []])
      assert.strictEqual(encoded.variant, "requests" in body ? "many" : "one")
    }
  })

  it("names another model wherever it named one", () => {
    const encode = (body: Json) => embed.request.encode({ ...decoded(body), model: "gem-2" }).body
    assert.deepStrictEqual(encode({ model: "models/gem", content: content("a") }), { model: "models/gem-2", content: content("a") })
    assert.deepStrictEqual(encode({ content: content("a") }), { content: content("a") })
    assert.deepStrictEqual(encode({ requests: [{ model: "models/gem", content: content("a") }] }), {
      requests: [{ model: "models/gem-2", content: content("a") }]
    })
  })

  it("has one length for all entries, or each its own", () => {
    const entry = (outputDimensionality?: number) => ({ content: content("a"), ...(outputDimensionality === undefined ? {} : { outputDimensionality }) })
    const lengths = (...entries: ReadonlyArray<JsonObject>) => {
      const { dimensions, inputs } = decoded({ requests: entries })
      return [dimensions, ...inputs.map((input) => input.dimensions)]
    }
    assert.deepStrictEqual(lengths(entry(4), entry(4)), [4, undefined, undefined])
    assert.deepStrictEqual(lengths(entry(4), entry(8)), [undefined, 4, 8])
    assert.deepStrictEqual(lengths(entry(), entry(8)), [undefined, undefined, 8])
  })

  it("shows an edit and nothing else", () => {
    const request = decoded({ requests: [{ model: "models/gem", content: { role: "user", parts: [{ text: "a" }] }, odd: 1 }] })
    const [first] = request.inputs
    assert.isDefined(first)
    const { body } = embed.request.encode({ ...request, inputs: [{ ...first, taskType: "CLUSTERING" }], dimensions: 4 })
    assert.deepStrictEqual(body, {
      requests: [{ model: "models/gem", content: { role: "user", parts: [{ text: "a" }] }, odd: 1, taskType: "CLUSTERING", outputDimensionality: 4 }]
    })
  })

  it("is refused with the path that is wrong", () => {
    for (
      const [body, path] of [[{}, "/content"], [{ content: "a" }, "/content"], [{ requests: [{}] }, "/requests/0/content"], [
        { requests: 1 },
        "/requests"
      ]] as const
    ) {
      const failure = embed.request.check({ body, headers: {}, path: { model: "gem" } })
      assert.deepStrictEqual([failure?.class, failure?.param], ["bad-request", path])
    }
  })

  it("is refused where the entries of a batch name different models, whatever the spelling", () => {
    const entry = (model: string) => ({ model, content: content("a") })
    const failure = embed.request.check({ body: { requests: [entry("models/gem"), entry("gem"), entry("models/other")] }, headers: {}, path: { model: "gem" } })
    assert.strictEqual(failure?.param, "/requests/2/model")
  })

  it("of another protocol is asked alone or as a batch, each entry with its model and the length", () => {
    const one = embed.request.encode(foreign({ dimensions: 8 }))
    assert.deepStrictEqual([one.variant, one.body], ["one", { model: "models/gem", content: content("a"), outputDimensionality: 8 }])
    const two = embed.request.encode(foreign({ inputs: [{ type: "text", text: "a" }, { type: "text", text: "b" }], encoding: "base64" }))
    assert.deepStrictEqual([two.variant, two.body, two.losses], [
      "many",
      { requests: [{ model: "models/gem", content: content("a") }, { model: "models/gem", content: content("b") }] },
      []
    ])
  })

  it("of another protocol loses a user as a hint, and token ids and encodings of a provider as meaning", () => {
    const { body, losses } = embed.request.encode(foreign({
      inputs: [{ type: "tokens", tokens: [1, 2], at: "/input" }],
      user: "u",
      encoding: "base64_int8",
      headers: { "x-other": "1" },
      foreign: ["input_type"],
      wire: { dialect: other, value: {} },
      places: { user: "/user", encoding: "/encoding_format" }
    }))
    assert.deepStrictEqual(body, { model: "models/gem", content: content(" ") })
    assert.sameDeepMembers(losses.map((loss) => [Loss.toText(loss), loss.weight]), [
      ["/input;approximated", "meaning"],
      ["/user;dropped", "hint"],
      ["/encoding_format;dropped", "meaning"],
      ["/headers;dropped", "hint"],
      ["/input_type;dropped", "hint"]
    ])
  })
})

describe("an embedding answer", () => {
  const context = (body: Json) => ({ question: decoded(body), estimatedInput: 7 })
  const one = context({ content: content("a") })
  const many = context({ requests: [{ content: content("a") }] })

  it("comes back unchanged, with what it says in canonical words", () => {
    for (
      const body of [
        { embedding: { values: [0.5], shape: [1] } },
        { embeddings: [{ values: [0.5] }, {}], usageMetadata: { promptTokenCount: 3 } },
        { embeddings: [] }
      ]
    ) assert.deepStrictEqual(Result.getOrThrow(embed.response.encode(answered(body), many)), body)
    const read = answered({ embeddings: [{ values: [0.5] }, {}], usageMetadata: { promptTokenCount: 3 } })
    assert.deepStrictEqual([read.vectors, read.usage], [[{ type: "numbers", values: [0.5] }, { type: "numbers", values: [] }], { input: 3 }])
  })

  it("from another protocol has the form of its question", () => {
    const answer = { vectors: [{ type: "numbers", values: [0.5] }], usage: { input: 3 } } as const
    const usageMetadata = { promptTokenCount: 3, totalTokenCount: 3 }
    assert.deepStrictEqual(Result.getOrThrow(embed.response.encode(answer, one)), { embedding: { values: [0.5] }, usageMetadata })
    assert.deepStrictEqual(Result.getOrThrow(embed.response.encode(answer, many)), { embeddings: [{ values: [0.5] }], usageMetadata })
  })

  it("in an encoding of a provider's own is refused, not guessed", () => {
    const read = embed.response.encode({ vectors: [{ type: "base64", data: "AAAA" }] }, one)
    assert.isTrue(Result.isFailure(read) && read.failure.class === "protocol-violation")
  })

  it("that holds no vectors breaks the protocol", () => {
    for (const wrong of [null, [], "x", {}, { embedding: 1 }, { embeddings: [{ values: ["a"] }] }, { error: { message: "no" } }]) {
      const read = embed.response.decode(wrong)
      assert.isTrue(Result.isFailure(read) && read.failure.class === "protocol-violation")
    }
  })
})
