/**
 * The default counter: OpenAI's byte-pair encodings, `o200k_base` unless the model's name says an older one. For models of
 * other families that is an estimate. The encoding is loaded at the first count (a tenth of a second, 30 MB) and not at the start.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { TokenCount } from "@sluice/protocol/TokenCount"
import * as Effect from "effect/Effect"
import * as Pieces from "./Pieces.ts"
import * as PromptText from "./PromptText.ts"

type CountText = (text: string) => number

/** Names of special tokens in a prompt are text like any other. */
const asText = { disallowedSpecial: new Set<string>() }

const older = /^(?:gpt-4(?!o|\.|-o)|gpt-3\.?5|text-embedding-)/

// Each import is made once; the module cache keeps it
const encodingOf = (model: string): Effect.Effect<CountText> =>
  Effect.promise(() =>
    older.test(model.slice(model.lastIndexOf("/") + 1)) ? import("gpt-tokenizer/encoding/cl100k_base") : import("gpt-tokenizer/encoding/o200k_base")
  )
    .pipe(Effect.map(({ countTokens }) => (text) => countTokens(text, asText)))

/** Others get their turn after this many pieces, which take a few milliseconds. */
const piecesPerTurn = 16

/** Counts the tokens of texts, stepping aside between slices of a long one. */
const countTexts = Effect.fnUntraced(function*(texts: ReadonlyArray<string>, countText: CountText) {
  let tokens = 0
  let pieces = 0
  for (const text of texts) {
    for (const piece of Pieces.of(text)) {
      tokens += countText(piece)
      if (++pieces % piecesPerTurn === 0) yield* Effect.yieldNow
    }
  }
  return tokens
})

/** Counts a prompt. */
export const count = Effect.fnUntraced(function*(request: CanonicalRequest): Effect.fn.Return<TokenCount> {
  const { constant, texts } = PromptText.of(request)
  return { input: constant + (yield* countTexts(texts, yield* encodingOf(request.model))) }
})
