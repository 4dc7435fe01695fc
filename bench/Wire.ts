// The bytes that travel: requests of about 1 kB, buffered answers of about 1 kB, and streams of an exact number of events, in four protocols.
// Everything is built once from constants, so that neither the upstream nor the load generator spends time on it.
// Not a simulator: it has no faults and no timing.
import { anthropicMessages } from "./wire/AnthropicMessages.ts"
import { geminiGenerate } from "./wire/GeminiGenerate.ts"
import { openAiChat } from "./wire/OpenAiChat.ts"
import { openAiResponses } from "./wire/OpenAiResponses.ts"
import { tool } from "./wire/Words.ts"

/** The protocols, by the names the gateway's configuration knows. */
export const wires = {
  "openai-chat": openAiChat,
  "openai-responses": openAiResponses,
  "anthropic-messages": anthropicMessages,
  "gemini-generate": geminiGenerate
}

/** One of them. */
export type WireDialect = keyof typeof wires

/** All of them, in the order of the tables. */
export const dialects: ReadonlyArray<WireDialect> = ["openai-chat", "openai-responses", "anthropic-messages", "gemini-generate"]

/** What a client posts, and what proves that the answer is whole. */
export interface Exchange {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Texts that only a complete and right answer contains. */
  readonly proofs: ReadonlyArray<string>
  /** The least number of events in a right answer; 0 for a buffered one. */
  readonly leastEvents: number
}

/** How an answer is streamed: number of events in all (terminal included), and how many of them one network chunk carries. */
export interface StreamShape {
  readonly events: number
  readonly perChunk: number
}

/** Who asks whom. */
export interface Pair {
  readonly client: WireDialect
  readonly upstream: WireDialect
}

/** The key the gateway is configured with. */
export const clientKey = "sk-sluice-benchbenchbe-0123456789abcdef"

/** The gateway's configuration sends a model with this prefix to the provider of the protocol. */
export const prefixOf = (upstream: WireDialect): string => `to-${wires[upstream].provider}-`

/** Whether an answer is text only: then its stream is as long as the upstream's in every protocol, but for frames around the text. */
const leastOf = ({ client, upstream }: Pair, { events }: StreamShape): number => {
  if (client === upstream) return events - (wires[client].terminal === undefined ? 0 : 1)
  // A crossing may fold the frames around the deltas into fewer events, and Gemini's calls come whole: then their deltas are one part.
  const arguments_ = wires[upstream].calls ? Math.ceil(events / 3) : 0
  return events - 12 - (client === "gemini-generate" ? arguments_ : 0)
}

/** The request of a client, and the proofs of its answer from that upstream. A baseline, which translates nothing, is its own upstream. */
export const exchangeOf = (pair: Pair, options: { readonly tools: boolean; readonly shape: StreamShape | undefined }): Exchange => {
  const { shape, tools } = options
  const wire = wires[pair.client]
  const streamed = shape !== undefined
  const ask = { model: `${prefixOf(pair.upstream)}${streamed ? `${shape.events}x${shape.perChunk}` : "buffered"}`, tools, streamed }
  return {
    path: wire.path(ask),
    headers: { ...wire.headers(clientKey), "content-type": "application/json" },
    body: JSON.stringify(wire.request(ask)),
    proofs: [streamed ? wire.proofs.streamed : wire.proofs.buffered, ...(wires[pair.upstream].calls ? [tool.name] : [])],
    leastEvents: streamed ? leastOf(pair, shape) : 0
  }
}

/** The JSON texts of a stream's events, in order; a terminal that is no JSON is not among them. `count` must be at least 16. */
export const eventTexts = (dialect: WireDialect, count: number): ReadonlyArray<string> => wires[dialect].events(count).map(({ value }) => JSON.stringify(value))

/** The framed events of a stream, `perChunk` of them in each buffer. */
export const streamChunks = (dialect: WireDialect, shape: StreamShape): ReadonlyArray<Buffer> => {
  const { events, terminal } = wires[dialect]
  const frames = [
    ...events(shape.events).map(({ name, value }) => `${name === undefined ? "" : `event: ${name}\n`}data: ${JSON.stringify(value)}\n\n`),
    ...(terminal === undefined ? [] : [`data: ${terminal}\n\n`])
  ]
  return Array.from(
    { length: Math.ceil(frames.length / shape.perChunk) },
    (_, index) => Buffer.from(frames.slice(index * shape.perChunk, (index + 1) * shape.perChunk).join(""))
  )
}

/** The whole buffered answer. */
export const bufferedAnswer = (dialect: WireDialect): Buffer => Buffer.from(JSON.stringify(wires[dialect].answer()))
