/** Edge cases of crossings to and from Anthropic Messages. */
import type { EdgeCaseList } from "./EdgeCase.ts"
import { messagesAndChat } from "./MessagesAndChat.ts"
import { messagesAndResponses } from "./MessagesAndResponses.ts"

/** The list. */
export const messagesCrossings: EdgeCaseList = {
  title: "Crossings to and from Anthropic Messages",
  cases: [...messagesAndChat, ...messagesAndResponses]
}
