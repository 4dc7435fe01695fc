/** Legal and half legal values that random ones do not reach: provider habits, empty shapes, errors of every family. */
import type { WireEvent } from "@sluice/protocol/Sse"
import type { Json } from "@sluice/protocol/Wire"

/** Hand-written seeds of one dialect. */
export interface Odd {
  readonly requests: ReadonlyArray<Json>
  readonly answers: ReadonlyArray<Json>
  readonly streams: ReadonlyArray<ReadonlyArray<WireEvent>>
}

const call = { id: "call_1", type: "function", function: { name: "f", arguments: "{\"a\":1}" } }
const chunk = (delta: Json, finish: string | null = null, index = 0): Json => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "m",
  choices: [{ index, delta, finish_reason: finish }]
})

const data = (...values: ReadonlyArray<Json>): ReadonlyArray<WireEvent> =>
  values.map((value) => ({ data: typeof value === "string" ? value : JSON.stringify(value) }))

const named = (...values: ReadonlyArray<{ readonly type: string; readonly [key: string]: Json }>): ReadonlyArray<WireEvent> =>
  values.map((value) => ({ name: value.type, data: JSON.stringify(value) }))

const chat: Odd = {
  requests: [
    { model: "m", messages: [] },
    {
      model: "m",
      messages: [{ role: "user", content: "hi" }],
      stop: "x",
      max_tokens: 1,
      max_completion_tokens: 2,
      functions: [{ name: "f" }],
      function_call: "auto"
    },
    {
      model: "m",
      messages: [{ role: "assistant", content: null, tool_calls: [call] }, { role: "tool", tool_call_id: "call_1", content: "1" }],
      tools: [{ type: "function", function: { name: "f" } }]
    },
    { model: "m", messages: [{ role: "assistant", function_call: { name: "f", arguments: "{" } }, { role: "function", name: "f", content: null }] }
  ],
  answers: [
    { choices: [] },
    {
      id: "",
      object: "chat.completion",
      choices: [{ index: 0, message: { role: "assistant", content: null, tool_calls: [call], reasoning_content: "r" }, finish_reason: "stop" }]
    },
    { choices: [{ text: "legacy" }], usage: null }
  ],
  streams: [
    data(
      chunk({ role: "assistant" }),
      chunk({ content: "a" }),
      chunk({}, "stop"),
      { choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } },
      "[DONE]"
    ),
    data(
      chunk({ tool_calls: [{ index: 0, id: "call_1", function: { name: "f", arguments: "" } }, { index: 1, function: { arguments: "{" } }] }),
      chunk({ tool_calls: [{ index: 1, id: "b", function: { name: "g" } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: "{}" } }] }, "tool_calls"),
      "[DONE]"
    ),
    data(chunk({ content: "a" }, "stop"), chunk({ content: "b" }), "[DONE]", "[DONE]"),
    data({ error: { message: "busy", code: 529 } }),
    data(
      chunk({ reasoning: "r", reasoning_details: [{ type: "reasoning.text", text: "r" }], refusal: "no", audio: { id: "a", data: "AAAA", transcript: "t" } }),
      chunk({}, "length", 1)
    )
  ]
}

const messages: Odd = {
  requests: [
    { model: "m", max_tokens: 1, messages: [] },
    {
      model: "m",
      max_tokens: 1,
      system: "s",
      messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: null, is_error: true }] }]
    },
    {
      model: "m",
      max_tokens: 1,
      messages: [{
        role: "assistant",
        content: [{ type: "thinking", thinking: "", signature: "s" }, { type: "redacted_thinking", data: "d" }, {
          type: "tool_use",
          id: "t",
          name: "f",
          input: {}
        }]
      }],
      thinking: { type: "enabled", budget_tokens: 1024 }
    },
    {
      model: "m",
      max_tokens: 1,
      messages: [{
        role: "user",
        content: [{ type: "text", text: "x", cache_control: { type: "ephemeral", ttl: "1h" } }, {
          type: "document",
          source: { type: "content", content: [{ type: "text", text: "d" }] },
          citations: { enabled: true }
        }]
      }]
    }
  ],
  answers: [
    { id: "m", type: "message", role: "assistant", content: [], stop_reason: null, usage: {} },
    {
      type: "message",
      role: "assistant",
      content: [{ type: "server_tool_use", id: "s", name: "web_search", input: {} }, {
        type: "text",
        text: "x",
        citations: [{ type: "char_location", cited_text: "c" }]
      }],
      stop_reason: "pause_turn"
    }
  ],
  streams: [
    named(
      {
        type: "message_start",
        message: { id: "m", type: "message", role: "assistant", model: "m", content: [], usage: { input_tokens: 1, output_tokens: 1 } }
      },
      { type: "ping" },
      { type: "content_block_start", index: 0, content_block: { type: "tool_use", id: "t", name: "f", input: {} } },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{\"a\":" } },
      { type: "content_block_start", index: 1, content_block: { type: "thinking", thinking: "", signature: "" } },
      { type: "content_block_delta", index: 1, delta: { type: "signature_delta", signature: "s" } },
      { type: "content_block_stop", index: 1 },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: 2 } },
      { type: "message_stop" }
    ),
    named({ type: "error", error: { type: "overloaded_error", message: "busy" } }),
    named({ type: "message_start", message: { id: "m", content: [{ type: "text", text: "early" }] } }, { type: "message_start", message: {} }, {
      type: "message_stop"
    })
  ]
}

const responses: Odd = {
  requests: [
    { model: "m", input: "hi" },
    {
      model: "m",
      input: [{ role: "user", content: "hi" }, { type: "item_reference", id: "x" }, {
        type: "function_call_output",
        call_id: "c",
        output: [{ type: "input_text", text: "t" }]
      }],
      previous_response_id: "r"
    },
    {
      model: "m",
      input: [{ type: "reasoning", id: "rs", summary: [{ type: "summary_text", text: "s" }], encrypted_content: "e" }, {
        type: "custom_tool_call",
        call_id: "c",
        name: "f",
        input: "x"
      }],
      tools: [{ type: "custom", name: "f", format: { type: "grammar", syntax: "lark", definition: "x" } }, { type: "web_search" }],
      include: []
    }
  ],
  answers: [
    { id: "r", object: "response", status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, output: [] },
    { id: "r", object: "response", status: "failed", error: { code: "server_error", message: "x" }, output: [] },
    {
      object: "response",
      status: "completed",
      output: [{ type: "image_generation_call", id: "ig", status: "completed", result: "AAAA" }, {
        type: "computer_call",
        id: "c",
        call_id: "c",
        action: {},
        pending_safety_checks: []
      }]
    }
  ],
  streams: [
    named(
      { type: "response.created", sequence_number: 0, response: { id: "r", object: "response", status: "in_progress", output: [] } },
      { type: "response.output_item.added", sequence_number: 1, output_index: 0, item: { type: "message", id: "m", role: "assistant", content: [] } },
      {
        type: "response.content_part.added",
        sequence_number: 2,
        item_id: "m",
        output_index: 0,
        content_index: 0,
        part: { type: "output_text", text: "", annotations: [] }
      },
      { type: "response.output_text.delta", sequence_number: 3, item_id: "m", output_index: 0, content_index: 0, delta: "a" },
      {
        type: "response.output_text.annotation.added",
        sequence_number: 4,
        item_id: "m",
        output_index: 0,
        content_index: 0,
        annotation_index: 0,
        annotation: { type: "url_citation", url: "u", start_index: 0, end_index: 1 }
      },
      {
        type: "response.output_item.added",
        sequence_number: 5,
        output_index: 1,
        item: { type: "function_call", id: "f", call_id: "c", name: "f", arguments: "" }
      },
      { type: "response.function_call_arguments.delta", sequence_number: 6, item_id: "f", output_index: 1, delta: "{}" },
      { type: "response.function_call_arguments.done", sequence_number: 7, item_id: "f", output_index: 1, arguments: "{}" },
      {
        type: "response.output_item.done",
        sequence_number: 8,
        output_index: 1,
        item: { type: "function_call", id: "f", call_id: "c", name: "f", arguments: "{}" }
      },
      { type: "response.output_text.done", sequence_number: 9, item_id: "m", output_index: 0, content_index: 0, text: "a" },
      {
        type: "response.output_item.done",
        sequence_number: 10,
        output_index: 0,
        item: { type: "message", id: "m", role: "assistant", content: [{ type: "output_text", text: "a" }] }
      },
      {
        type: "response.completed",
        sequence_number: 11,
        response: { id: "r", object: "response", status: "completed", output: [], usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } }
      }
    ),
    named({ type: "error", code: "x", message: "y" }),
    named({ type: "response.failed", response: { id: "r", status: "failed", error: null } }),
    named({ type: "response.image_generation_call.partial_image", item_id: "i", output_index: 0, partial_image_index: 0, partial_image_b64: "AAAA" })
  ]
}

const gemini: Odd = {
  requests: [
    { contents: [] },
    {
      model: "m",
      contents: [{ parts: [{ text: "hi" }] }],
      generationConfig: { responseSchema: { type: "OBJECT", properties: { a: { type: "STRING" } } }, thinkingConfig: { thinkingBudget: -1 } }
    },
    {
      model: "m",
      contents: [{ role: "model", parts: [{ functionCall: { name: "f", args: {} }, thoughtSignature: "AAAA" }] }, {
        role: "user",
        parts: [{ functionResponse: { name: "f", response: { result: 1 } } }]
      }],
      system_instruction: { parts: [{ text: "s" }] },
      tools: [{ function_declarations: [{ name: "f" }] }, { google_search: {} }]
    }
  ],
  answers: [
    { candidates: [] },
    { promptFeedback: { blockReason: "SAFETY" } },
    {
      candidates: [{
        content: {
          role: "model",
          parts: [{ executableCode: { language: "PYTHON", code: "1" } }, { codeExecutionResult: { outcome: "OUTCOME_OK", output: "1" } }, {
            inlineData: { mimeType: "image/png", data: "AAAA" }
          }]
        },
        finishReason: 1,
        groundingMetadata: {
          groundingChunks: [{ web: { uri: "u" } }],
          groundingSupports: [{ segment: { startIndex: 0, endIndex: 1 }, groundingChunkIndices: [0] }]
        }
      }],
      usageMetadata: { promptTokenCount: 1, thoughtsTokenCount: 2 }
    }
  ],
  streams: [
    data(
      { candidates: [{ content: { role: "model", parts: [{ text: "a", thought: true }] } }], responseId: "r", modelVersion: "m" },
      {
        candidates: [{
          content: {
            parts: [{ functionCall: { id: "x", name: "f", partialArgs: [{ jsonPath: "$.a[0].b", stringValue: "v", willContinue: true }], willContinue: true } }]
          }
        }]
      },
      { candidates: [{ content: { parts: [{ functionCall: { partialArgs: [{ jsonPath: "$.a[0].b", stringValue: "w" }] } }] } }] },
      { candidates: [{ content: { parts: [{ functionCall: {} }] } }] },
      { candidates: [{ content: { parts: [] }, finishReason: "STOP" }], usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1 } }
    ),
    data({ error: { code: 503, message: "busy", status: "UNAVAILABLE" } }),
    data({ candidates: [{ finishReason: "STOP" }] }, { candidates: [{ content: { parts: [{ text: "late" }] } }] }, {
      candidates: [{ index: 1, finish_reason: "MAX_TOKENS" }]
    }),
    data({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata: {} })
  ]
}

const all: { readonly [dialect: string]: Odd } = {
  "openai-chat": chat,
  "anthropic-messages": messages,
  "openai-responses": responses,
  "gemini-generate": gemini
}

/** The seeds of a dialect; a dialect without any is attacked with random ones alone. */
export const of = (dialect: string): Odd => all[dialect] ?? { requests: [], answers: [], streams: [] }

/** Error replies of every family that is met in the wild; each decoder gets them all. */
export const errors: ReadonlyArray<Json> = [
  { error: { message: "m", type: "invalid_request_error", param: "messages.0", code: "context_length_exceeded" } },
  { type: "error", error: { type: "rate_limit_error", message: "m" }, request_id: "r" },
  { error: { code: 429, message: "m", status: "RESOURCE_EXHAUSTED", details: [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "1.5s" }] } },
  [{ error: { code: 400, message: "m", status: "INVALID_ARGUMENT", details: [{ fieldViolations: [{ field: "a", description: "b" }] }] } }],
  { error: "plain words" },
  { error: { message: { nested: "words" } } },
  { message: "m", code: 1 },
  { detail: [{ loc: ["body", "x"], msg: "field required", type: "value_error" }] },
  { errors: [{ message: "m" }] },
  "words",
  null,
  []
]
