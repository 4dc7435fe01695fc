/**
 * The shape of every experiment: what it injects, what must hold, how large its short and its long form are, and the run itself.
 * An experiment starts processes and attacks them; whether a guarantee held is decided by pure functions over what they logged.
 */
import type { Random } from "../fuzz/Random.ts"

/** How large a run is. `runs` is what the guarantee counts; the other numbers are the experiment's own. */
export interface Sizes {
  readonly runs: number
  readonly [size: string]: number
}

/** What a run is given. */
export interface Options {
  readonly form: "short" | "long"
  readonly sizes: Sizes
  /** What chance is drawn from; a run with the same seed draws the same. */
  readonly seed: number
  readonly random: Random
  /** An empty folder of its own that is removed afterwards. */
  readonly folder: string
  /** Tells how far it is. */
  readonly say: (text: string) => void
}

/** What a run found. */
export interface Outcome {
  /** What was done and seen, by name; added up over the batches of a result. */
  readonly counts: { readonly [name: string]: number }
  /** Measured extremes, by name with their unit; of the batches of a result the largest counts. */
  readonly worst?: { readonly [name: string]: number }
  /** Every way in which the guarantee did not hold, in words. Empty = it held. */
  readonly failures: ReadonlyArray<string>
  /** Why this machine cannot run it; nothing else counts then. */
  readonly notRun?: string
}

/** One experiment. */
export interface Experiment {
  /** As the list of guarantees numbers it: `G1`, `G1b`. */
  readonly id: string
  readonly title: string
  /** What is done to the system, in one sentence. */
  readonly injection: string
  /** What must hold, in one sentence. */
  readonly criterion: string
  /** A second or a few: run by `npm test`, judged by counts alone. */
  readonly short: Sizes
  /** What the guarantee asks for. */
  readonly long: Sizes
  /** Runs of the long form that are recorded together, so that a stopped run goes on where it was; all of them unless told. */
  readonly batch?: number
  /** Why it is not run at all; the page says so. */
  readonly notRun?: string
  readonly run: (options: Options) => Promise<Outcome>
}

/** The least of the values that is at least as large as `share` of them. */
export const percentile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))] ?? 0
}
