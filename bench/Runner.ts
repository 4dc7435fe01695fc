// Runs one case: starts its subjects, warms each up, then measures them in turn, round by round, and stops them.
// The order rotates from round to round, so that no subject always runs first or after the same neighbour.
import type { Case } from "./Cases.ts"
import type { Job, JobResult } from "./load.ts"
import { measure } from "./Measurement.ts"
import type { Measurement, Round } from "./Measurement.ts"
import { parseAndStringify } from "./Micro.ts"
import { startSubject } from "./Processes.ts"
import type { Subject, SubjectName } from "./Processes.ts"
import { exchangeOf } from "./Wire.ts"
import type { Exchange } from "./Wire.ts"

/** What a run shares between its cases. */
export interface Bench {
  readonly load: (job: Job) => Promise<JobResult>
  readonly upstream: number
  /** A folder for configuration files and databases. */
  readonly folder: string
  readonly rounds: number
  /** Share of each case's requests to send, 1 for all. */
  readonly scale: number
}

/** All rounds of a case, and why subjects are missing from them. */
export interface CaseResult {
  readonly case: Case
  readonly rounds: ReadonlyArray<Round>
  readonly absent: ReadonlyArray<{ readonly subject: SubjectName; readonly why: string }>
  /** CPU microseconds to the first 200, of each gateway started for this case. */
  readonly starts: ReadonlyArray<{ readonly subject: SubjectName; readonly cpu: number }>
  readonly ratePerSecond: number | undefined
}

interface Entrant {
  readonly name: SubjectName
  readonly subject: Subject
  readonly job: Job
}

/** The gateway is spoken to in the client's dialect; a baseline translates nothing and gets what the upstream understands. */
const exchangeFor = ({ pair, shape }: Case, name: SubjectName): Exchange => {
  const { client, upstream } = pair
  const asks = name === "pipe" || name === "effect" ? upstream : client
  return exchangeOf({ client: asks, upstream }, { tools: client !== upstream, shape })
}

const rateOf = async (bench: Bench, of: Case, entrants: ReadonlyArray<Entrant>): Promise<number | undefined> => {
  if (of.pace.kind === "saturation") return undefined
  if (of.pace.kind === "rate") return of.pace.perSecond
  const slowest = entrants.at(-1)
  if (slowest === undefined) return undefined
  const { done, seconds } = await bench.load({ ...slowest.job, concurrency: 8 })
  return Math.max(1, Math.round(done / seconds / 2))
}

const rotated = <A>(items: ReadonlyArray<A>, by: number): ReadonlyArray<A> =>
  items.map((_, index) => items[(index + by) % items.length]).filter((item) => item !== undefined)

const runRound = async (bench: Bench, of: Case, entrants: ReadonlyArray<Entrant>, pace: { readonly ratePerSecond?: number }): Promise<Round> => {
  const events = of.shape?.events ?? 0
  const subjects: { [Name in SubjectName]?: Measurement } = {}
  for (const { name, subject, job } of entrants) subjects[name] = await measure(bench.load, { ...job, ...pace }, subject, events)
  return { subjects, parseAndStringify: events === 0 ? undefined : parseAndStringify(of.pair.upstream, events) }
}

/** Runs the case; a subject that does not start is noted and the others are measured. */
export const runCase = async (bench: Bench, of: Case): Promise<CaseResult> => {
  const absent: Array<CaseResult["absent"][number]> = []
  const entrants: Array<Entrant> = []
  for (const name of of.subjects) {
    const exchange = exchangeFor(of, name)
    try {
      const subject = await startSubject(name, { upstream: bench.upstream, folder: bench.folder, exchange })
      const requests = Math.max(of.concurrency, Math.round(of.requests * bench.scale))
      entrants.push({ name, subject, job: { port: subject.port, exchange, requests, concurrency: of.concurrency } })
    } catch (error) {
      absent.push({ subject: name, why: error instanceof Error ? error.message : String(error) })
    }
  }
  // Twice a round, closed loop: after one the optimising compiler is still at work
  for (const { job } of entrants) await bench.load({ ...job, requests: job.requests * 2, concurrency: Math.min(job.concurrency, 32) })
  const ratePerSecond = await rateOf(bench, of, entrants)
  const pace = ratePerSecond === undefined ? {} : { ratePerSecond }
  const rounds: Array<Round> = []
  for (let round = 0; round < bench.rounds; round++) rounds.push(await runRound(bench, of, rotated(entrants, round), pace))
  const starts = entrants.flatMap(({ name, subject }) => subject.startCpu === undefined ? [] : [{ subject: name, cpu: subject.startCpu }])
  for (const { subject } of entrants) await subject.stop()
  return { case: of, rounds, absent, starts, ratePerSecond }
}
