// `pnpm laws`: the long mode of the laws, all dialects and crossings. It ends with 1 when a law does not hold, and prints the
// smallest counter-example, the seed and the token that replays it; it prints what the laws met.
// Options: --runs N (10,000 for each law), --seed N (random unless told), --only TEXT (laws whose group or name has it),
// --workers N (one for each core), --replay TOKEN (runs the one case of the one law that the token names).
import { randomInt } from "node:crypto"
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import { Worker } from "node:worker_threads"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import * as Crossings from "../conformance/Crossings.ts"
import { groups } from "./Groups.ts"
import type { Answer, Start } from "./Worker.ts"

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "10000" },
    seed: { type: "string", default: String(randomInt(1_000_000)) },
    only: { type: "string", default: "" },
    workers: { type: "string", default: String(availableParallelism()) },
    replay: { type: "string" }
  }
})

const [runs, seed, workers] = [Number(values.runs), Number(values.seed), Number(values.workers)]
const all = groups(Coverage.make()).flatMap((group) => group.laws.map((law) => ({ group: group.name, law })))
const isChosen = ({ group, law }: (typeof all)[number]): boolean =>
  values.replay === undefined ? `${group} ${law.name}`.includes(values.only) : values.replay.startsWith(`${law.name} # `)
const chosen = all.flatMap((each, number) => isChosen(each) ? [number] : [])
if (![runs, seed, workers].every(Number.isInteger) || runs < 1 || workers < 1 || chosen.length === 0) {
  process.stderr.write("--runs, --seed and --workers take whole numbers, --only a part of a law's name\n")
  process.exit(2)
}

const say = (text: string): void => void process.stdout.write(`${text}\n`)

const counts = new Map<string, number>()
const failures: Array<string> = []
const pending = [...chosen]
let held = 0

const take = ({ counts: met, number, seconds, verdict }: Answer): void => {
  for (const [key, count] of met) counts.set(key, (counts.get(key) ?? 0) + count)
  const name = `law ${verdict.law}: ${verdict.name}${all[number]?.group.includes("→") ? ` (${all[number].group})` : ""}`
  if (verdict.failure === undefined) held++
  else failures.push(`${name}, seed ${seed}\n${verdict.failure}`)
  say(
    `${verdict.failure === undefined ? "holds" : "FAILS"}  ${name}, ${verdict.runs} runs, ${seconds.toFixed(0)} s${
      verdict.failure === undefined ? "" : `, seed ${seed}`
    }`
  )
}

const thread = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const start: Start = values.replay === undefined ? { runs, seed } : { replay: values.replay }
    const worker = new Worker(new URL("./Worker.ts", import.meta.url), { workerData: start })
    const hand = (): void => {
      const number = pending.shift()
      if (number !== undefined) return worker.postMessage(number)
      void worker.terminate()
      resolve()
    }
    worker.on("message", (answer: Answer) => {
      take(answer)
      hand()
    })
    worker.on("error", reject)
    hand()
  })

say(`${chosen.length} laws, ${runs} runs each, seed ${seed}, ${workers} threads`)
const startedAt = performance.now()
await Promise.all(Array.from({ length: workers }, thread))

const coverage = { ...Coverage.make(), counts }
// A part of the laws, or a short run, need not meet everything
const missing = chosen.length < all.length || runs < 9000 ? [] : Coverage.missing(coverage, Crossings.countedKeys())
say(`\nWhat the laws met:\n${Coverage.table(coverage)}\n`)
if (missing.length > 0) say(`Met too rarely:\n${missing.join("\n")}\n`)
if (failures.length > 0) say(`${failures.join("\n\n")}\n`)
say(`${held} laws hold, ${failures.length} do not (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`)
process.exit(failures.length + missing.length === 0 ? 0 : 1)
