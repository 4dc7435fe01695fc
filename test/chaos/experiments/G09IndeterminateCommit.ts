/** G9: a sync that fails, and may have happened all the same: the k-th of the writer, for every k of a process's beginnings. */
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import type { Experiment, Options, Outcome } from "../Experiment.ts"
import * as LedgerProcess from "../faults/LedgerProcess.ts"
import * as Strace from "../faults/Strace.ts"
import * as Results from "../Results.ts"

/** Looks at the file all the time: an exchange that has ended stays as it has ended. */
const watch = (file: string) => {
  const ended = new Map<string, string>()
  const failures: Array<string> = []
  let looks = 0
  const look = (): void => {
    try {
      for (const [id, status] of LedgerProcess.statuses(file)) {
        const before = ended.get(id)
        if (before !== undefined && before !== status) failures.push(`${id} was ${before} and became ${status}`)
        if (status !== "open") ended.set(id, status)
      }
      looks++
    } catch {
      // The file is being made
    }
  }
  const timer = setInterval(look, 25)
  return {
    end: () => {
      clearInterval(timer)
      look()
      const gone = LedgerProcess.statuses(file)
      return { looks, failures: [...failures, ...[...ended.keys()].filter((id) => !gone.has(id)).map((id) => `${id} had ended and is gone`)] }
    }
  }
}

const once = async ({ folder, random }: Options, index: number, k: number): Promise<Outcome> => {
  const home = join(folder, String(index))
  mkdirSync(home)
  const file = join(home, "ledger.db")
  const notes = LedgerProcess.confirmed()
  // Every other time not one sync fails, but this one and the two that follow: the first try of the recovery, too
  const when = k % 2 === 0 ? `${k}` : `${k}..${k + 2}`
  const wrapper = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=fsync", "-e", `inject=fsync:error=EIO:when=${when}`]
  await LedgerProcess.run(file, 0, { lines: 600 + random.below(600), millis: 5000 }, notes, wrapper)
  const watcher = watch(file)
  // A process that meets the fault before it has begun may end: the next one begins
  await LedgerProcess.run(file, 100_000, { lines: 300, millis: 5000 }, notes, wrapper)
  const left = await LedgerProcess.recover(file)
  const { failures, looks } = watcher.end()
  const byId = LedgerProcess.statuses(file)
  return {
    counts: {
      "processes with a failing sync": 2,
      "exchanges opened": notes.opened.size,
      "exchanges settled": notes.settled.size,
      rows: byId.size,
      "looks at the states": looks
    },
    failures: [
      ...left,
      ...LedgerProcess.judge(file, notes),
      ...failures
    ].slice(0, 20)
  }
}

const run = async (options: Options): Promise<Outcome> => {
  const notRun = Strace.obstacle()
  if (notRun !== undefined) return { counts: {}, failures: [], notRun }
  const outcomes: Array<Outcome> = []
  for (let index = 1; index <= options.sizes.runs; index++) {
    const k = options.form === "long" ? index : 1 + options.random.below(50)
    const outcome = await once(options, index, k)
    outcomes.push({ ...outcome, failures: outcome.failures.map((failure) => `sync ${k}: ${failure}`) })
    if (options.form === "long" && index % 10 === 0) options.say(`  G9: ${index} of ${options.sizes.runs}`)
  }
  return Results.total(outcomes)
}

/** The experiment. */
export const indeterminateCommit: Experiment = {
  id: "G9",
  title: "A commit that fails may have happened: it is stored once, and no ended exchange changes",
  injection:
    "A process writes to a ledger and its k-th sync of the disk fails with EIO, for k from 1 to 50; for odd k the two after it fail as well. It is killed, a second one with the same fault goes on, and a third one recovers.",
  criterion:
    "Every exchange has one row; what was confirmed is there as it was confirmed; attempts and accounts count each exchange once; no state that has been seen as ended is ever seen as another.",
  short: { runs: 1 },
  long: { runs: 50 },
  run
}
