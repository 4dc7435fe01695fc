/**
 * One law as a named property that can be checked: random values, a judgement that says in words what is wrong, and a verdict
 * with the smallest counter-example and the token that replays it.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"

/** How a law is run; the defaults are 1,000 runs of size 50 with a fixed seed. */
export interface RunOptions {
  readonly runs?: number
  readonly size?: number
  readonly seed?: string | number
  /** How long to look for a smaller counter-example; 3,000 candidates by default. */
  readonly maxShrinks?: number
  /** Replays one failure; the other options are ignored. */
  readonly replay?: Arbitrary.Replay
}

/** What a run found. */
export interface Verdict {
  readonly law: string
  readonly name: string
  readonly runs: number
  /** What is wrong, the smallest value that shows it, and how to replay it; absent when the law held. */
  readonly failure?: string
}

/** A law of one dialect or of a pair. */
export interface Law {
  /** Its number in the list of laws: `1`, `1b`, `2`. */
  readonly law: string
  readonly name: string
  readonly check: (options?: RunOptions) => Effect.Effect<Verdict>
}

/** What is wrong with a value; a codec that throws is wrong too, wherever it does. */
const judged = <A>(judge: (value: A) => string | undefined, value: A): string | undefined => {
  const result = Result.try({
    try: () => judge(value),
    catch: (error) => `threw ${error instanceof Error ? error.stack ?? error.message : String(error)}`
  })
  return Result.isSuccess(result) ? result.success : result.failure
}

/** A law from a judgement: `judge` says what is wrong with a value, or nothing. */
export const make = <A>(law: string, name: string, values: Arbitrary.Arbitrary<A>, judge: (value: A) => string | undefined): Law => ({
  law,
  name,
  check: (options = {}) =>
    Effect.map(
      Arbitrary.checkEffect(values, (value) => judged(judge, value) === undefined, { runs: 1000, size: 50, seed: 1, maxShrinks: 3000, ...options }),
      (result): Verdict => {
        if (result._tag === "Passed") return { law, name, runs: result.runs }
        if (result._tag !== "Falsified") return { law, name, runs: 0, failure: Arbitrary.formatCheckFailure(result) ?? result._tag }
        const why = judged(judge, result.shrunkInput) ?? "the counter-example does not fail when it is judged again"
        return {
          law,
          name,
          runs: result.runs,
          failure: `${why}\nSmallest counter-example: ${JSON.stringify(result.shrunkInput, null, 2)}\nReplay: ${result.replay}`
        }
      }
    )
})

/** The first complaint of several. */
export const first = (...complaints: ReadonlyArray<string | undefined>): string | undefined => complaints.find((complaint) => complaint !== undefined)
