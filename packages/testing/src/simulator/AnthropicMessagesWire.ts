/**
 * The words of Anthropic messages that streamed and buffered answers have in common: ids, usage, stop fields, blocks,
 * error bodies. Wire facts are those of the official specification and of recorded traffic.
 */
import type { Answer } from "./Provider.ts"
import type { FinishReason } from "./Script.ts"
import type { UsageNumbers } from "./Usage.ts"

const stopReasons: Readonly<Record<FinishReason, string>> = {
  "stop": "end_turn",
  "length": "max_tokens",
  "tool-calls": "tool_use",
  "stop-sequence": "stop_sequence",
  "content-filter": "refusal",
  "refusal": "refusal"
}

const messageId = (answer: Answer): string => `msg_sim${String(answer.number).padStart(8, "0")}`

/** The input side of usage, its classes beside each other. */
export const cacheUsage = (usage: UsageNumbers): object => ({
  input_tokens: usage.input,
  cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
  cache_read_input_tokens: usage.cacheRead
})

/** Thinking is part of the output tokens; the protocol does not tell it apart. */
export const wireUsage = (usage: UsageNumbers, output: number): object => ({
  ...cacheUsage(usage),
  cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite5m, ephemeral_1h_input_tokens: usage.cacheWrite1h },
  output_tokens: output,
  server_tool_use: null,
  service_tier: "standard",
  inference_geo: null
})

/** Usage that states nothing. */
export const nothing: UsageNumbers = { input: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 0, reasoning: 0 }

/** A message with the given content; `stop` overwrites the open stop fields. */
export const message = (answer: Answer, content: ReadonlyArray<object>, usage: object, stop: object): object => ({
  id: messageId(answer),
  type: "message",
  role: "assistant",
  model: answer.facts.model,
  content,
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
  container: null,
  ...stop,
  usage
})

/** One named event; the name is the type. */
export const event = (type: string, fields: object): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

/** Text and thinking blocks as they start. */
export const emptyBlocks = {
  text: { type: "text", text: "", citations: null },
  reasoning: { type: "thinking", thinking: "", signature: "" }
}

/** A tool_use block. */
export const toolBlock = (id: string, name: string, input: object): object => ({ type: "tool_use", id, name, input, caller: { type: "direct" } })

/** Everything a message says about why it stopped. */
export const stopFields = (reason: FinishReason, stopSequence: string | undefined, explanation: string): object => ({
  stop_reason: stopReasons[reason],
  stop_sequence: stopSequence ?? null,
  stop_details: reason === "refusal" || reason === "content-filter"
    ? { type: "refusal", category: null, explanation: explanation === "" ? null : explanation }
    : null,
  container: null
})

const errorTypes: Readonly<Record<number, string | undefined>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error"
}

/** An error body of Anthropic: `{type: "error", error: {type, message}, request_id}`. */
export const messagesError = (status: number, text: string, number: number, type?: string): string =>
  JSON.stringify({
    type: "error",
    error: { type: type ?? errorTypes[status] ?? (status >= 500 ? "api_error" : "invalid_request_error"), message: text },
    request_id: `req_sim${String(number).padStart(8, "0")}`
  })
