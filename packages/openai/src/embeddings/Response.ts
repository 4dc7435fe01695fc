/** The answer of POST /embeddings: vectors as numbers or as base64, whichever was asked for. */
import type { EmbeddingRequest, EmbeddingResponse, Vector } from "@sluice/protocol/CanonicalEmbedding"
import type { Failure } from "@sluice/protocol/GatewayError"
import { asObject } from "@sluice/protocol/Guard"
import { present } from "@sluice/protocol/Json"
import type { QuestionContext } from "@sluice/protocol/Question"
import * as Vectors from "@sluice/protocol/Vectors"
import { isObject, type Json, type JsonObject, valueIn } from "@sluice/protocol/Wire"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Wire from "./Wire.ts"

const isAnswer = Schema.is(Wire.Answer)

const vectorOf = (embedding: string | ReadonlyArray<number>): Vector =>
  typeof embedding === "string" ? { type: "base64", data: embedding } : { type: "numbers", values: embedding }

/** A body in canonical words; vectors stand in the order of their inputs, whatever the order in which they came. */
export const decode = (body: Json): Result.Result<EmbeddingResponse, Failure> => {
  if (!isAnswer(body)) return Result.fail({ class: "protocol-violation", message: "The provider's answer is no list of embeddings." })
  const ordered = body.data.map((entry, index) => ({ ...entry, index: entry.index ?? index })).toSorted((left, right) => left.index - right.index)
  const input = body.usage?.prompt_tokens ?? undefined
  return Result.succeed({
    vectors: ordered.map(({ embedding }) => vectorOf(embedding)),
    ...present({ model: body.model ?? undefined, usage: input === undefined ? undefined : { input } }),
    wire: { dialect: Wire.id, value: asObject(body) }
  })
}

/** Base64 that is not OpenAI's own stays what it is: the caller asked for a form that only its provider knows. */
const written = (vector: Vector, isBase64: boolean): Json => vector.type === "base64" ? vector.data : isBase64 ? Vectors.toBase64(vector.values) : vector.values

/** A body; the specification demands a usage, so that one the provider did not state is told as an estimate. */
export const encode = (answer: EmbeddingResponse, { estimatedInput, question }: QuestionContext<EmbeddingRequest>): Result.Result<JsonObject, never> => {
  const own = valueIn(Wire.id, answer)
  if (isObject(own)) return Result.succeed(answer.model === undefined || answer.model === own["model"] ? own : { ...own, model: answer.model })
  const tokens = answer.usage?.input ?? estimatedInput
  return Result.succeed({
    object: "list",
    data: answer.vectors.map((vector, index) => ({ object: "embedding", index, embedding: written(vector, question.encoding === "base64") })),
    model: answer.model ?? question.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens }
  })
}
