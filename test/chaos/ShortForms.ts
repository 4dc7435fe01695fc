/**
 * The short forms of experiments as tests, each with a seed of its own and with every seed that once failed. Counts decide, never
 * times. SLUICE_SEED repeats a run.
 */
import { describe, expect, it } from "vitest"
import type { Experiment } from "./Experiment.ts"
import { regressions } from "./regressions.ts"
import { run } from "./Run.ts"

const seed = Number(process.env["SLUICE_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

/** A slow machine is no failure, and these start many processes: this bounds what hangs. */
const timeout = 300_000

const judge = async (experiment: Experiment, seed: number) => {
  const said: Array<string> = []
  const { outcome } = await run(experiment, { form: "short", sizes: experiment.short, seed, say: (text) => said.push(text) })
  expect(outcome.failures, [`seed ${seed}`, ...said].join("\n")).toEqual([])
  return outcome
}

/** The tests of some experiments. */
export const hold = (chosen: ReadonlyArray<Experiment>): void =>
  describe.each(chosen.filter(({ notRun }) => notRun === undefined).map((experiment) => [experiment.id, experiment] as const))("%s", (id, experiment) => {
    it(`holds: ${experiment.title}`, { timeout }, async ({ skip }) => {
      const { counts, notRun } = await judge(experiment, seed)
      if (notRun !== undefined) return skip(notRun)
      expect(Object.values(counts).some((count) => count > 0)).toBe(true)
    })

    it.each(regressions.filter((regression) => regression.id === id))("holds with seed $seed, which once failed: $was", { timeout }, async (regression) => {
      await judge(experiment, regression.seed)
    })
  })

/** Whether an experiment attacks the storage of the ledger, and not the traffic. */
export const isOfStorage = ({ id }: Experiment): boolean => /^G(?:[5-9]|1[023])$/.test(id)
