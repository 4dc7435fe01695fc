/**
 * Texts and their vectors, in no provider's words: the question of an embedding and its answer. Vectors keep the form they came
 * in.
 */
import type { Usage } from "./CanonicalUsage.ts"
import type { Question } from "./Question.ts"
import type { DialectId, Json, Node } from "./Wire.ts"

interface InputFields extends Node {
  /** What the vector is for, in Gemini's words (`RETRIEVAL_QUERY`, `CLUSTERING`). */
  readonly taskType?: string
  /** Title of the document that the text is. */
  readonly title?: string
  /** Where inputs of one question want vectors of different lengths: that of this one. */
  readonly dimensions?: number
}

/** A text. */
export interface TextInput extends InputFields {
  readonly type: "text"
  readonly text: string
}

/** A text as the ids of its tokens, which mean something to one family of models only. */
export interface TokensInput extends InputFields {
  readonly type: "tokens"
  readonly tokens: ReadonlyArray<number>
}

/** Something that only one protocol can embed: pictures, sound, several parts. */
export interface ForeignInput extends InputFields {
  readonly type: "foreign"
  readonly dialect: DialectId
  readonly value: Json
}

/** Something whose vector is wanted. */
export type EmbeddingInput = TextInput | TokensInput | ForeignInput

/** What a caller asks: one vector for each input. */
export interface EmbeddingRequest extends Node {
  readonly model: string
  /** Request headers the protocol forwards to its own kind. Lower-case names. */
  readonly headers?: { readonly [name: string]: string }
  readonly inputs: ReadonlyArray<EmbeddingInput>
  /** Length of the vectors; absent = the model's own. */
  readonly dimensions?: number
  /** How the caller wants to read the vectors: `float`, `base64` (32-bit floats, little-endian) or a provider's own word; absent = `float`. */
  readonly encoding?: string
  readonly user?: string
}

/** One vector: numbers, or a provider's base64 for them in the encoding that the question asked for, or that is the provider's own. */
export type Vector =
  | (Node & { readonly type: "numbers"; readonly values: ReadonlyArray<number> })
  | (Node & { readonly type: "base64"; readonly data: string })

/** The answer: vectors in the order of the inputs. */
export interface EmbeddingResponse extends Node {
  /** The model that made them, as the provider names it. */
  readonly model?: string
  readonly vectors: ReadonlyArray<Vector>
  /** Absent = not stated. */
  readonly usage?: Usage
}

/** How a dialect embeds. */
export type EmbedTexts = Question<EmbeddingRequest, EmbeddingResponse>
