/**
 * The words of OpenAI chat completions that streamed and buffered answers have in common: ids, usage, finish reasons,
 * log probabilities, error bodies. Wire facts are those of the official specification and of recorded traffic.
 */
import type { ToolName } from "./Facts.ts"
import type { Answer } from "./Provider.ts"
import type { FinishReason } from "./Script.ts"
import type { UsageNumbers } from "./Usage.ts"

/** The words for why a choice ends. */
export const finishReasons: Readonly<Record<FinishReason, string>> = {
  "stop": "stop",
  "length": "length",
  "tool-calls": "tool_calls",
  "stop-sequence": "stop",
  "content-filter": "content_filter",
  "refusal": "stop"
}

/** Usage as OpenAI adds it up: cached inside the prompt, reasoning inside the completion. */
export const wireUsage = (usage: UsageNumbers): object => {
  const prompt = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h
  const completion = usage.output + usage.reasoning
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 }
  }
}

/** A call of a function, or of a custom tool with its free text; with `text` the arguments so far. */
export const wireCall = ({ custom, name }: ToolName, text: string): object =>
  custom === true ? { type: "custom", custom: { name, input: text } } : { type: "function", function: { name, arguments: text } }

/** The id of an answer, on its body or all its chunks. */
export const completionId = (answer: Answer): string => `chatcmpl-sim${String(answer.number).padStart(8, "0")}`

/** Seconds since the epoch, fixed but for the number of the answer. */
export const created = (answer: Answer): number => 1_760_000_000 + answer.number

/** The made-up log probability of a token, with as many alternatives as the request asked for. */
export const logprob = (answer: Answer, token: string): object => ({
  token,
  logprob: -0.125,
  bytes: [...Buffer.from(token)],
  top_logprobs: Array.from({ length: answer.facts.topLogprobs }, (_, rank) => {
    const text = rank === 0 ? token : `${token}${rank}`
    return { token: text, logprob: -0.125 - rank, bytes: [...Buffer.from(text)] }
  })
})

const errorTypes: Readonly<Record<number, readonly [type: string, code: string | null] | undefined>> = {
  400: ["invalid_request_error", null],
  401: ["invalid_request_error", "invalid_api_key"],
  403: ["request_forbidden", "unsupported_country_region_territory"],
  404: ["invalid_request_error", "model_not_found"],
  429: ["requests", "rate_limit_exceeded"]
}

/** An error body of OpenAI: `{error: {message, type, param, code}}`, all four keys always there. */
export const chatError = (status: number, message: string, code?: string, parameter?: string): string => {
  const [type, usual] = errorTypes[status] ?? (status >= 500 ? ["server_error", null] : ["invalid_request_error", null])
  return JSON.stringify({ error: { message, type: code === "insufficient_quota" ? code : type, param: parameter ?? null, code: code ?? usual } })
}
