/** Edge cases of whole exchanges: outcomes, usage, bytes, routing, limits, audit. */
import type { EdgeCaseList } from "./EdgeCase.ts"

/** The list. */
export const exchanges: EdgeCaseList = {
  title: "Exchanges",
  cases: []
}
