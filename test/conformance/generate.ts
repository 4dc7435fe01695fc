// Writes docs/conformance.md, docs/reference/crossings.md and docs/reference/edge-cases.md; a test fails when they are out of date.
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as CrossingsPage from "./CrossingsPage.ts"
import * as EdgeCasesPage from "./edgeCases/EdgeCasesPage.ts"
import * as Fixtures from "./Fixtures.ts"
import * as Teeth from "./official/Teeth.ts"
import * as Page from "./Page.ts"
import * as Results from "./Results.ts"

const docs = join(import.meta.dirname, "../../docs")

mkdirSync(join(docs, "reference"), { recursive: true })
writeFileSync(join(docs, "reference/crossings.md"), CrossingsPage.crossings())
writeFileSync(join(docs, "reference/edge-cases.md"), EdgeCasesPage.edgeCases())
process.stdout.write("Wrote docs/reference/crossings.md, docs/reference/edge-cases.md\n")

if (Fixtures.isPresent) {
  const results = Results.results()
  for (const result of results) for (const line of Results.judge(result).unexcused) process.stdout.write(`${result.rule}: ${line.slice(0, 300)}\n`)
  writeFileSync(join(docs, "conformance.md"), Page.conformance(results, Teeth.shares()))
  process.stdout.write("Wrote docs/conformance.md\n")
} else process.stdout.write(`${Fixtures.notice}\n`)
