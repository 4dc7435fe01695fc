/** Who judges what the codecs emit: the official schemas where they are at hand, and the strictest readers of each protocol. */
import * as GeminiReader from "../../packages/gemini/test/generate/StrictReader.ts"
import * as ResponsesReader from "../../packages/openai/test/responses/StrictReader.ts"
import type { Oracle } from "../../packages/testing/src/Laws.ts"
import * as Official from "./Official.ts"
import * as StrictChat from "./StrictChat.ts"
import * as StrictMessages from "./StrictMessages.ts"

const readers: { readonly [dialect: string]: Oracle } = {
  "openai-chat": { stream: (events, request) => StrictChat.read(events, request.streamOptions?.includeUsage === true) },
  "anthropic-messages": { stream: StrictMessages.read },
  "openai-responses": { stream: ResponsesReader.strictly },
  "gemini-generate": { response: GeminiReader.wrongAnswer, stream: GeminiReader.wrongStream }
}

/** Two judges of one thing: the first complaint counts. */
const both = (reader: Oracle, official: Oracle): Oracle => ({
  ...reader,
  ...official,
  response: (body) => reader.response?.(body) ?? official.response?.(body),
  stream: (events, request) => reader.stream?.(events, request) ?? official.stream?.(events, request)
})

/** The judges by dialect. */
export const oracles: { readonly [dialect: string]: Oracle } = Object.fromEntries(
  Object.entries(readers).map(([dialect, reader]) => [dialect, both(reader, Official.oracles[dialect] ?? {})])
)
