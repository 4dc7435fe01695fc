// `npm run chaos`: processes that are killed, cut off and filled up on purpose, and judged by their logs. Options: --only ID[,ID]
// (as in G1,G1b), --runs N, --seed N, --quick (the short forms; nothing is recorded), --resume (goes on behind the runs that are
// recorded), --list. It ends with 1 when a guarantee did not hold. Every finished batch of a long form is recorded in results/;
// `npm run docs` makes docs/guarantees.md from them.
import { parseArgs } from "node:util"
import type { Experiment, Outcome } from "./Experiment.ts"
import { experiments } from "./Experiments.ts"
import * as Results from "./Results.ts"
import { remember, run } from "./Run.ts"

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true },
    runs: { type: "string" },
    seed: { type: "string" },
    quick: { type: "boolean", default: false },
    resume: { type: "boolean", default: false },
    list: { type: "boolean", default: false }
  }
})

const say = (text: string): void => void process.stdout.write(`${text}\n`)
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))

const wanted = values.only?.flatMap((ids) => ids.split(",")).map((id) => id.toLowerCase())
const chosen = experiments.filter(({ id }) => wanted === undefined || wanted.includes(id.toLowerCase()))
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const asked = values.runs === undefined ? undefined : Number(values.runs)
if (![seed, asked ?? 1].every((number) => Number.isInteger(number) && number >= 0) || chosen.length < (wanted?.length ?? 1)) {
  say(`--only takes some of: ${experiments.map(({ id }) => id).join(", ")}. --runs and --seed take whole numbers.`)
  process.exit(2)
}
if (values.list) {
  for (const { id, long, title } of chosen) {
    say(`${id.padEnd(4)} ${Results.verdict(Results.read(id)).padEnd(10)} ${String(long.runs).padStart(6)} runs  ${title}`)
  }
  process.exit(0)
}

const numbers = (outcome: Outcome): string => {
  const { counts, worst } = Results.total([outcome])
  const rounded = Object.entries(worst).map(([name, value]) => [name, Number(value.toFixed(1))] as const)
  return [...Object.entries(counts), ...rounded].map(([name, value]) => `${name} ${value}`).join(", ")
}

const tell = (experiment: Experiment, outcome: Outcome, seed: number, durationMs: number): boolean => {
  const held = outcome.failures.length === 0
  say(`${experiment.id} ${outcome.notRun ?? (held ? "held" : "DID NOT HOLD")} (${(durationMs / 1000).toFixed(1)} s, seed ${seed}): ${numbers(outcome)}`)
  for (const failure of outcome.failures.slice(0, 20)) say(`  ${failure}`)
  if (outcome.failures.length > 20) say(`  and ${outcome.failures.length - 20} more`)
  return held
}

const quick = async (experiment: Experiment): Promise<boolean> => {
  const sizes = { ...experiment.short, ...(asked === undefined ? {} : { runs: asked }) }
  const { durationMs, outcome } = await run(experiment, { form: "short", sizes, seed, say })
  return tell(experiment, outcome, seed, durationMs)
}

const long = async (experiment: Experiment): Promise<boolean> => {
  const runs = asked ?? experiment.long.runs
  const recorded = Results.read(experiment.id)
  let done = values.resume && recorded !== undefined ? Results.runsOf(recorded) : 0
  let isContinued = done > 0
  let held = true
  while (done < runs) {
    const batchSeed = (seed + done) % 2 ** 31
    const sizes = { ...experiment.long, runs: Math.min(experiment.batch ?? runs, runs - done) }
    const { durationMs, outcome } = await run(experiment, { form: "long", sizes, seed: batchSeed, say })
    held = tell(experiment, outcome, batchSeed, durationMs) && held
    const [failure] = outcome.failures
    if (failure !== undefined) remember(experiment.id, batchSeed, failure)
    const batch = { ...outcome, failures: outcome.failures.slice(0, 50), runs: sizes.runs, seed: batchSeed, date: new Date().toISOString() }
    Results.record(experiment, { ...batch, commit: Results.commit(), durationMs }, isContinued)
    if (outcome.notRun !== undefined) return held
    isContinued = true
    done += sizes.runs
  }
  return held
}

say(`Seed ${seed}, ${Results.machine()}, commit ${Results.commit()}`)
let held = true
for (const experiment of chosen) {
  if (experiment.notRun === undefined) held = await (values.quick ? quick : long)(experiment) && held
  else say(`${experiment.id} is not run: ${experiment.notRun}`)
}
process.exit(held ? 0 : 1)
