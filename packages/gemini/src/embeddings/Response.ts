/** The answers of `embedContent` (one vector) and `batchEmbedContents` (several), each in the form of its question. */
import type { EmbeddingRequest, EmbeddingResponse, Vector } from "@sluice/protocol/CanonicalEmbedding"
import type { Failure } from "@sluice/protocol/GatewayError"
import { asJson } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import type { QuestionContext } from "@sluice/protocol/Question"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Keys from "../generate/Keys.ts"
import * as Wire from "./Wire.ts"

const isAnswer = Schema.is(Wire.Answer)

/** A body in canonical words. Protobuf's JSON leaves an empty list out. */
export const decode = (body: Json): Result.Result<EmbeddingResponse, Failure> => {
  const embeddings = isAnswer(body) ? body.embeddings ?? (body.embedding === undefined || body.embedding === null ? undefined : [body.embedding]) : undefined
  if (!isAnswer(body) || embeddings === undefined) return Result.fail({ class: "protocol-violation", message: "The provider's answer holds no embedding." })
  const usage = Keys.read(body, "usageMetadata")
  const input = usage === undefined ? undefined : Keys.read(usage, "promptTokenCount")
  return Result.succeed({
    vectors: embeddings.map(({ values }) => ({ type: "numbers", values: values ?? [] })),
    ...present({ usage: input === undefined ? undefined : { input } }),
    wire: { dialect: Wire.id, value: asJson(body) }
  })
}

/** Gemini asks for numbers. A provider that answers with text all the same has an encoding of its own, which could only be guessed. */
const unreadable: Failure = {
  class: "protocol-violation",
  message: "The provider answered with vectors in an encoding of its own, which Gemini's protocol cannot carry."
}

const isNumbers = (vector: Vector): vector is Extract<Vector, { readonly type: "numbers" }> => vector.type === "numbers"

/** A body in the form that the question asks for. */
export const encode = (answer: EmbeddingResponse, { question }: QuestionContext<EmbeddingRequest>): Result.Result<JsonObject, Failure> => {
  const own = valueIn(Wire.id, answer)
  if (isObject(own)) return Result.succeed(own)
  const vectors = answer.vectors.filter(isNumbers).map(({ values }) => ({ values }))
  if (vectors.length < answer.vectors.length) return Result.fail(unreadable)
  const asked = valueIn(Wire.id, question)
  const [first] = vectors
  const isOne = isObject(asked) && asked["requests"] === undefined && first !== undefined
  const input = answer.usage?.input
  return Result.succeed({
    ...(isOne ? { embedding: first } : { embeddings: vectors }),
    ...(input === undefined ? {} : { usageMetadata: { promptTokenCount: input, totalTokenCount: input } })
  })
}
