/** Runs inputs through their decoders in this thread and counts what happened: what a worker does, and what the short form does. */
import * as Attack from "./Attack.ts"
import * as Input from "./Input.ts"
import { judge, type Target } from "./Judge.ts"
import { minimise } from "./Minimise.ts"

/** A fault that an input shows. */
export interface Finding {
  /** Equal for what is likely the same fault. */
  readonly key: string
  readonly target: string
  readonly seed: number
  readonly index: number
  readonly problem: string
  /** The smallest input found that shows it. */
  readonly input: Input.Written
}

/** What happened to the inputs of one target. */
export interface Tally {
  decoded: number
  refused: number
  faults: number
  /** Milliseconds of this thread spent in the decoder, and the most that one input took when it was judged again and again. */
  time: number
  slowest: number
  slowestIndex: number
}

/** The result of some inputs: the tally of each target by its name, and the faults. */
export interface Batch {
  readonly tallies: { readonly [target: string]: Tally }
  readonly findings: ReadonlyArray<Finding>
}

const newTally = (): Tally => ({ decoded: 0, refused: 0, faults: 0, time: 0, slowest: 0, slowestIndex: -1 })

/** What two showings of one fault have in common. */
const keyOf = (target: Target, problem: string): string =>
  `${Attack.nameOf(target)}: ${(problem.startsWith("threw") ? problem.slice(0, 160) : problem.split(":")[0] ?? "").replaceAll(/\d+/g, "#")}`

/** Milliseconds this thread has worked, as coarse as the system counts them: unlike a clock it stands still while other work has the processor. */
const worked = (): number => {
  const { system, user } = process.threadCpuUsage()
  return (user + system) / 1000
}

const again = 5

/**
 * The time an input takes by itself, judged some times more: the least by the clock, or the mean of this thread's work, whichever
 * is less. Other work slows the first, a compilation or a collection of garbage the second.
 */
const alone = (target: Target, input: Input.Input): number => {
  const startWork = worked()
  let least = Infinity
  for (let time = 0; time < again; time++) {
    const start = performance.now()
    judge(target, input)
    least = Math.min(least, performance.now() - start)
  }
  return Math.min(least, (worked() - startWork) / again)
}

/** What a runner may be told. */
export interface Options {
  /** No single input may take longer, in milliseconds; 50 unless told. */
  readonly limit?: number
  /** Told the index before each input. */
  readonly began?: (index: number) => void
}

/** A runner keeps the corpus of a seed. */
export const make = (seed: number, { began = () => {}, limit = 50 }: Options = {}): (indexes: Iterable<number>) => Batch => {
  const inputAt = Attack.make(seed)
  const known = new Set<string>()
  return (indexes) => {
    const tallies: { [target: string]: Tally } = {}
    const findings: Array<Finding> = []
    for (const index of indexes) {
      began(index)
      const { input, target } = inputAt(index)
      const name = Attack.nameOf(target)
      const tally = (tallies[name] ??= newTally())
      const [start, startWork] = [performance.now(), worked()]
      const verdict = judge(target, input)
      const [time, work] = [performance.now() - start, worked() - startWork]
      tally.time += work
      const confirmed = time > Math.max(tally.slowest, limit / 5) ? Math.min(time, alone(target, input)) : time
      if (confirmed > tally.slowest) {
        tally.slowest = confirmed
        tally.slowestIndex = index
      }
      const problem = typeof verdict === "object" ? verdict.problem : confirmed > limit ? `took ${Math.round(confirmed)} ms` : undefined
      if (typeof verdict === "string") tally[verdict]++
      if (problem === undefined) continue
      tally.faults++
      const key = keyOf(target, problem)
      if (known.has(key)) continue
      known.add(key)
      const small = typeof verdict === "string" ? input : minimise(input, (less) => {
        const again = judge(target, less)
        return typeof again === "object" && keyOf(target, again.problem) === key
      })
      findings.push({ key, target: name, seed, index, problem, input: Input.write(small) })
    }
    return { tallies, findings }
  }
}
