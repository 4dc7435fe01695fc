// Messages: a text block, then one tool call whose arguments take a third of the deltas.
import type { Ask, DialectWire, StreamEvent } from "./DialectWire.ts"
import { argumentPieces, instructions, prose, tool, word } from "./Words.ts"

const head = { id: "msg_01BenchAnswer00000000001", type: "message", role: "assistant", model: "claude-haiku-4-5-20251001" }
const usage = { input_tokens: 180, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 }
const call = { type: "tool_use", id: "toolu_01BenchCall000000000001", name: tool.name }

const request = ({ model, streamed, tools }: Ask) => ({
  model,
  system: instructions,
  messages: [{ role: "user", content: prose(3) }],
  max_tokens: 512,
  temperature: 0.7,
  ...(tools ? { tools: [{ name: tool.name, description: tool.description, input_schema: tool.schema }], tool_choice: { type: "auto" } } : {}),
  ...(streamed ? { stream: true } : {})
})

const event = (value: { readonly type: string }): StreamEvent => ({ name: value.type, value })
const delta = (index: number, said: object): StreamEvent => event(Object.assign({ type: "content_block_delta" }, { index, delta: said }))

const events = (count: number): ReadonlyArray<StreamEvent> => {
  const deltas = count - 7
  const pieces = argumentPieces(Math.floor(deltas / 3))
  return [
    event(
      Object.assign({ type: "message_start" }, {
        message: { ...head, content: [], stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } }
      })
    ),
    event(Object.assign({ type: "content_block_start" }, { index: 0, content_block: { type: "text", text: "" } })),
    ...Array.from({ length: deltas - pieces.length }, (_, index) => delta(0, { type: "text_delta", text: word(index) })),
    event(Object.assign({ type: "content_block_stop" }, { index: 0 })),
    event(Object.assign({ type: "content_block_start" }, { index: 1, content_block: { ...call, input: {} } })),
    ...pieces.map((partial_json) => delta(1, { type: "input_json_delta", partial_json })),
    event(Object.assign({ type: "content_block_stop" }, { index: 1 })),
    event(Object.assign({ type: "message_delta" }, { delta: { stop_reason: "tool_use", stop_sequence: null }, usage: { output_tokens: deltas } })),
    event({ type: "message_stop" })
  ]
}

/** The protocol. */
export const anthropicMessages: DialectWire = {
  provider: "messages",
  base: "",
  path: () => "/v1/messages",
  headers: (key) => ({ "x-api-key": key, "anthropic-version": "2023-06-01" }),
  request,
  proofs: { buffered: "\"stop_reason\"", streamed: "event: message_stop" },
  calls: true,
  answer: () => ({
    ...head,
    content: [{ type: "text", text: prose(4) }, { ...call, input: tool.call }],
    stop_reason: "tool_use",
    stop_sequence: null,
    usage: { ...usage, output_tokens: 130, service_tier: "standard" }
  }),
  events
}
