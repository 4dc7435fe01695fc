/**
 * What becomes of an exchange that a crash left open: abandoned, with the usage of its last checkpoint as an estimate, and the
 * opening's estimate as the bound of a prompt nobody counted. It costs what the checkpoint said, else what its prompt was estimated
 * at. Its end stays unknown. Pure.
 */
import type { UsageClass } from "@sluice/protocol/CanonicalUsage"
import { classes } from "@sluice/protocol/CanonicalUsage"
import * as Rows from "./Rows.ts"
import * as TerminalRow from "./TerminalRow.ts"

const promptClasses: ReadonlyArray<UsageClass> = ["input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "audioIn", "toolPrompt"]
const prompt = promptClasses.map((name) => TerminalRow.at(Rows.usageColumn[name]))
const input = TerminalRow.at(Rows.usageColumn.input)
const estimatedInput = TerminalRow.at("estimated_input")
const provenance = TerminalRow.at("provenance")
const costUsd = TerminalRow.at("cost_usd")
const costNanos = TerminalRow.at("cost_nanos")
const estimatedUsd = TerminalRow.at("estimated_usd")
const status = TerminalRow.at("status")
const outcome = TerminalRow.at("outcome")

/** The settle row of an open exchange, given its columns as they are stored. */
export const abandon = (open: TerminalRow.TerminalRow): Rows.Row => {
  const values = [...open]
  // A count noted under way is no final word, whoever said it
  const letters = (TerminalRow.text(open, provenance) ?? "").replace(/[rc]/g, Rows.letterOf.estimated)
  const isUncounted = prompt.every((index) => values[index] === null)
  const at = classes.indexOf("input")
  values[provenance] = isUncounted ? `${letters.slice(0, at)}${Rows.letterOf.bounded}${letters.slice(at + 1)}` : letters
  if (isUncounted) values[input] = open[estimatedInput] ?? null
  if (values[costUsd] === null) {
    const [usd, nanos] = Rows.cost(TerminalRow.text(open, estimatedUsd))
    values[costUsd] = usd
    values[costNanos] = nanos
  }
  values[status] = "abandoned"
  values[outcome] = "Abandoned"
  return TerminalRow.settling(values)
}
