/** Edge cases of crossings among OpenAI's two protocols and Gemini's, and of their transport. */
import { type EdgeCaseList, numbered } from "./EdgeCase.ts"
import { geminis } from "./GeminiCrossings.ts"
import { betweenOpenAis, chatsToResponses } from "./OpenAiCrossings.ts"
import { transport } from "./Transport.ts"

/** The list. */
export const openAiAndGeminiCrossings: EdgeCaseList = {
  title: "Crossings among Chat Completions, Responses and Gemini",
  cases: numbered([...betweenOpenAis, ...geminis, ...chatsToResponses, ...transport])
}
