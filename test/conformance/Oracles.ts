/** Who judges what the codecs emit: the official schemas where they are at hand, and the strictest readers of each protocol. */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { WireEvent } from "@sluice/protocol/Sse"
import * as GeminiReader from "../../packages/gemini/test/generate/StrictReader.ts"
import * as ResponsesReader from "../../packages/openai/test/responses/StrictReader.ts"
import type { Oracle } from "../../packages/testing/src/Laws.ts"
import * as Official from "./Official.ts"
import * as StrictChat from "./StrictChat.ts"
import * as StrictMessages from "./StrictMessages.ts"

type Read = (events: ReadonlyArray<WireEvent>, request: CanonicalRequest) => string | undefined

const strictly = (oracle: Oracle | undefined, read: Read): Oracle => ({
  ...oracle,
  stream: (events, request) => read(events, request) ?? oracle?.stream?.(events, request)
})

/** The judges by dialect. */
export const oracles = (): { readonly [dialect: string]: Oracle } => {
  const official = Official.oracles()
  return {
    "openai-chat": strictly(official["openai-chat"], (events, request) => StrictChat.read(events, request.streamOptions?.includeUsage === true)),
    "anthropic-messages": strictly(official["anthropic-messages"], StrictMessages.read),
    "openai-responses": { stream: ResponsesReader.strictly },
    "gemini-generate": { response: GeminiReader.wrongAnswer, stream: GeminiReader.wrongStream }
  }
}
