/** One small request, answer and stream in each protocol, saying the same: somebody says Hello and is told Hello there. */

/** The protocols, by id. */
export const ids = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"] as const

/** The id of a protocol. */
export type Id = typeof ids[number]

/** Every ordered pair, a protocol with itself included. */
export const pairs: ReadonlyArray<readonly [Id, Id]> = ids.flatMap((from) => ids.map((to) => [from, to] as const))

const hello = [{ role: "user", content: "Hello" }]

/** Bodies of requests. Gemini's tells model and stream in its path. */
export const requests: { readonly [K in Id]: object } = {
  "openai-chat": { model: "m", messages: hello },
  "openai-responses": { model: "m", input: "Hello" },
  "anthropic-messages": { model: "m", max_tokens: 100, system: "Be brief.", messages: hello },
  "gemini-generate": { contents: [{ role: "user", parts: [{ text: "Hello" }] }] }
}

/** Bodies of answers. */
export const answers: { readonly [K in Id]: object } = {
  "openai-chat": {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 7,
    model: "m",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 }
  },
  "openai-responses": {
    id: "resp_1",
    object: "response",
    created_at: 7,
    status: "completed",
    model: "m",
    output: [{
      id: "msg_1",
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "Hello there", annotations: [] }]
    }],
    usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 }
  },
  "anthropic-messages": {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "m",
    content: [{ type: "text", text: "Hello there" }],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 2 }
  },
  "gemini-generate": {
    candidates: [{ index: 0, content: { role: "model", parts: [{ text: "Hello there" }] }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: "m",
    responseId: "r1"
  }
}

/** Bodies of errors: the request was wrong. */
export const errors: { readonly [K in Id]: object } = {
  "openai-chat": { error: { message: "No such size", type: "invalid_request_error", param: null, code: null } },
  "openai-responses": { error: { message: "No such size", type: "invalid_request_error", param: null, code: null } },
  "anthropic-messages": { type: "error", error: { type: "invalid_request_error", message: "No such size" }, request_id: "req_1" },
  "gemini-generate": { error: { code: 400, message: "No such size", status: "INVALID_ARGUMENT" } }
}

const named = (...values: ReadonlyArray<{ readonly type: string; readonly [key: string]: unknown }>): string =>
  values.map((value) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`).join("")

const unnamed = (...values: ReadonlyArray<object | string>): string =>
  values.map((value) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`).join("")

const chunk = (delta: object, finish_reason: string | null = null) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 7,
  model: "m",
  choices: [{ index: 0, delta, finish_reason }]
})

/** The chunks of Gemini's stream. */
export const geminiChunks = [
  { candidates: [{ index: 0, content: { role: "model", parts: [{ text: "Hello" }] } }], modelVersion: "m", responseId: "r1" },
  {
    candidates: [{ index: 0, content: { role: "model", parts: [{ text: " there" }] }, finishReason: "STOP" }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
    modelVersion: "m",
    responseId: "r1"
  }
]

const response = { ...answers["openai-responses"], status: "in_progress", output: [], usage: null }
const part = { item_id: "msg_1", output_index: 0, content_index: 0 }
const item = { id: "msg_1", type: "message", role: "assistant" }
const text = { type: "output_text", text: "Hello there", annotations: [] }

/** Streams, as a provider sends them. */
export const streams: { readonly [K in Id]: string } = {
  "openai-chat": unnamed(
    chunk({ role: "assistant", content: "Hello" }),
    chunk({ content: " there" }),
    chunk({}, "stop"),
    { ...chunk({}), choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 } },
    "[DONE]"
  ),
  "openai-responses": named(
    { type: "response.created", sequence_number: 0, response },
    { type: "response.in_progress", sequence_number: 1, response },
    { type: "response.output_item.added", sequence_number: 2, output_index: 0, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", sequence_number: 3, ...part, part: { ...text, text: "" } },
    { type: "response.output_text.delta", sequence_number: 4, ...part, delta: "Hello" },
    { type: "response.output_text.delta", sequence_number: 5, ...part, delta: " there" },
    { type: "response.output_text.done", sequence_number: 6, ...part, text: "Hello there" },
    { type: "response.content_part.done", sequence_number: 7, ...part, part: text },
    { type: "response.output_item.done", sequence_number: 8, output_index: 0, item: { ...item, status: "completed", content: [text] } },
    { type: "response.completed", sequence_number: 9, response: answers["openai-responses"] }
  ),
  "anthropic-messages": named(
    {
      type: "message_start",
      message: { ...answers["anthropic-messages"], content: [], stop_reason: null, usage: { input_tokens: 3, output_tokens: 1 } }
    },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: " there" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 2 } },
    { type: "message_stop" }
  ),
  "gemini-generate": unnamed(...geminiChunks)
}
