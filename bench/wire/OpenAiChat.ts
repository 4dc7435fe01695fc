// Chat Completions: answers of text only, so that the byte lane is measured on the commonest stream.
import type { Ask, DialectWire } from "./DialectWire.ts"
import { instructions, prose, tool, word } from "./Words.ts"

const head = { id: "chatcmpl-BenchAnswer0000000000000001", created: 1760000000, model: "gpt-4o-mini-2024-07-18", service_tier: "default" }

const chunk = (delta: object, finish: string | null) => ({
  value: {
    ...head,
    object: "chat.completion.chunk",
    system_fingerprint: "fp_0123456789",
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    usage: null
  }
})

const request = ({ model, streamed, tools }: Ask) => ({
  model,
  messages: [{ role: "system", content: instructions }, { role: "user", content: prose(tools ? 3 : 5) }],
  max_tokens: 512,
  temperature: 0.7,
  ...(tools
    ? { tools: [{ type: "function", function: { name: tool.name, description: tool.description, parameters: tool.schema } }], tool_choice: "auto" }
    : {}),
  ...(streamed ? { stream: true, stream_options: { include_usage: true } } : {})
})

/** The protocol. */
export const openAiChat: DialectWire = {
  provider: "chat",
  base: "/v1",
  path: () => "/v1/chat/completions",
  headers: (key) => ({ authorization: `Bearer ${key}` }),
  request,
  proofs: { buffered: "\"finish_reason\"", streamed: "data: [DONE]" },
  calls: false,
  answer: () => ({
    ...head,
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: prose(4), refusal: null, annotations: [] }, logprobs: null, finish_reason: "stop" }],
    usage: {
      prompt_tokens: 180,
      completion_tokens: 130,
      total_tokens: 310,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 }
    },
    system_fingerprint: "fp_0123456789"
  }),
  events: (count) => [
    chunk({ role: "assistant", content: "", refusal: null }, null),
    ...Array.from({ length: count - 4 }, (_, index) => chunk({ content: word(index) }, null)),
    chunk({}, "stop"),
    {
      value: {
        ...chunk({}, null).value,
        choices: [],
        usage: { prompt_tokens: 180, completion_tokens: count - 4, total_tokens: 176 + count }
      }
    }
  ],
  terminal: "[DONE]"
}
