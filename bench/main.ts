// `pnpm bench`: measures the gateway beside its baselines on this machine, prints the table and writes it as JSON to bench/results.
// Options: --quick (two short rounds, a smoke check), --case NAME (part of a case's name), --rounds N.
// It fails when something could not be run; a missed target is printed, not a failure.
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, loadavg } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { cases } from "./Cases.ts"
import { startLoad, startUpstream } from "./Processes.ts"
import { isReadable, resolution } from "./ProcessUse.ts"
import { printCase, printVerdicts, startVerdict, verdictsOf } from "./Report.ts"
import { runCase } from "./Runner.ts"
import type { CaseResult } from "./Runner.ts"

const { values } = parseArgs({
  options: { quick: { type: "boolean", default: false }, case: { type: "string", default: "" }, rounds: { type: "string" } }
})
const rounds = Number(values.rounds ?? (values.quick ? 2 : 5))
const chosen = cases.filter((each) => each.name.includes(values.case))
if (!Number.isInteger(rounds) || rounds < 1 || chosen.length === 0) {
  console.error(`--rounds takes a whole number from 1, --case a part of one of: ${cases.map((each) => each.name).join(", ")}`)
  process.exit(2)
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))

const commit = (): string => {
  try {
    return execFileSync("git", ["describe", "--always", "--dirty"], { cwd: import.meta.dirname, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim()
  } catch {
    return "unknown"
  }
}

const results = join(import.meta.dirname, "results")
mkdirSync(results, { recursive: true })
const folder = mkdtempSync(join(results, "run-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

const startedAt = new Date()
const machine = {
  processor: cpus()[0]?.model ?? "unknown",
  cores: availableParallelism(),
  node: process.version,
  platform: process.platform,
  cpuFrom: resolution
}
console.log(`${machine.cores} × ${machine.processor}, Node ${machine.node}, ${rounds} rounds${values.quick ? ", quick: too short for conclusions" : ""}`)
console.log(
  isReadable ? `CPU time from /proc (${resolution})` : "CPU figures need the /proc of Linux: skipped on this machine, and so are the targets that need them"
)

const busy = loadavg()[0] ?? 0
if (busy > machine.cores / 4) {
  console.log(`Other work is running here (load average ${busy.toFixed(1)}): latencies and rates mean nothing, CPU ratios spread more than they should`)
}

const bench = { load: startLoad(), upstream: await startUpstream(), folder, rounds, scale: values.quick ? 0.2 : 1 }
const done: Array<CaseResult> = []
for (const each of chosen) {
  const result = await runCase(bench, each)
  printCase(result)
  done.push(result)
}

const verdicts = [...done.flatMap(verdictsOf), startVerdict(done)]
printVerdicts(verdicts)
console.log("\nNot measured here: the comparisons with portkey and long streams. Crowds: `pnpm bench:crowd`; five million rows: `pnpm bench:ledger`.")

const file = join(results, `${startedAt.toISOString().replaceAll(":", "-")}.json`)
writeFileSync(file, JSON.stringify({ startedAt, commit: commit(), quick: values.quick, machine, loadAverageBefore: busy, verdicts, cases: done }, undefined, 2))
console.log(`${((Date.now() - startedAt.getTime()) / 1000).toFixed(0)} s, written to ${file}`)

const firstError = done.flatMap((result) => result.rounds.flatMap((each) => Object.values(each.subjects))).find((one) => one.errors > 0)?.firstError
if (firstError !== undefined) console.error(`Some requests failed, so their figures mean nothing; the first: ${firstError}`)
process.exit(firstError !== undefined || done.some((result) => result.absent.length > 0) ? 1 : 0)
