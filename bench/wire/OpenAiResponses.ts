// Responses: a message, then one function call whose arguments take a third of the deltas.
import type { Ask, DialectWire, StreamEvent } from "./DialectWire.ts"
import { argumentPieces, instructions, prose, tool, word } from "./Words.ts"

const messageId = "msg_BenchAnswer00000000000000000001"
const callId = "fc_BenchCall000000000000000000001"

const response = (status: string, output: ReadonlyArray<object>, outputTokens: number | undefined) => ({
  id: "resp_BenchAnswer000000000000000001",
  object: "response",
  created_at: 1760000000,
  status,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: 512,
  model: "gpt-4o-mini-2024-07-18",
  output,
  parallel_tool_calls: true,
  temperature: 0.7,
  tool_choice: "auto",
  tools: [],
  top_p: 1,
  metadata: {},
  usage: outputTokens === undefined ? null : {
    input_tokens: 180,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 180 + outputTokens
  }
})

const textPart = (text: string) => ({ type: "output_text", text, annotations: [], logprobs: [] })
const message = (status: string, content: ReadonlyArray<object>) => ({ id: messageId, type: "message", status, role: "assistant", content })
const call = (status: string, text: string) => ({
  id: callId,
  type: "function_call",
  status,
  call_id: "call_BenchCall0000000000001",
  name: tool.name,
  arguments: text
})

const request = ({ model, streamed, tools }: Ask) => ({
  model,
  instructions,
  input: [{ role: "user", content: prose(3) }],
  max_output_tokens: 512,
  temperature: 0.7,
  store: false,
  ...(tools
    ? { tools: [{ type: "function", name: tool.name, description: tool.description, parameters: tool.schema, strict: false }], tool_choice: "auto" }
    : {}),
  ...(streamed ? { stream: true } : {})
})

const events = (count: number): ReadonlyArray<StreamEvent> => {
  const deltas = count - 11
  const pieces = argumentPieces(Math.floor(deltas / 3))
  const words = Array.from({ length: deltas - pieces.length }, (_, index) => word(index))
  const inText = { item_id: messageId, output_index: 0, content_index: 0 }
  const inCall = { item_id: callId, output_index: 1 }
  const text = words.join("")
  const args = pieces.join("")
  const whole = [message("completed", [textPart(text)]), call("completed", args)]
  const told: ReadonlyArray<readonly [string, object]> = [
    ["created", { response: response("in_progress", [], undefined) }],
    ["in_progress", { response: response("in_progress", [], undefined) }],
    ["output_item.added", { output_index: 0, item: message("in_progress", []) }],
    ["content_part.added", { ...inText, part: textPart("") }],
    ...words.map((delta) => ["output_text.delta", { ...inText, delta, logprobs: [] }] as const),
    ["output_text.done", { ...inText, text, logprobs: [] }],
    ["content_part.done", { ...inText, part: textPart(text) }],
    ["output_item.done", { output_index: 0, item: message("completed", [textPart(text)]) }],
    ["output_item.added", { output_index: 1, item: call("in_progress", "") }],
    ...pieces.map((delta) => ["function_call_arguments.delta", { ...inCall, delta }] as const),
    ["function_call_arguments.done", { ...inCall, name: tool.name, arguments: args }],
    ["output_item.done", { output_index: 1, item: call("completed", args) }],
    ["completed", { response: response("completed", whole, deltas) }]
  ]
  return told.map(([name, keys], sequence_number) => ({ name: `response.${name}`, value: { type: `response.${name}`, sequence_number, ...keys } }))
}

/** The protocol. */
export const openAiResponses: DialectWire = {
  provider: "responses",
  base: "/v1",
  path: () => "/v1/responses",
  headers: (key) => ({ authorization: `Bearer ${key}` }),
  request,
  proofs: { buffered: "\"output\"", streamed: "event: response.completed" },
  calls: true,
  answer: () => response("completed", [message("completed", [textPart(prose(4))]), call("completed", JSON.stringify(tool.call))], 130),
  events
}
