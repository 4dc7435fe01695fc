/**
 * What `embedContent` and `batchEmbedContents` bodies look like, keys in both spellings. Used as guards on parsed JSON, never as
 * transformations.
 */
import { AnyObject, maybe } from "@sluice/protocol/Guard"
import { DialectId } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { both } from "../generate/Keys.ts"

/** The name of this wire form. */
export const id: DialectId = DialectId.make("gemini-embeddings")

/** What is embedded into one vector. */
export const Content = Schema.Struct({ parts: maybe(Schema.Array(AnyObject)) })

const inputFields = {
  content: Content,
  taskType: maybe(Schema.Union([Schema.String, Schema.Number])),
  title: maybe(Schema.String),
  outputDimensionality: maybe(Schema.Number),
  model: maybe(Schema.String)
}

/** The body of `embedContent`, and an entry of the other's. */
export const One = both(inputFields)

/** The body of `embedContent`. */
export type One = typeof One.Type

/** The body of `batchEmbedContents`. */
export const Many = Schema.Struct({ requests: Schema.Array(One), model: maybe(Schema.String) })

/** The body of `batchEmbedContents`. */
export type Many = typeof Many.Type

const Embedding = Schema.Struct({ values: maybe(Schema.Array(Schema.Number)) })

/** The body of either answer. */
export const Answer = both({
  embedding: maybe(Embedding),
  embeddings: maybe(Schema.Array(Embedding)),
  usageMetadata: maybe(both({ promptTokenCount: maybe(Schema.Number) }))
})

/** The body of either answer. */
export type Answer = typeof Answer.Type
