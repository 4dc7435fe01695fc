/** One run of one experiment: a folder of its own, chance from its seed, an exception told as a failure, its time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { random } from "../fuzz/Random.ts"
import type { Experiment, Options, Outcome } from "./Experiment.ts"

/** A failure is one line that names no folder of this machine. */
const clean = (folder: string) => (failure: string): string => failure.replaceAll(folder, "FOLDER").split("\n")[0]?.slice(0, 400) ?? ""

/** Runs it; never rejects. */
export const run = async (
  experiment: Experiment,
  options: Pick<Options, "form" | "sizes" | "seed" | "say">
): Promise<{ readonly outcome: Outcome; readonly durationMs: number }> => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-chaos-"))
  const startedAt = performance.now()
  const done = (outcome: Outcome) => ({
    outcome: { ...outcome, failures: outcome.failures.map(clean(folder)) },
    durationMs: Math.round(performance.now() - startedAt)
  })
  try {
    return done(await experiment.run({ ...options, folder, random: random(options.seed, 0) }))
  } catch (error) {
    options.say(error instanceof Error ? error.stack ?? error.message : String(error))
    return done({ counts: {}, failures: [`the run broke: ${error instanceof Error ? error.message : String(error)}`] })
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

const listFile = join(import.meta.dirname, "regressions.ts")

/** Adds a failed seed to regressions.ts. */
export const remember = (id: string, seed: number, was: string): void => {
  const text = readFileSync(listFile, "utf8")
  const entry = `  { id: ${JSON.stringify(id)}, seed: ${seed}, was: ${JSON.stringify(was.slice(0, 120))} }`
  const renewed = text.endsWith("= []\n") ? text.replace(/= \[\]\n$/, `= [\n${entry}\n]\n`) : text.replace(/\n\]\n$/, `,\n${entry}\n]\n`)
  writeFileSync(listFile, renewed)
}
