/**
 * What `/embeddings` bodies look like: the official specification, and objects as inputs where compatible providers embed more
 * than text. Used as guards on parsed JSON, never as transformations.
 */
import { AnyObject, maybe } from "@sluice/protocol/Guard"
import { DialectId } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"

/** The name of this wire form, which both dialects of OpenAI's service have in common. */
export const id: DialectId = DialectId.make("openai-embeddings")

const Tokens = Schema.Array(Schema.Number)

/** `input`: one text, several, the token ids of one or of several. */
export const Input = Schema.Union([Schema.String, Tokens, Schema.Array(Schema.Union([Schema.String, Tokens, AnyObject])), AnyObject])

/** The body of a question. */
export const Request = Schema.Struct({
  model: Schema.String,
  input: Input,
  dimensions: maybe(Schema.Number),
  encoding_format: maybe(Schema.String),
  user: maybe(Schema.String)
})

/** The body of a question. */
export type Request = typeof Request.Type

/** The body of an answer. A vector that is text is in the encoding that was asked for. */
export const Answer = Schema.Struct({
  data: Schema.Array(Schema.Struct({ index: maybe(Schema.Number), embedding: Schema.Union([Schema.String, Tokens]) })),
  model: maybe(Schema.String),
  usage: maybe(Schema.Struct({ prompt_tokens: maybe(Schema.Number) }))
})

/** The body of an answer. */
export type Answer = typeof Answer.Type
