/** The dialects whose recordings are checked, with independent readers of their answers. */
import * as AnthropicMessages from "../../packages/anthropic/src/messages/Dialect.ts"
import * as OpenAiChat from "../../packages/openai/src/chat/Dialect.ts"
import * as Oracles from "./Oracles.ts"
import * as RawFacts from "./RawFacts.ts"
import type { Subject } from "./Rules.ts"

/** The protocols there are recordings and codecs of. */
export const subjects = (): ReadonlyArray<Subject> => {
  const oracles = Oracles.oracles()
  return [
    {
      dialect: OpenAiChat.dialect,
      protocol: "openai-chat",
      factsOfBody: RawFacts.ofChatBody,
      factsOfStream: RawFacts.ofChatStream,
      oracle: oracles[OpenAiChat.dialect.id] ?? {}
    },
    {
      dialect: AnthropicMessages.dialect,
      protocol: "anthropic-messages",
      factsOfBody: RawFacts.ofMessagesBody,
      factsOfStream: RawFacts.ofMessagesStream,
      oracle: oracles[AnthropicMessages.dialect.id] ?? {}
    }
  ]
}
