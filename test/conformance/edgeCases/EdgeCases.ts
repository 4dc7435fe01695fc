/** All lists of edge cases, in the order of the page. */
import type { EdgeCaseList } from "./EdgeCase.ts"
import { exchanges } from "./Exchanges.ts"
import { messagesCrossings } from "./MessagesCrossings.ts"
import { openAiAndGeminiCrossings } from "./OpenAiAndGeminiCrossings.ts"

/** The lists. */
export const lists: ReadonlyArray<EdgeCaseList> = [messagesCrossings, openAiAndGeminiCrossings, exchanges]
