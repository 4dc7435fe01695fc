/** The protocols the simulator speaks, in the order in which they are asked whether a request is theirs. A new protocol is one more value here. */
import { anthropicMessages } from "./AnthropicMessages.ts"
import { geminiGenerate, geminiGenerateArray } from "./GeminiGenerate.ts"
import { openAiChat } from "./OpenAiChat.ts"
import { openAiResponses } from "./OpenAiResponses.ts"
import type { Incoming, Operation, Provider } from "./Provider.ts"

/** All simulated protocols. The ones of other headers come before OpenAI's: the model list has one path in all of them. */
export const providers: ReadonlyArray<Provider> = [anthropicMessages, geminiGenerate, geminiGenerateArray, openAiChat, openAiResponses]

/** A protocol and what it is asked to do. */
export interface Route {
  readonly provider: Provider
  readonly operation: Operation
}

/** The protocol a request belongs to, if any. */
export const findRoute = (incoming: Incoming): Route | undefined => {
  for (const provider of providers) {
    const operation = provider.route(incoming)
    if (operation !== undefined) return { provider, operation }
  }
  return undefined
}
