/**
 * How many tokens a prompt has, and what of a request is its prompt. The question is an ordinary request, so that a count goes
 * wherever a request goes; what only shapes the answer (sampling, limits, storage) takes no part in it.
 */
import type { CanonicalRequest } from "./CanonicalRequest.ts"
import type { EncodedRequest } from "./Dialect.ts"
import * as Pointer from "./Pointer.ts"
import type { EncodedQuestion, Question } from "./Question.ts"
import type { Node } from "./Wire.ts"

/** The answer: whole tokens. */
export interface TokenCount extends Node {
  /** Tokens of the whole prompt, cached ones among them. */
  readonly input: number
  /** How many of them are cached content; absent = not said. */
  readonly cacheRead?: number
}

/** How a dialect counts. */
export type CountTokens = Question<CanonicalRequest, TokenCount>

const promptFields: ReadonlySet<string> = new Set<string>(
  [
    "model",
    "headers",
    "instructions",
    "turns",
    "tools",
    "toolChoice",
    "parallelToolCalls",
    "reasoning",
    "responseFormat",
    "cache",
    "previousResponse",
    "conversation",
    "truncation",
    "container",
    "mcpServers",
    "cachedContent",
    "wire",
    "at",
    "foreign",
    "places"
  ] satisfies ReadonlyArray<keyof CanonicalRequest>
)

/** The request with nothing in it but what the provider would read before it answers. */
export const promptOf = (request: CanonicalRequest): CanonicalRequest => ({
  ...Object.fromEntries(Object.entries(request).filter(([key]) => promptFields.has(key))),
  model: request.model,
  turns: request.turns
})

/**
 * A request of another dialect as a question of this one: its prompt by this dialect's own encoder, with only the keys that the
 * counting endpoint takes (it refuses others). What the encoder says of fields that are no part of the prompt is not repeated.
 */
export const encodePrompt = (
  encode: (request: CanonicalRequest) => EncodedRequest,
  request: CanonicalRequest,
  keys: ReadonlySet<string>
): EncodedQuestion => {
  const { body, losses, ...rest } = encode(promptOf(request))
  return {
    ...rest,
    body: Object.fromEntries(Object.entries(body).filter(([key]) => keys.has(key))),
    losses: losses.filter(({ canonical }) => promptFields.has(Pointer.steps(canonical)[0] ?? ""))
  }
}
