/**
 * The codecs of questions (counts, embeddings) under mutated bodies, the same ones every time: nothing throws, a refusal says
 * where, what was read comes back unchanged in its own protocol and can be written in every other.
 */
import { assert, it } from "@effect/vitest"
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Equality from "@sluice/protocol/Equality"
import * as Json from "@sluice/protocol/Json"
import type { Asked, Question } from "@sluice/protocol/Question"
import type { Json as JsonValue } from "@sluice/protocol/Wire"
import { Result } from "effect"
import { subjects } from "../laws/Subjects.ts"
import * as Corpus from "./Corpus.ts"
import * as JsonMutation from "./JsonMutation.ts"
import { random } from "./Random.ts"

const dialects = subjects.map(({ dialect }) => dialect)

const message = { role: "user", content: "Hi" }
const tool = { name: "get", description: "gets", input_schema: { type: "object", properties: { a: { type: "string" } } } }
const contents = [{ role: "user", parts: [{ text: "Hi" }] }]

/** Legal bodies of questions, from which mutation starts. */
const asked: ReadonlyArray<JsonValue> = [
  { model: "m", messages: [message], tools: [{ type: "function", function: { name: "get", parameters: {} } }], temperature: 1 },
  { model: "m", messages: [message], system: "Be brief.", tools: [tool], tool_choice: { type: "auto" }, thinking: { type: "adaptive" } },
  {
    model: "m",
    input: [message],
    instructions: "Be brief.",
    tools: [{ type: "function", name: "get", parameters: {}, strict: false }],
    text: { format: { type: "text" } }
  },
  { contents },
  { generateContentRequest: { model: "models/m", contents, systemInstruction: { parts: [{ text: "Be brief." }] }, generationConfig: { temperature: 1 } } },
  { model: "m", input: ["a", "b"], dimensions: 8, encoding_format: "base64", user: "u" },
  { model: "m", input: [[1, 2], [3]] },
  { model: "models/m", content: { parts: [{ text: "a" }] }, taskType: "CLUSTERING", title: "t", outputDimensionality: 8 },
  { requests: [{ model: "models/m", content: { parts: [{ text: "a" }, { text: "b" }] }, outputDimensionality: 4 }, { content: { parts: [] } }] }
]

const answered: ReadonlyArray<JsonValue> = [
  { input_tokens: 16 },
  { object: "response.input_tokens", input_tokens: 11 },
  { totalTokens: 9, cachedContentTokenCount: 4, promptTokensDetails: [{ modality: "TEXT", tokenCount: 9 }] },
  {
    object: "list",
    data: [{ object: "embedding", index: 1, embedding: [0.5] }, { index: 0, embedding: "AAAA" }],
    model: "m",
    usage: { prompt_tokens: 3, total_tokens: 3 }
  },
  { embedding: { values: [0.5, -0.5] }, usageMetadata: { promptTokenCount: 3 } },
  { embeddings: [{ values: [0.5], shape: [1] }, {}] }
]

const donors = (trees: ReadonlyArray<Corpus.Tree>): JsonMutation.Donors => ({
  trees,
  keys: [
    "model",
    "input",
    "content",
    "contents",
    "requests",
    "messages",
    "data",
    "embedding",
    "totalTokens",
    "input_tokens",
    "generate_content_request",
    "index"
  ],
  words: ["m", "models/m", "base64", "text", "user"]
})

/** Mutated bodies that still are JSON. */
function* mutated(values: ReadonlyArray<JsonValue>, count: number): Generator<JsonValue> {
  const trees = values.map(Corpus.tree)
  const from = donors(trees)
  for (let index = 0; index < count; index++) {
    const tree = trees[index % trees.length]
    const parsed = tree === undefined ? undefined : Json.parse(JsonMutation.mutate(random(3, index), tree, from))
    if (parsed !== undefined && Result.isSuccess(parsed)) yield parsed.success
  }
}

const given = (body: JsonValue) => ({ body, headers: {}, path: {} })

/** Whether a question was read; fails where its codec misbehaves. */
const readsQuestion = <Q extends Asked, A>(codec: Question<Q, A>, others: ReadonlyArray<Question<Q, A>>, body: JsonValue): boolean => {
  const said = JSON.stringify(body)
  const read = codec.request.decode(given(body))
  const checked = codec.request.check(given(body))
  if (Result.isFailure(read)) {
    assert.deepStrictEqual([read.failure.class, checked?.class], ["bad-request", "bad-request"], said)
    assert.isDefined(read.failure.param, said)
    return false
  }
  assert.isUndefined(checked, said)
  const own = codec.request.encode(read.success)
  assert.isTrue(Equality.sameJson(body, own.body) && own.losses.length === 0, `${said} came back as ${JSON.stringify(own)}`)
  for (const other of others) JSON.stringify(other.request.encode(read.success))
  return true
}

/** Whether an answer was read; fails where its codec misbehaves. */
const readsAnswer = <Q extends Asked, A>(codec: Question<Q, A>, others: ReadonlyArray<Question<Q, A>>, question: Q, body: JsonValue): boolean => {
  const read = codec.response.decode(body)
  if (Result.isFailure(read)) {
    assert.strictEqual(read.failure.class, "protocol-violation", JSON.stringify(body))
    return false
  }
  const context = { question, estimatedInput: 1 }
  const own = codec.response.encode(read.success, context)
  assert.isTrue(Result.isSuccess(own) && Equality.sameJson(body, own.success), `${JSON.stringify(body)} came back as ${JSON.stringify(own)}`)
  for (const other of others) JSON.stringify(other.response.encode(read.success, context))
  return true
}

const inputs = 4_000

const attack = <Q extends Asked, A>(name: string, question: Q, of: (dialect: Dialect) => Question<Q, A> | undefined): void => {
  const codecs = [...new Map(dialects.flatMap((dialect) => of(dialect) ?? []).map((codec) => [codec.id, codec])).values()]
  for (const codec of codecs) {
    it(`${inputs} mutated inputs leave the ${name} of ${codec.id} in good order`, () => {
      const others = codecs.filter(({ id }) => id !== codec.id)
      let [questions, answers] = [0, 0]
      for (const body of mutated(asked, inputs)) if (readsQuestion(codec, others, body)) questions++
      for (const body of mutated(answered, inputs)) if (readsAnswer(codec, others, question, body)) answers++
      assert.isAbove(Math.min(questions, answers), inputs / 40)
    })
  }
}

attack("counts", { model: "m", turns: [] }, ({ count }) => count)
attack("embeddings", { model: "m", inputs: [] }, ({ embed }) => embed)
