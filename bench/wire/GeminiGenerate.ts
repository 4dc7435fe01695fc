// generateContent: chunks of text, each with the counts so far as the provider writes them, then one call, which comes whole.
import type { Ask, DialectWire, StreamEvent } from "./DialectWire.ts"
import { instructions, prose, tool, word } from "./Words.ts"

const usage = (output: number) => ({
  promptTokenCount: 180,
  candidatesTokenCount: output,
  totalTokenCount: 180 + output,
  promptTokensDetails: [{ modality: "TEXT", tokenCount: 180 }]
})

const answer = (parts: ReadonlyArray<object>, output: number, finish: object) => ({
  candidates: [{ content: { parts, role: "model" }, ...finish, index: 0 }],
  usageMetadata: usage(output),
  modelVersion: "gemini-2.5-flash",
  responseId: "BenchAnswer000000000001"
})

const call = { functionCall: { name: tool.name, args: tool.call } }

const request = ({ tools }: Ask) => ({
  systemInstruction: { parts: [{ text: instructions }] },
  contents: [{ role: "user", parts: [{ text: prose(3) }] }],
  generationConfig: { maxOutputTokens: 512, temperature: 0.7 },
  ...(tools
    ? { tools: [{ functionDeclarations: [{ name: tool.name, description: tool.description, parametersJsonSchema: tool.schema }] }] }
    : {})
})

const events = (count: number): ReadonlyArray<StreamEvent> => [
  ...Array.from({ length: count - 2 }, (_, index) => ({ value: answer([{ text: word(index) }], index + 1, {}) })),
  { value: answer([call], count, {}) },
  { value: answer([{ text: "" }], count, { finishReason: "STOP" }) }
]

/** The protocol. */
export const geminiGenerate: DialectWire = {
  provider: "gemini",
  base: "",
  path: ({ model, streamed }) => `/v1beta/models/${model}:${streamed ? "streamGenerateContent?alt=sse" : "generateContent"}`,
  headers: (key) => ({ "x-goog-api-key": key }),
  request,
  proofs: { buffered: "\"finishReason\"", streamed: "\"finishReason\"" },
  calls: true,
  answer: () => answer([{ text: prose(4) }, call], 130, { finishReason: "STOP" }),
  events
}
