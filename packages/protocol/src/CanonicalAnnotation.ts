/**
 * What providers say about an answer beside its text: citations, grounding, log probabilities, safety ratings.
 * An annotation belongs to a block, to a choice or to the whole response, and may still come after the finish.
 */
import type { DialectId, Json } from "./Wire.ts"

/** One token with its log probability (OpenAI `logprobs.content[]`, Gemini `logprobsResult`). */
export interface TokenLogprob {
  readonly token: string
  readonly logprob: number
  readonly bytes?: ReadonlyArray<number> | null
  readonly top?: ReadonlyArray<Omit<TokenLogprob, "top">>
}

/** A source the text rests on. Offsets count UTF-16 units of the block's text. */
export interface Citation {
  readonly kind: "citation"
  readonly url?: string
  readonly title?: string
  readonly quote?: string
  readonly start?: number
  readonly end?: number
  /** The dialect's own value, which alone holds page ranges, file ids and the like. */
  readonly native?: { readonly dialect: DialectId; readonly value: Json }
}

/** Log probabilities of the tokens of a block or a choice. */
export interface Logprobs {
  readonly kind: "logprobs"
  readonly of: "text" | "refusal"
  readonly tokens: ReadonlyArray<TokenLogprob>
}

/** What only its dialect can say: grounding metadata, safety ratings, moderation. */
export interface NativeAnnotation {
  readonly kind: "grounding" | "safety" | "other"
  readonly dialect: DialectId
  /** The wire key it stood under. */
  readonly name: string
  readonly value: Json
}

/** Something said about a block, a choice or a response. */
export type Annotation = Citation | Logprobs | NativeAnnotation
