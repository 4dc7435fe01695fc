/** Edge cases of crossings among OpenAI's two protocols and Gemini's, and of their transport. */
import type { EdgeCaseList } from "./EdgeCase.ts"

/** The list. */
export const openAiAndGeminiCrossings: EdgeCaseList = {
  title: "Crossings among Chat Completions, Responses and Gemini",
  cases: []
}
