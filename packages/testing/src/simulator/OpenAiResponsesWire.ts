/**
 * The words of OpenAI responses that streamed and buffered answers have in common: ids, the response object that echoes
 * its request, items, usage. Wire facts are those of the official specification and of recorded traffic.
 */
import type { ToolName } from "./Facts.ts"
import { arrayOf, type JsonObject, objectOf } from "./Json.ts"
import { logprob } from "./OpenAiChatWire.ts"
import type { Answer } from "./Provider.ts"
import type { FinishReason } from "./Script.ts"
import type { UsageNumbers } from "./Usage.ts"

/** How a response or an item stands. */
export type ItemStatus = "in_progress" | "completed" | "incomplete"

/** What a response that ended for a reason is called. */
export const endStatus = (reason: FinishReason): "completed" | "incomplete" => reason === "length" || reason === "content-filter" ? "incomplete" : "completed"

/** The id of an item at its place in the output, with the prefix of its type. */
export const itemId = (answer: Answer, prefix: "msg" | "rs" | "fc" | "ctc", index: number): string =>
  `${prefix}_sim${String(answer.number).padStart(8, "0")}x${index}`

/** Usage as OpenAI adds it up: cached inside the input, reasoning inside the output. */
export const wireUsage = (usage: UsageNumbers): object => {
  const input = usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h
  const output = usage.output + usage.reasoning
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: usage.cacheRead, cache_write_tokens: usage.cacheWrite5m + usage.cacheWrite1h },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: input + output
  }
}

const echoedTool = (tool: JsonObject): JsonObject =>
  tool["type"] === "function" ? { ...tool, parameters: tool["parameters"] ?? null, strict: tool["strict"] ?? true } : tool

/** The part of a response that repeats its request, defaults filled in. */
const echo = (body: JsonObject): object => {
  const reasoning = objectOf(body["reasoning"])
  const text = objectOf(body["text"])
  return {
    background: false,
    instructions: body["instructions"] ?? null,
    max_output_tokens: body["max_output_tokens"] ?? null,
    max_tool_calls: body["max_tool_calls"] ?? null,
    parallel_tool_calls: body["parallel_tool_calls"] ?? true,
    previous_response_id: null,
    prompt_cache_key: body["prompt_cache_key"] ?? null,
    reasoning: { effort: reasoning["effort"] ?? null, summary: reasoning["summary"] ?? null },
    safety_identifier: body["safety_identifier"] ?? null,
    service_tier: "default",
    store: body["store"] ?? true,
    temperature: body["temperature"] ?? 1,
    text: { format: text["format"] ?? { type: "text" }, verbosity: text["verbosity"] ?? "medium" },
    tool_choice: body["tool_choice"] ?? "auto",
    tools: arrayOf(body["tools"]).map(objectOf).map(echoedTool),
    top_logprobs: body["top_logprobs"] ?? 0,
    top_p: body["top_p"] ?? 1,
    truncation: body["truncation"] ?? "disabled",
    metadata: body["metadata"] ?? {}
  }
}

/** How an answer ended: its status, and the usage where it is stated. The specification knows no null for it, so that it is left out until then. */
export interface ResponseEnd {
  readonly status: "in_progress" | "completed" | "incomplete" | "failed"
  readonly reason?: FinishReason
  readonly error?: { readonly code: string; readonly message: string }
  readonly usage?: UsageNumbers
}

/** The response object with the output so far. */
export const response = (answer: Answer, output: ReadonlyArray<object>, end: ResponseEnd): object => {
  const created = 1_760_000_000 + answer.number
  return {
    id: `resp_sim${String(answer.number).padStart(8, "0")}`,
    object: "response",
    created_at: created,
    status: end.status,
    completed_at: end.status === "completed" ? created + 1 : null,
    error: end.error ?? null,
    incomplete_details: end.status === "incomplete" ? { reason: end.reason === "length" ? "max_output_tokens" : "content_filter" } : null,
    model: answer.facts.model,
    output,
    ...echo(objectOf(answer.body)),
    ...(end.usage === undefined ? {} : { usage: wireUsage(end.usage) })
  }
}

/** A text part with the log probabilities of its tokens, which only those who asked get. */
export const textPart = (answer: Answer, tokens: ReadonlyArray<string>): object => ({
  type: "output_text",
  annotations: [],
  logprobs: answer.logprobs ? tokens.map((token) => logprob(answer, token)) : [],
  text: tokens.join("")
})

/** A part in which the model refuses. */
export const refusalPart = (refusal: string): object => ({ type: "refusal", refusal })

/** A message of the assistant. */
export const messageItem = (id: string, status: ItemStatus, content: ReadonlyArray<object>): object => ({
  id,
  type: "message",
  status,
  content,
  role: "assistant"
})

/** Whether a request wants the sealed form of thoughts to send them back without the service remembering. */
export const wantsSeal = (answer: Answer): boolean => arrayOf(objectOf(answer.body)["include"]).includes("reasoning.encrypted_content")

/** A thought: its summary, and its seal where the request includes it. */
export const reasoningItem = (answer: Answer, id: string, summary: string, seal: string): object => ({
  id,
  type: "reasoning",
  ...(wantsSeal(answer) && seal !== "" ? { encrypted_content: seal } : {}),
  summary: summary === "" ? [] : [{ type: "summary_text", text: summary }]
})

/** A call of a function, or of a custom tool with its free text. */
export const callItem = (id: string, callId: string, tool: ToolName, input: string, status: ItemStatus): object => {
  const named = { call_id: callId, name: tool.name, ...(tool.namespace === undefined ? {} : { namespace: tool.namespace }) }
  return tool.custom === true
    ? { id, type: "custom_tool_call", status, ...named, input }
    : { id, type: "function_call", status, ...named, arguments: input }
}

/** The code of a failed response for an HTTP status. */
export const failureCode = (status: number): string => status === 429 ? "rate_limit_exceeded" : "server_error"

/** Whether usage is ever stated. */
export const statedUsage = (answer: Answer, usage: UsageNumbers): { readonly usage?: UsageNumbers } => answer.habit === "missing" ? {} : { usage }
