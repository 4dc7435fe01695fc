/** The protocols the simulator speaks, in the order in which they are asked whether a request is theirs. A new protocol is one more value here. */
import { anthropicMessages } from "./AnthropicMessages.ts"
import { openAiChat } from "./OpenAiChat.ts"
import type { Incoming, Operation, Provider } from "./Provider.ts"

/** All simulated protocols; the Anthropic one first, since its model list is told apart by its headers. */
export const providers: ReadonlyArray<Provider> = [anthropicMessages, openAiChat]

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
