/**
 * How many tokens a prompt has, and what of a request is its prompt. The question is an ordinary request, so that a count goes
 * wherever a request goes; what only shapes the answer (sampling, limits, storage) takes no part in it.
 */
import * as Result from "effect/Result"
import type { CanonicalRequest } from "./CanonicalRequest.ts"
import type { EncodedRequest } from "./Dialect.ts"
import * as Fields from "./Fields.ts"
import * as Pointer from "./Pointer.ts"
import type { EncodedQuestion, Question } from "./Question.ts"
import { type DialectId, isObject, type JsonObject, type Node, valueIn } from "./Wire.ts"

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

/** The body with only those keys that the endpoint takes, or that the client itself wrote. */
const only = (body: JsonObject, keys: ReadonlySet<string>, own: JsonObject): JsonObject =>
  Object.keys(body).every((key) => keys.has(key) || Object.hasOwn(own, key))
    ? body
    : Object.fromEntries(Object.entries(body).filter(([key]) => keys.has(key) || Object.hasOwn(own, key)))

/**
 * A request as a question of this dialect, by the dialect's own encoder of requests, with only the keys that the counting
 * endpoint takes (it refuses others). Of a request of another dialect only the prompt is encoded, and what the encoder says of
 * other fields is not repeated.
 */
export const encodePrompt = (
  dialect: DialectId,
  encode: (request: CanonicalRequest) => EncodedRequest,
  request: CanonicalRequest,
  keys: ReadonlySet<string>
): EncodedQuestion => {
  const own = valueIn(dialect, request)
  const { body, losses, ...rest } = encode(own === undefined ? promptOf(request) : request)
  return {
    ...rest,
    body: only(body, keys, isObject(own) ? own : {}),
    losses: own === undefined ? losses.filter(({ canonical }) => promptFields.has(Pointer.steps(canonical)[0] ?? "")) : losses
  }
}

/** The answer of protocols that say the count under `input_tokens`; `fresh` is what an answer of the gateway's own has beside it. */
export const statedAsInput = (id: DialectId, fresh: JsonObject): CountTokens["response"] => ({
  decode: (body) => {
    const input = isObject(body) ? body["input_tokens"] : undefined
    return typeof input === "number"
      ? Result.succeed({ input, wire: { dialect: id, value: body } })
      : Result.fail({ class: "protocol-violation", message: "The provider's answer states no input_tokens." })
  },
  encode: (count) => {
    const own = valueIn(id, count)
    return Result.succeed(Fields.patched(isObject(own) ? own : fresh, { input_tokens: count.input }))
  }
})
