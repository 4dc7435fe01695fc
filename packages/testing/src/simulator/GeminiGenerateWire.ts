/**
 * The words of Gemini that streamed and buffered answers have in common: candidates, usage, finish reasons, log
 * probabilities, error bodies. Wire facts are those of the official specification and of recorded traffic.
 */
import type { Refusal } from "./Facts.ts"
import { type JsonObject, objectOf, parseJson } from "./Json.ts"
import type { Answer } from "./Provider.ts"
import type { FinishReason } from "./Script.ts"
import type { UsageNumbers } from "./Usage.ts"

/** The words for why a candidate ends; the protocol has none for calls and stop sequences. A refusal is a blocked prompt, without a candidate. */
export const finishReasons: Readonly<Record<FinishReason, string>> = {
  "stop": "STOP",
  "length": "MAX_TOKENS",
  "tool-calls": "STOP",
  "stop-sequence": "STOP",
  "content-filter": "SAFETY",
  "refusal": "PROHIBITED_CONTENT"
}

/** JSON text as Google writes it, with the two line separators escaped that JSON allows and JavaScript's regular expressions stop at. */
export const wireJson = (value: unknown): string => JSON.stringify(value).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")

/** Usage as Gemini adds it up: cached inside the prompt, thoughts beside the candidates; what is zero is left out. */
export const wireUsage = (usage: UsageNumbers): object => {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h
  return {
    promptTokenCount: prompt,
    ...(usage.output === 0 ? {} : { candidatesTokenCount: usage.output }),
    totalTokenCount: prompt + usage.output + usage.reasoning,
    ...(usage.cacheRead === 0
      ? {}
      : { cachedContentTokenCount: usage.cacheRead, cacheTokensDetails: [{ modality: "TEXT", tokenCount: usage.cacheRead }] }),
    promptTokensDetails: [{ modality: "TEXT", tokenCount: prompt }],
    ...(usage.reasoning === 0 ? {} : { thoughtsTokenCount: usage.reasoning })
  }
}

/** The id of an answer, on its body or all its chunks. */
export const responseId = (answer: Answer): string => `sim${String(answer.number).padStart(8, "0")}`

/** A response, whole or one chunk of a stream, with the model's name as the path has it. */
export const response = (answer: Answer, fields: object, usage: UsageNumbers | undefined, id = responseId(answer)): object => ({
  ...fields,
  ...(usage === undefined ? {} : { usageMetadata: wireUsage(usage) }),
  modelVersion: answer.facts.model,
  responseId: id
})

/** A call, whole: the protocol does not stream arguments. The id is there only where the scenario asks for ids. */
export const callPart = (answer: Answer, id: string, name: string, args: string): JsonObject => ({
  functionCall: { ...(answer.callIds ? { id } : {}), name, args: objectOf(parseJson(args)) }
})

/** What a blocked prompt gets instead of candidates. */
export const blocked: object = {
  promptFeedback: {
    blockReason: "PROHIBITED_CONTENT",
    safetyRatings: [{ category: "HARM_CATEGORY_DANGEROUS_CONTENT", probability: "HIGH", blocked: true }]
  }
}

/** What a candidate says of its safety when it was stopped for it. */
export const safetyFields = (reason: FinishReason): object =>
  reason === "content-filter" ? { safetyRatings: [{ category: "HARM_CATEGORY_HARASSMENT", probability: "HIGH", blocked: true }] } : {}

const candidateOf = (token: string, rank: number): object => ({ token, tokenId: token.length, logProbability: -0.125 - rank })

/** The made-up log probabilities of tokens, with as many alternatives as the request asked for. */
export const logprobFields = (answer: Answer, tokens: ReadonlyArray<string>): object => {
  if (!answer.logprobs || tokens.length === 0) return {}
  const ranks = Array.from({ length: answer.facts.topLogprobs }, (_, rank) => rank)
  return {
    avgLogprobs: -0.125,
    logprobsResult: {
      topCandidates: tokens.map((token) => ({ candidates: ranks.map((rank) => candidateOf(rank === 0 ? token : `${token}${rank}`, rank)) })),
      chosenCandidates: tokens.map((token) => candidateOf(token, 0))
    }
  }
}

const statusWords: Readonly<Record<number, string | undefined>> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  409: "ABORTED",
  429: "RESOURCE_EXHAUSTED",
  499: "CANCELLED",
  500: "INTERNAL",
  501: "UNIMPLEMENTED",
  504: "DEADLINE_EXCEEDED"
}

const details = ({ status, code, retryMillis }: Refusal): ReadonlyArray<object> => [
  ...(code === undefined
    ? []
    : [{
      "@type": "type.googleapis.com/google.rpc.ErrorInfo",
      reason: code,
      domain: "googleapis.com",
      metadata: { service: "generativelanguage.googleapis.com" }
    }]),
  ...(status === 429
    ? [{
      "@type": "type.googleapis.com/google.rpc.QuotaFailure",
      violations: [{
        quotaMetric: "generativelanguage.googleapis.com/generate_content_requests",
        quotaId: "GenerateRequestsPerMinutePerProjectPerModel"
      }]
    }]
    : []),
  ...(retryMillis === undefined ? [] : [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: `${retryMillis / 1000}s` }])
]

/** An error body of Google: `{error: {code, message, status, details}}`; the code is the HTTP status, `details` is left out where there are none. */
export const generateError = (refusal: Refusal): string => {
  const { status, message } = refusal
  const word = statusWords[status] ?? (status >= 500 ? "UNAVAILABLE" : "INVALID_ARGUMENT")
  const found = details(refusal)
  return wireJson({ error: { code: status, message, status: word, ...(found.length === 0 ? {} : { details: found }) } })
}
