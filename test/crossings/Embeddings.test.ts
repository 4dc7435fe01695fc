/**
 * The crossing law on embeddings: what the other service reads of a question is the question as its losses say, for every
 * combination of what a question may hold.
 */
import { assert, describe, it } from "@effect/vitest"
import { GeminiGenerate } from "@sluice/gemini"
import { OpenAiChat } from "@sluice/openai"
import type { EmbeddingInput, EmbeddingRequest, EmbedTexts } from "@sluice/protocol/CanonicalEmbedding"
import { bare, same } from "@sluice/protocol/Equality"
import * as Loss from "@sluice/protocol/Loss"
import { DialectId } from "@sluice/protocol/Wire"
import { Result } from "effect"

const stranger = DialectId.make("stranger")
const wire = { dialect: stranger, value: {} }

const texts: ReadonlyArray<EmbeddingInput> = [
  { type: "text", text: "a" },
  { type: "text", text: "ünïcödé\n", taskType: "CLUSTERING" },
  { type: "text", text: "b", taskType: "RETRIEVAL_DOCUMENT", title: "t" },
  { type: "text", text: "c", dimensions: 4 },
  { type: "tokens", tokens: [1, 2] },
  { type: "foreign", dialect: stranger, value: { pixels: [] } }
]

const inputs: ReadonlyArray<ReadonlyArray<EmbeddingInput>> = [...texts.map((text) => [text]), texts, texts.slice(0, 3), texts.toReversed()]

const rest: ReadonlyArray<Partial<EmbeddingRequest>> = [
  {},
  { dimensions: 8 },
  { user: "u" },
  { encoding: "float" },
  { encoding: "base64", dimensions: 8 },
  { encoding: "base64_int8", user: "u", headers: { "x-stranger": "1" }, foreign: ["odd"] }
]

const questions = inputs.flatMap((each) =>
  rest.map((more): EmbeddingRequest => ({ model: "m", wire, ...more, inputs: each.map((input, index) => ({ ...input, wire, at: `/inputs/${index}` })) }))
)

const codecs: ReadonlyArray<readonly [string, EmbedTexts | undefined]> = [["OpenAI", OpenAiChat.dialect.embed], ["Gemini", GeminiGenerate.dialect.embed]]

/** Gemini knows one form of vectors: the client's own encoder writes what was asked for, so that nothing is lost. */
const told = (name: string, question: EmbeddingRequest): EmbeddingRequest => {
  if (name !== "Gemini") return question
  const { encoding: _, ...others } = question
  return others
}

/** Lengths of the inputs and of the whole, as each input's own. */
const spread = ({ dimensions, ...question }: EmbeddingRequest) => ({
  ...question,
  inputs: question.inputs.map((input) => ({
    ...input,
    ...(input.dimensions ?? dimensions) === undefined ? {} : { dimensions: input.dimensions ?? dimensions }
  }))
})

describe("a question of another protocol", () => {
  for (const [name, codec] of codecs) {
    it(`is read by ${name} as its losses say`, () => {
      assert.isDefined(codec)
      for (const question of questions) {
        const { body, losses } = codec.request.encode(question)
        const read = Result.getOrThrow(codec.request.decode({ body, headers: {}, path: {} }))
        const applied = Loss.apply(losses, bare(question)) as EmbeddingRequest
        const [expected, found] = [spread(told(name, applied)), spread(read)]
        assert.isTrue(same(expected, found), `${JSON.stringify(body)}\n${JSON.stringify(bare(expected))}\n${JSON.stringify(bare(found))}`)
      }
    })
  }
})
