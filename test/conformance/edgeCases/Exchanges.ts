/** Edge cases of whole exchanges: outcomes, usage, bytes, routing, limits, audit. */
import { type EdgeCaseList, numbered } from "./EdgeCase.ts"
import { lanes, routing, settling } from "./ExchangeRouting.ts"
import { counts, endings, order } from "./ExchangeStreams.ts"

/** The list. */
export const exchanges: EdgeCaseList = {
  title: "Exchanges",
  cases: numbered([...endings, ...counts, ...order, ...lanes, ...routing, ...settling])
}
