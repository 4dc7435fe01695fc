/**
 * How many tokens a request may take, before it is sent: the texts of its prompt at a few characters for a token, a constant for what
 * is no text, and the longest answer it allows. Cheap on purpose; what was too much is given back when the truth is known.
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import * as PromptText from "../tokenCounter/PromptText.ts"
import { estimateTokens } from "../Verdict.ts"

/** Tokens in and out. */
export interface Estimate {
  readonly input: number
  /** Of all answers together; absent = the request sets no bound. */
  readonly output?: number
}

/** Nothing. */
export const nothing: Estimate = { input: 0, output: 0 }

/** What a request to generate may take. */
export const of = (request: CanonicalRequest): Estimate => {
  const { constant, texts } = PromptText.of(request)
  const input = estimateTokens(texts.reduce((sum, text) => sum + text.length, 0)) + constant
  const { candidates = 1, maxOutputTokens } = request
  return maxOutputTokens === undefined ? { input } : { input, output: Math.max(0, maxOutputTokens) * Math.max(1, candidates) }
}
