import { assert, describe, it } from "@effect/vitest"
import type { EmbeddingRequest } from "@sluice/protocol/CanonicalEmbedding"
import * as Loss from "@sluice/protocol/Loss"
import { DialectId, type Json, type JsonObject } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { embed } from "../../src/embeddings/Embed.ts"

const other = DialectId.make("other")

const decode = (body: Json) => embed.request.decode({ body, headers: {}, path: {} })
const decoded = (body: Json) => Result.getOrThrow(decode(body))
const answered = (body: Json) => Result.getOrThrow(embed.response.decode(body))

const foreign = (request: Partial<EmbeddingRequest>): EmbeddingRequest => ({ model: "m", inputs: [{ type: "text", text: "a" }], ...request })

const bodies: ReadonlyArray<JsonObject> = [
  { model: "m", input: "a" },
  { model: "m", input: ["a"] },
  { model: "m", input: ["a", "b"], dimensions: 8, encoding_format: "base64", user: "u" },
  { model: "m", input: [1, 2, 3] },
  { model: "m", input: [[1], [2, 3]] },
  { model: "m", input: [] },
  { model: "m", input: [{ image: "data:" }, { text: "a" }] },
  { model: "m", input: { text: "a" } },
  { model: "m", input: "a", dimensions: null, encoding_format: null, user: null, input_type: "query", extra: { x: 1 } }
]

describe("an embedding question", () => {
  it("comes back unchanged, whatever its input looks like", () => {
    for (const body of bodies) {
      const { losses, body: encoded } = embed.request.encode(decoded(body))
      assert.deepStrictEqual(encoded, body)
      assert.deepStrictEqual(losses, [])
    }
  })

  it("shows an edit and nothing else", () => {
    const request = decoded({ model: "m", input: ["a", "b"], odd: 1 })
    const [first] = request.inputs
    assert.isDefined(first)
    const edited = embed.request.encode({ ...request, model: "n", inputs: [first, { type: "text", text: "c" }], dimensions: 4 })
    assert.deepStrictEqual(edited.body, { model: "n", input: ["a", "c"], odd: 1, dimensions: 4 })
  })

  it("tells texts, token ids and other things apart", () => {
    const kinds = (body: Json) => decoded(body).inputs.map(({ type }) => type)
    assert.deepStrictEqual(kinds({ model: "m", input: "a" }), ["text"])
    assert.deepStrictEqual(kinds({ model: "m", input: [1, 2] }), ["tokens"])
    assert.deepStrictEqual(kinds({ model: "m", input: [[1, 2], [3]] }), ["tokens", "tokens"])
    assert.deepStrictEqual(kinds({ model: "m", input: [{ image: "x" }] }), ["foreign"])
    assert.deepStrictEqual(decoded({ model: "m", input: "a", input_type: "query" }).foreign, ["input_type"])
  })

  it("is refused with the path that is wrong", () => {
    for (
      const [body, path] of [[{ input: "a" }, "/model"], [{ model: "m" }, "/input"], [{ model: "m", input: 3 }, "/input"], [
        { model: "m", input: "a", user: 1 },
        "/user"
      ]] as const
    ) {
      const failure = embed.request.check({ body, headers: {}, path: {} })
      assert.strictEqual(failure?.class, "bad-request")
      assert.strictEqual(failure?.param, path)
    }
  })

  it("of another protocol is written in OpenAI's words", () => {
    const one = embed.request.encode(foreign({ dimensions: 8, user: "u", encoding: "base64" }))
    assert.deepStrictEqual(one.body, { model: "m", input: "a", dimensions: 8, encoding_format: "base64", user: "u" })
    const many = embed.request.encode(foreign({ inputs: [{ type: "text", text: "a" }, { type: "tokens", tokens: [1] }] }))
    assert.deepStrictEqual(many.body, { model: "m", input: ["a", [1]] })
  })

  it("of another protocol loses tasks and titles as hints, and lengths of its own and strange inputs as meaning", () => {
    const wire = { dialect: other, value: {} }
    const { body, losses } = embed.request.encode(foreign({
      inputs: [
        { type: "text", text: "a", taskType: "CLUSTERING", title: "t", dimensions: 4, at: "/requests/0", wire, foreign: ["x"] },
        { type: "foreign", dialect: other, value: { parts: [] }, at: "/requests/1", wire }
      ],
      headers: { "x-other": "1" },
      foreign: ["y"],
      wire
    }))
    assert.deepStrictEqual(body, { model: "m", input: ["a", " "] })
    assert.sameDeepMembers(losses.map((loss) => [Loss.toText(loss), loss.weight]), [
      ["/requests/0;dropped", "hint"],
      ["/requests/0;dropped", "hint"],
      ["/requests/0;dropped", "meaning"],
      ["/requests/0/x;dropped", "hint"],
      ["/requests/1;approximated", "meaning"],
      ["/headers;dropped", "hint"],
      ["/y;dropped", "hint"]
    ])
  })
})

describe("an embedding answer", () => {
  const body = {
    object: "list",
    data: [{ object: "embedding", index: 0, embedding: [0.5, -0.25] }],
    model: "m-2",
    usage: { prompt_tokens: 3, total_tokens: 3 },
    id: "x"
  }
  const question = decoded({ model: "m", input: "a" })
  const context = { question, estimatedInput: 7 }

  it("comes back unchanged, with what it says in canonical words", () => {
    const answer = answered(body)
    assert.deepStrictEqual([answer.model, answer.usage, answer.vectors], ["m-2", { input: 3 }, [{ type: "numbers", values: [0.5, -0.25] }]])
    assert.deepStrictEqual(Result.getOrThrow(embed.response.encode(answer, context)), body)
  })

  it("stands in the order of the inputs", () => {
    const data = [{ index: 1, embedding: [1] }, { index: 0, embedding: [0] }]
    assert.deepStrictEqual(answered({ data }).vectors, [{ type: "numbers", values: [0] }, { type: "numbers", values: [1] }])
  })

  it("from another protocol is written as numbers, or as base64 where that was asked for, with an estimate for missing usage", () => {
    const answer = { vectors: [{ type: "numbers", values: [0.5, -0.25] }] } as const
    const written = (encoding: string | undefined) =>
      Result.getOrThrow(embed.response.encode(answer, { ...context, question: { ...question, ...(encoding === undefined ? {} : { encoding }) } }))
    assert.deepStrictEqual(written(undefined), {
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: [0.5, -0.25] }],
      model: "m",
      usage: { prompt_tokens: 7, total_tokens: 7 }
    })
    const bytes = Buffer.alloc(8)
    bytes.writeFloatLE(0.5, 0)
    bytes.writeFloatLE(-0.25, 4)
    assert.deepStrictEqual(written("base64")["data"], [{ object: "embedding", index: 0, embedding: bytes.toString("base64") }])
  })

  it("that holds no vectors breaks the protocol", () => {
    for (const wrong of [null, [], "x", {}, { data: "x" }, { data: [{}] }, { data: [{ embedding: ["a"] }] }, { error: { message: "no" } }]) {
      const read = embed.response.decode(wrong)
      assert.isTrue(Result.isFailure(read) && read.failure.class === "protocol-violation")
    }
  })
})
