/** The dialects whose recordings are checked, with independent readers of their answers. */
import * as AnthropicMessages from "../../packages/anthropic/src/messages/Dialect.ts"
import * as GeminiGenerate from "../../packages/gemini/src/generate/Dialect.ts"
import * as OpenAiChat from "../../packages/openai/src/chat/Dialect.ts"
import * as OpenAiResponses from "../../packages/openai/src/responses/Dialect.ts"
import * as GeminiFacts from "./GeminiFacts.ts"
import * as Oracles from "./Oracles.ts"
import * as RawFacts from "./RawFacts.ts"
import * as ResponsesFacts from "./ResponsesFacts.ts"
import type { Subject } from "./Rules.ts"

/** The protocols there are recordings and codecs of. */
export const subjects: ReadonlyArray<Subject> = [
  {
    dialect: OpenAiChat.dialect,
    protocol: "openai-chat",
    factsOfBody: RawFacts.ofChatBody,
    factsOfStream: RawFacts.ofChatStream,
    oracle: Oracles.oracles[OpenAiChat.dialect.id] ?? {}
  },
  {
    dialect: AnthropicMessages.dialect,
    protocol: "anthropic-messages",
    factsOfBody: RawFacts.ofMessagesBody,
    factsOfStream: RawFacts.ofMessagesStream,
    oracle: Oracles.oracles[AnthropicMessages.dialect.id] ?? {}
  },
  {
    dialect: OpenAiResponses.dialect,
    protocol: "openai-responses",
    factsOfBody: ResponsesFacts.ofBody,
    factsOfStream: ResponsesFacts.ofStream,
    oracle: Oracles.oracles[OpenAiResponses.dialect.id] ?? {}
  },
  {
    dialect: GeminiGenerate.dialect,
    protocol: "gemini",
    factsOfBody: GeminiFacts.ofBody,
    factsOfStream: GeminiFacts.ofStream,
    oracle: Oracles.oracles[GeminiGenerate.dialect.id] ?? {}
  }
]
