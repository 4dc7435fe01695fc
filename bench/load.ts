// The load generator, its own process: it runs one job at a time, over keep-alive connections on 127.0.0.1, and reads every answer to its end.
// Closed loop (a fixed number of requests in flight) for CPU figures, open loop (a fixed rate) for latencies;
// in the open loop time counts from the planned start, so a late answer delays nobody's clock but its own.
import { Agent, request } from "node:http"
import { percentile } from "./Statistics.ts"
import type { Exchange } from "./Wire.ts"

/** One round of work for one subject. */
export interface Job {
  readonly port: number
  readonly exchange: Exchange
  readonly requests: number
  /** Requests in flight (closed loop), or the number of connections at most (open loop). */
  readonly concurrency: number
  /** Present: open loop with this many starts per second. */
  readonly ratePerSecond?: number
}

/** p50 and p99 in milliseconds. */
export interface Latency {
  readonly p50: number
  readonly p99: number
}

/** What came of a job; every figure but `errors` counts good answers only. */
export interface JobResult {
  readonly done: number
  readonly errors: number
  readonly firstError?: string
  readonly seconds: number
  /** Body pieces as they arrived, all answers together. */
  readonly pieces: number
  readonly bytes: number
  readonly whole: Latency
  /** Until the first piece of the body. */
  readonly firstByte: Latency
}

/** How long an answer may be silent before it counts as an error, in milliseconds. */
const patience = 10_000

interface Tally {
  readonly whole: Array<number>
  readonly first: Array<number>
  errors: number
  firstError: string | undefined
  pieces: number
  bytes: number
}

const latency = (samples: Array<number>): Latency => {
  const ascending = samples.sort((a, b) => a - b)
  return { p50: percentile(ascending, 0.5), p99: percentile(ascending, 0.99) }
}

const countEvents = (body: Buffer): number => {
  let count = 0
  for (let at = body.indexOf("data:"); at !== -1; at = body.indexOf("data:", at + 5)) count++
  return count
}

/** What is wrong with an answer; undefined when it is whole and right. */
const faultOf = (exchange: Exchange, status: number | undefined, body: Buffer): string | undefined => {
  if (status !== 200) return `status ${status}: ${body.toString().slice(0, 300)}`
  const missing = exchange.proofs.find((proof) => !body.includes(proof))
  if (missing !== undefined) return `no ${missing} in …${body.toString().slice(-300)}`
  const events = exchange.leastEvents === 0 ? 0 : countEvents(body)
  return events < exchange.leastEvents ? `${events} events instead of ${exchange.leastEvents}` : undefined
}

/** One request; resolves when its answer has been read and judged, and never rejects. */
const once = (job: Job, agent: Agent, tally: Tally, plannedAt: number): Promise<void> =>
  new Promise((resolve) => {
    const { exchange } = job
    const headers = { ...exchange.headers, "content-length": Buffer.byteLength(exchange.body) }
    const fail = (message: string) => {
      tally.errors++
      tally.firstError ??= message
      resolve()
    }
    const outgoing = request({ host: "127.0.0.1", port: job.port, path: exchange.path, method: "POST", headers, agent }, (answer) => {
      const parts: Array<Buffer> = []
      let firstAt = 0
      answer.on("data", (part: Buffer) => {
        if (firstAt === 0) firstAt = performance.now()
        parts.push(part)
      })
      answer.on("error", (error) => fail(error.message))
      answer.on("end", () => {
        const endedAt = performance.now()
        const body = Buffer.concat(parts)
        const fault = faultOf(exchange, answer.statusCode, body)
        if (fault !== undefined) return fail(fault)
        tally.whole.push(endedAt - plannedAt)
        tally.first.push(firstAt - plannedAt)
        tally.pieces += parts.length
        tally.bytes += body.length
        resolve()
      })
    })
    outgoing.on("error", (error) => fail(error.message))
    outgoing.setTimeout(patience, () => outgoing.destroy(new Error(`silent for ${patience / 1000} s`)))
    outgoing.end(exchange.body)
  })

const closedLoop = async (job: Job, agent: Agent, tally: Tally) => {
  let started = 0
  const worker = async () => {
    while (started < job.requests) {
      started++
      await once(job, agent, tally, performance.now())
    }
  }
  await Promise.all(Array.from({ length: job.concurrency }, worker))
}

const openLoop = (job: Job, ratePerSecond: number, agent: Agent, tally: Tally): Promise<unknown> =>
  new Promise((resolve) => {
    const running: Array<Promise<void>> = []
    const begin = performance.now()
    const startDue = () => {
      const due = Math.min(job.requests, Math.floor((performance.now() - begin) * ratePerSecond / 1000) + 1)
      while (running.length < due) running.push(once(job, agent, tally, begin + running.length * 1000 / ratePerSecond))
      if (running.length < job.requests) setTimeout(startDue, 1)
      else resolve(Promise.all(running))
    }
    startDue()
  })

const run = async (job: Job): Promise<JobResult> => {
  const agent = new Agent({ keepAlive: true, maxSockets: job.concurrency })
  const tally: Tally = { whole: [], first: [], errors: 0, firstError: undefined, pieces: 0, bytes: 0 }
  const begin = performance.now()
  if (job.ratePerSecond === undefined) await closedLoop(job, agent, tally)
  else await openLoop(job, job.ratePerSecond, agent, tally)
  const seconds = (performance.now() - begin) / 1000
  agent.destroy()
  return {
    done: tally.whole.length,
    errors: tally.errors,
    ...(tally.firstError === undefined ? {} : { firstError: tally.firstError }),
    seconds,
    pieces: tally.pieces,
    bytes: tally.bytes,
    whole: latency(tally.whole),
    firstByte: latency(tally.first)
  }
}

process.on("message", (job: Job) => void run(job).then((result) => process.send?.(result)))
process.on("disconnect", () => process.exit(0))
