// `pnpm fuzz`: mutated inputs against every decoder of every dialect. It ends with 1 when there is a fault, and prints the
// smallest input that shows it. Options: --runs N (10,000,000 in total), --from N (goes on behind the first N of them),
// --seed N, --dialect ID, --decoder NAME (request, response, stream, array, error), --workers N (one for each core),
// --replay SEED:INDEX (judges that input alone).
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { Worker } from "node:worker_threads"
import * as Attack from "./Attack.ts"
import { write } from "./Input.ts"
import { judge } from "./Judge.ts"
import * as Report from "./Report.ts"
import type * as Run from "./Run.ts"
import type { Answer, Order, Start } from "./Worker.ts"

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000000" },
    from: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    dialect: { type: "string" },
    decoder: { type: "string" },
    workers: { type: "string", default: String(availableParallelism()) },
    replay: { type: "string" }
  }
})

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const replay = (token: string): boolean => {
  const [seed, index] = token.split(":").map(Number)
  const { input, target } = Attack.make(seed ?? 1)(index ?? 0)
  const verdict = judge(target, input)
  say(`${Attack.nameOf(target)}: ${typeof verdict === "string" ? verdict : verdict.problem}\n${JSON.stringify(write(input), null, 2)}`)
  return typeof verdict === "string"
}

/** Inputs of one order; small enough for lines of progress, large enough that messages cost nothing. */
const block = 5000
/** An input at which a thread stands longer is a hang; generous, because a busy machine may leave a thread without work for long. */
const hangMs = 180_000
/** By how much the heap of a thread may grow between the end of its warm-up and its end, in bytes. */
const heapBound = 24 * 1024 * 1024

const mebi = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)}`

const attack = async (): Promise<boolean> => {
  const [runs, from, seed, workers] = [Number(values.runs), Number(values.from), Number(values.seed), Number(values.workers)]
  const chosen = Attack.within(values)
  if (![runs, from, seed, workers].every((number) => Number.isInteger(number) && number >= 0) || workers < 1 || chosen.length === 0) {
    say(`Decoders: ${Attack.targets.map(Attack.nameOf).join(", ")}. --runs, --from, --seed and --workers take whole numbers.`)
    process.exit(2)
  }
  const report = Report.make()
  const startedAt = performance.now()
  const curves: Array<Array<number>> = []
  let next = from
  let hung = 0

  const order = (count: number): Order | undefined => {
    if (next >= runs) return undefined
    const from = next
    next = Math.min(runs, next + block)
    // Twenty measures for each thread, the first behind a warm-up
    return { from, to: next, measures: count % Math.max(1, Math.floor((runs - from) / block / workers / 20)) === 0 }
  }

  /** Told at once: a run that is stopped has not worked in vain. */
  const tell = (finding: Run.Finding): void => {
    if (!report.faults().some(({ key }) => key === finding.key)) say(Report.toText(finding))
    report.fault(finding)
  }

  const thread = (): Promise<void> =>
    new Promise((resolve) => {
      const curve: Array<number> = []
      curves.push(curve)
      const start: Start = { seed, chosen, marks: new SharedArrayBuffer(16) }
      const marks = new Float64Array(start.marks)
      const worker = new Worker(new URL("./Worker.ts", import.meta.url), { workerData: start })
      let current: Order | undefined
      let orders = 0
      let seen = { count: -1, at: performance.now() }
      const hand = (): void => {
        current = order(++orders)
        if (current !== undefined) return worker.postMessage(current)
        stop()
        resolve()
      }
      const watch = setInterval(() => {
        const count = marks[1] ?? 0
        if (count !== seen.count) seen = { count, at: performance.now() }
        else if (count > 0 && performance.now() - seen.at > hangMs) {
          const index = marks[0] ?? 0
          const name = Attack.targets[index % Attack.targets.length]
          hung++
          const target = name === undefined ? "" : Attack.nameOf(name)
          tell({ key: `hang ${index}`, target, seed, index, problem: `did not end within ${hangMs} ms`, input: {} })
          stop()
          // What is left of its range is not run; another thread takes the next
          resolve(hung > 10 ? undefined : thread())
        }
      }, 1000)
      const stop = (): void => {
        clearInterval(watch)
        void worker.terminate()
      }
      worker.on("message", (answer: Answer) => {
        report.add({ ...answer, findings: [] })
        answer.findings.forEach(tell)
        if (answer.heap !== undefined) curve.push(answer.heap)
        hand()
      })
      worker.on("error", (error) => {
        const problem = `a thread died: ${error.stack ?? error.message}`
        tell({ key: `worker ${error.message}`, target: "worker", seed, index: marks[0] ?? 0, problem, input: {} })
        stop()
        resolve()
      })
      hand()
    })

  const progress = setInterval(() => {
    const seconds = (performance.now() - startedAt) / 1000
    const heaps = curves.map((curve) => mebi(curve.at(-1) ?? 0)).join(", ")
    say(
      `${from + report.count()} of ${runs} in ${seconds.toFixed(0)} s, ${
        (report.count() / seconds).toFixed(0)
      } per second, heap ${heaps} MiB, ${report.faults().length} faults`
    )
  }, 10_000)
  await Promise.all(Array.from({ length: workers }, thread))
  clearInterval(progress)

  const seconds = (performance.now() - startedAt) / 1000
  const { system, user } = process.cpuUsage()
  say(`\n${report.table()}\n`)
  say(
    `${report.count()} inputs in ${seconds.toFixed(0)} s (${(report.count() / seconds).toFixed(0)} per second; ${
      (1e6 * report.count() / (user + system)).toFixed(0)
    } per second of CPU), seed ${seed}, ${workers} threads`
  )
  for (const [index, curve] of curves.entries()) {
    const [warm = 0] = curve.slice(1)
    const growth = Math.max(...curve.slice(-3), 0) - warm
    say(`heap of thread ${index} behind collections, MiB: ${curve.map(mebi).join(" ")}`)
    if (curve.length > 3 && growth > heapBound) {
      report.fault({ key: `heap ${index}`, target: "heap", seed, index: 0, problem: `the heap of thread ${index} grew by ${mebi(growth)} MiB`, input: {} })
    }
  }
  const faults = report.faults()
  say(faults.length === 0 ? "No fault." : `\n${faults.length} faults:\n${faults.map(Report.toText).join("\n")}`)
  return faults.length === 0
}

process.exit((values.replay === undefined ? await attack() : replay(values.replay)) ? 0 : 1)
