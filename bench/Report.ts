// Prints the results of a case: one row per subject, then one row per target with its verdict.
// Every figure is the median over the rounds with (least–greatest); ratios are taken within a round first.
import { startLimitSeconds } from "./Cases.ts"
import type { Target } from "./Cases.ts"
import type { Measurement, Round } from "./Measurement.ts"
import type { SubjectName } from "./Processes.ts"
import type { CaseResult } from "./Runner.ts"
import { spreadOf } from "./Statistics.ts"
import type { Spread } from "./Statistics.ts"

/** What became of a target: `unmeasured` when a figure it needs is missing, `not judged` when it has a caveat. */
export interface Verdict {
  readonly case: string
  readonly target: string
  readonly limit: number
  readonly unit: string
  readonly measured: Spread | undefined
  readonly verdict: "ok" | "misses" | "unmeasured" | "not judged"
  readonly caveat: string | undefined
}

const round = (value: number) => value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)

const spread = (values: ReadonlyArray<number | undefined>): string => {
  const of = spreadOf(values)
  return of === undefined ? "–" : `${round(of.median)} (${round(of.min)}–${round(of.max)})`
}

const middle = (values: ReadonlyArray<number | undefined>): string => {
  const of = spreadOf(values)
  return of === undefined ? "–" : round(of.median)
}

const columns: ReadonlyArray<readonly [string, (all: ReadonlyArray<Measurement>) => string]> = [
  ["CPU µs/request", (all) => spread(all.map((one) => one.cpuPerRequest))],
  ["main thread", (all) => middle(all.map((one) => one.mainCpuPerRequest))],
  ["CPU µs/event", (all) => spread(all.map((one) => one.cpuPerEvent))],
  ["ev/piece", (all) => middle(all.map((one) => one.eventsPerPiece))],
  ["req/s", (all) => middle(all.map((one) => one.requestsPerSecond))],
  ["p50 ms", (all) => middle(all.map((one) => one.whole.p50))],
  ["p99 ms", (all) => middle(all.map((one) => one.whole.p99))],
  ["first p50", (all) => middle(all.map((one) => one.firstByte.p50))],
  ["first p99", (all) => middle(all.map((one) => one.firstByte.p99))],
  ["loop p99", (all) => middle(all.map((one) => one.loopDelayP99))],
  ["RSS MB", (all) => middle(all.map((one) => one.residentMegabytes))],
  ["errors", (all) => String(all.reduce((sum, one) => sum + one.errors, 0))]
]

const print = (rows: ReadonlyArray<ReadonlyArray<string>>) => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows) {
    console.log(`  ${row.map((cell, column) => column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)).join("  ")}`)
  }
}

const measurementsOf = (result: CaseResult, name: SubjectName) => result.rounds.flatMap((each) => each.subjects[name] ?? [])

const subjectRow = (result: CaseResult, name: SubjectName): ReadonlyArray<string> => {
  const all = measurementsOf(result, name)
  return [name, ...columns.map(([, cell]) => all.length === 0 ? "–" : cell(all))]
}

const judgement = ({ caveat, limit }: Pick<Target, "caveat" | "limit">, measured: Spread | undefined): Verdict["verdict"] => {
  if (measured === undefined) return "unmeasured"
  if (caveat !== undefined) return "not judged"
  return measured.median <= limit ? "ok" : "misses"
}

const judge = (name: string, target: Omit<Target, "figure">, measured: Spread | undefined): Verdict => ({
  case: name,
  target: target.name,
  limit: target.limit,
  unit: target.unit,
  measured,
  verdict: judgement(target, measured),
  caveat: target.caveat
})

const isClean = (each: Round) => Object.values(each.subjects).every((one) => one.errors === 0)

/** The verdicts of one case: the median against each limit, over the rounds in which no request failed. */
export const verdictsOf = (result: CaseResult): ReadonlyArray<Verdict> => {
  const rounds = result.rounds.filter(isClean)
  return result.case.targets.map((target) => judge(result.case.name, target, spreadOf(rounds.map(target.figure))))
}

/** The verdict on the start of the gateway, over every start of the run. */
export const startVerdict = (results: ReadonlyArray<CaseResult>): Verdict => {
  const seconds = results.flatMap((result) => result.starts.filter((start) => start.subject === "sluice").map((start) => start.cpu / 1_000_000))
  return judge("start", { name: "CPU to the first 200", limit: startLimitSeconds, unit: "s" }, spreadOf(seconds))
}

/** The rows of the subjects of one case. */
export const printCase = (result: CaseResult): void => {
  const rate = result.ratePerSecond === undefined ? "" : ` (${result.ratePerSecond}/s)`
  console.log(`\n${result.case.name}: ${result.case.title}${rate}`)
  print([["", ...columns.map(([title]) => title)], ...result.case.subjects.map((name) => subjectRow(result, name))])
  const unit = spreadOf(result.rounds.map((each) => each.parseAndStringify))
  if (unit !== undefined) console.log(`  JSON.parse + JSON.stringify of one event: ${round(unit.median)} (${round(unit.min)}–${round(unit.max)}) µs`)
  for (const { subject, why } of result.absent) console.log(`  ${subject} was not measured: ${why}`)
}

/** The table of targets. */
export const printVerdicts = (verdicts: ReadonlyArray<Verdict>): void => {
  console.log("\ntargets (median (least–greatest) over the rounds)")
  print([
    ["case", "figure", "measured", "target", "verdict"],
    ...verdicts.map((each) => [
      each.case,
      each.target,
      each.measured === undefined ? "not measured" : `${round(each.measured.median)} (${round(each.measured.min)}–${round(each.measured.max)})`,
      `≤ ${each.limit} ${each.unit}`,
      each.verdict
    ])
  ])
  const caveats = new Map(verdicts.flatMap((each) => each.caveat === undefined || each.measured === undefined ? [] : [[each.case, each.caveat]]))
  for (const [name, caveat] of caveats) console.log(`  ${name} is not judged: ${caveat}`)
}
