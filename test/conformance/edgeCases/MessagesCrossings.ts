/** Edge cases of crossings to and from Anthropic Messages. */
import type { EdgeCaseList } from "./EdgeCase.ts"

/** The list. */
export const messagesCrossings: EdgeCaseList = {
  title: "Crossings to and from Anthropic Messages",
  cases: []
}
