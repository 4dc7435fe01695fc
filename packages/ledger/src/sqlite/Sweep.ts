/**
 * What becomes of exchanges that a crash left open: abandoned, with the usage of their last checkpoint as an estimate, and the
 * opening's estimate as the bound of a prompt nobody counted. Their end stays unknown. Runs once, before the ledger is ready.
 */
import type { UsageClass } from "@sluice/protocol/CanonicalUsage"
import { classes } from "@sluice/protocol/CanonicalUsage"
import { letterOf, usageColumn } from "../Rows.ts"

const promptClasses: ReadonlyArray<UsageClass> = ["input", "cacheRead", "cacheWrite5m", "cacheWrite1h", "audioIn", "toolPrompt"]

const uncounted = promptClasses.map((name) => `${usageColumn[name]} IS NULL`).join(" AND ")

// A count noted under way is no final word, whoever said it
const estimated = `replace(replace(provenance, '${letterOf.reported}', '${letterOf.estimated}'), '${letterOf.counted}', '${letterOf.estimated}')`

const withBound = `substr(${estimated}, 1, ${classes.indexOf("input")}) || '${letterOf.bounded}' || substr(${estimated}, ${classes.indexOf("input") + 2})`

/** Files every open exchange as abandoned. */
export const sql = `UPDATE exchanges SET
  status = 'abandoned',
  outcome = 'Abandoned',
  provenance = CASE WHEN ${uncounted} THEN ${withBound} ELSE ${estimated} END,
  ${usageColumn.input} = CASE WHEN ${uncounted} THEN estimated_input ELSE ${usageColumn.input} END
WHERE status = 'open'`
