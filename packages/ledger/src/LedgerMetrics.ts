/** What an operator sees of the way to the database: how much waits, whether it is taken, and how much had to go to spill files. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"
import * as Backlog from "./Backlog.ts"
import type { State } from "./Writer.ts"

const waiting = Metric.gauge("sluice_ledger_waiting_rows", { description: "Rows that wait for the ledger's database" })
const limit = Metric.gauge("sluice_ledger_waiting_rows_limit", { description: "Rows that may wait for the ledger's database; more are spilled or refused" })
const failing = Metric.gauge("sluice_ledger_failing", { description: "1 while the ledger's database does not take writes" })
const spilling = Metric.gauge("sluice_ledger_spilling", { description: "1 while rows wait in spill files, or for one" })
const spilled = Metric.counter("sluice_ledger_spilled_rows_total", { description: "Rows that went to spill files", incremental: true })

/** Makes the states of a writer visible; call it with each. */
export const reporter = (context: Context.Context<never>): (state: State) => void => {
  let reported = 0
  limit.updateUnsafe(Backlog.capacityRows, context)
  return ({ isFailing, isSpilling, spilledRows, waitingRows }) => {
    waiting.updateUnsafe(waitingRows, context)
    failing.updateUnsafe(isFailing ? 1 : 0, context)
    spilling.updateUnsafe(isSpilling ? 1 : 0, context)
    if (spilledRows > reported) spilled.updateUnsafe(spilledRows - reported, context)
    reported = spilledRows
  }
}
