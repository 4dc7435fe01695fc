// One round of one subject: CPU time before and after a job, divided by the work that was done.
// The division is the whole method: a busy machine lengthens the wall time of a request, hardly its CPU time.
import type { Job, JobResult, Latency } from "./load.ts"
import type { Subject, SubjectName } from "./Processes.ts"
import { cpuTime, residentMegabytes } from "./ProcessUse.ts"

/** The figures of one round; CPU in microseconds, undefined where the machine does not tell it. */
export interface Measurement {
  readonly cpuPerRequest: number | undefined
  readonly mainCpuPerRequest: number | undefined
  readonly cpuPerEvent: number | undefined
  readonly requestsPerSecond: number
  readonly whole: Latency
  readonly firstByte: Latency
  readonly eventsPerPiece: number | undefined
  /** Milliseconds the event loop was late, at the 99th percentile; undefined where the process does not tell. */
  readonly loopDelayP99: number | undefined
  readonly residentMegabytes: number | undefined
  readonly errors: number
  readonly firstError: string | undefined
}

/** One round of a case: each subject that could be started, and the cost of parse and stringify measured beside them. */
export interface Round {
  readonly subjects: { readonly [Name in SubjectName]?: Measurement }
  readonly parseAndStringify: number | undefined
}

/** Runs the job against the process and divides; `events` is how many the upstream sends per answer, 0 for a buffered one. */
export const measure = async (load: (job: Job) => Promise<JobResult>, job: Job, { loopDelay, pid }: Subject, events: number): Promise<Measurement> => {
  await loopDelay()
  const before = cpuTime(pid)
  const result = await load(job)
  const after = cpuTime(pid)
  const per = (key: "process" | "main", work: number) =>
    before === undefined || after === undefined || work === 0 ? undefined : (after[key] - before[key]) / work
  return {
    cpuPerRequest: per("process", result.done),
    mainCpuPerRequest: per("main", result.done),
    cpuPerEvent: per("process", result.done * events),
    requestsPerSecond: result.done / result.seconds,
    whole: result.whole,
    firstByte: result.firstByte,
    eventsPerPiece: events === 0 || result.pieces === 0 ? undefined : result.done * events / result.pieces,
    loopDelayP99: (await loopDelay())?.p99,
    residentMegabytes: residentMegabytes(pid),
    errors: result.errors,
    firstError: result.firstError
  }
}
