/** One thread of the long mode: takes the numbers of laws, answers with their verdicts and with what they met. */
import "effect/schema/SchemaJITCompiler/enable"
import { Effect } from "effect"
import { parentPort, workerData } from "node:worker_threads"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import type * as Laws from "../../packages/testing/src/Laws.ts"
import { groups } from "./Groups.ts"

/** How the laws of a thread are run. */
export type Start = Laws.RunOptions

/** The verdict on one law, and how often each thing was met in reaching it. */
export interface Answer {
  readonly number: number
  readonly verdict: Laws.Verdict
  readonly counts: ReadonlyMap<string, number>
  readonly seconds: number
}

const options: Start = workerData
const coverage = Coverage.make()
const laws = groups(coverage).flatMap((group) => group.laws)

parentPort?.on("message", (number: number) => {
  const law = laws[number]
  if (law === undefined) return
  const before = new Map(coverage.counts)
  const startedAt = performance.now()
  const answer: Answer = {
    number,
    verdict: Effect.runSync(law.check(options)),
    counts: new Map([...coverage.counts].map(([key, count]) => [key, count - (before.get(key) ?? 0)])),
    seconds: (performance.now() - startedAt) / 1000
  }
  parentPort?.postMessage(answer)
})
