/**
 * What runs found, kept beside the rig as one file for each guarantee and committed: the page of guarantees is made from them. A
 * result grows by batches, so that a long run that was stopped goes on where it was.
 */
import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { availableParallelism, cpus, release, totalmem, type } from "node:os"
import { dirname, join } from "node:path"
import type { Experiment, Outcome } from "./Experiment.ts"

/** A part of a result that was run in one go. */
export interface Batch extends Outcome {
  readonly runs: number
  readonly seed: number
  /** When it ended, ISO. */
  readonly date: string
  readonly commit: string
  readonly durationMs: number
}

/** What a file holds. */
export interface Result {
  readonly id: string
  readonly title: string
  readonly injection: string
  readonly criterion: string
  /** How many runs the guarantee asks for. */
  readonly wanted: number
  readonly machine: string
  /** Why it could not be run there. */
  readonly notRun?: string
  readonly batches: ReadonlyArray<Batch>
}

/** What a result comes to. */
export type Verdict = "kept" | "FAILING" | "incomplete" | "not run"

/** The file of a guarantee. */
export const fileOf = (id: string): string => join(import.meta.dirname, "results", `${id.replace(/\d+/, (number) => number.padStart(2, "0"))}.json`)

/** What was recorded of a guarantee. */
export const read = (id: string): Result | undefined => {
  const file = fileOf(id)
  // Only this module writes the files
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) as Result : undefined
}

/** Facts of this machine that matter to a reader of the figures. */
export const machine = (): string =>
  `${availableParallelism()} × ${cpus()[0]?.model.trim() || "unknown processor"}, ${
    Math.round(totalmem() / 2 ** 30)
  } GiB, ${type()} ${release()}, Node ${process.version}`

/** The commit that is checked out. */
export const commit = (): string => {
  try {
    return execFileSync("git", ["describe", "--always", "--exclude=*"], { cwd: import.meta.dirname, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
      .trim()
  } catch {
    return "unknown"
  }
}

/** Records a batch behind those before, or in place of them. */
export const record = (experiment: Experiment, batch: Batch, isContinued: boolean): Result => {
  const { criterion, id, injection, long, title } = experiment
  const result: Result = {
    id,
    title,
    injection,
    criterion,
    wanted: long.runs,
    machine: machine(),
    ...(batch.notRun === undefined ? {} : { notRun: batch.notRun }),
    batches: [...(isContinued ? read(id)?.batches ?? [] : []), ...(batch.notRun === undefined ? [batch] : [])]
  }
  const file = fileOf(id)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
  return result
}

/** How many runs a result has. */
export const runsOf = ({ batches }: Pick<Result, "batches">): number => batches.reduce((sum, { runs }) => sum + runs, 0)

/** Adds up what batches counted, and takes the largest of what they measured. */
export const total = (batches: ReadonlyArray<Outcome>): Required<Pick<Outcome, "counts" | "worst" | "failures">> => {
  const counts: { [name: string]: number } = {}
  const worst: { [name: string]: number } = {}
  for (const batch of batches) {
    for (const [name, count] of Object.entries(batch.counts)) counts[name] = (counts[name] ?? 0) + count
    for (const [name, value] of Object.entries(batch.worst ?? {})) worst[name] = Math.max(worst[name] ?? Number.NEGATIVE_INFINITY, value)
  }
  return { counts, worst, failures: batches.flatMap(({ failures }) => failures) }
}

/** What a result comes to. A failure counts however few the runs were. */
export const verdict = (result: Result | undefined): Verdict => {
  if (result === undefined || (result.batches.length === 0 && result.notRun !== undefined)) return "not run"
  if (result.batches.some(({ failures }) => failures.length > 0)) return "FAILING"
  return runsOf(result) >= result.wanted ? "kept" : "incomplete"
}
