/**
 * One law as a named property that can be checked: random values, a judgement that says in words what is wrong, and a verdict
 * with the smallest counter-example and the token that replays it.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as StreamShrinker from "./StreamShrinker.ts"

/** How a law is run; the defaults are 1,000 runs of size 50 with a fixed seed. */
export interface RunOptions {
  readonly runs?: number
  readonly size?: number
  readonly seed?: string | number
  /** How long to look for a smaller counter-example; 3,000 candidates by default. */
  readonly maxShrinks?: number
  /** Replays the failure that printed this token: only its law is run, and the other options are ignored. */
  readonly replay?: string
}

/** What a run found. */
export interface Verdict {
  readonly law: string
  readonly name: string
  readonly runs: number
  /** What is wrong, the smallest value that shows it, and how to replay it; absent when the law held. */
  readonly failure?: string
  /** The smallest value that shows what is wrong, and the token for {@link RunOptions.replay}. */
  readonly counterExample?: unknown
  readonly replay?: string
}

/** A law of one dialect or of a pair. */
export interface Law {
  /** Its number in the list of laws: `1`, `1b`, `2`. */
  readonly law: string
  readonly name: string
  readonly check: (options?: RunOptions) => Effect.Effect<Verdict>
  /** What is wrong with a value that a failure printed, or nothing: for counter-examples that are kept. */
  readonly judge: (counterExample: unknown) => string | undefined
}

/** A token that names its law, so that it can be given to all laws of a dialect. */
const tokenOf = (name: string, replay: Arbitrary.Replay): string => `${name} # ${replay}`

/** The law and the replay of a token; a token without a law is the replay alone. */
export const fromToken = (token: string): { readonly name: string | undefined; readonly replay: Arbitrary.Replay } => {
  const at = token.indexOf(" # ")
  return at === -1 ? { name: undefined, replay: token } : { name: token.slice(0, at), replay: token.slice(at + 3) }
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
  check: ({ replay, ...options } = {}) => {
    const settings = { runs: 1000, size: 50, seed: 1, maxShrinks: 3000, ...options }
    const fails = (value: A): boolean => judged(judge, value) !== undefined
    return Effect.map(
      Arbitrary.checkEffect(values, (value) => !fails(value), { ...settings, replay: replay === undefined ? undefined : fromToken(replay).replay }),
      (result): Verdict => {
        if (result._tag === "Passed") return { law, name, runs: result.runs }
        // What once failed holds now
        if (result._tag === "ReplayMismatch" && result.reason === "PropertyPassed") return { law, name, runs: 1 }
        if (result._tag !== "Falsified") return { law, name, runs: 0, failure: Arbitrary.formatCheckFailure(result) ?? result._tag }
        const counterExample = StreamShrinker.smallest(result.shrunkInput, fails, settings.maxShrinks)
        const why = judged(judge, counterExample) ?? "the counter-example does not fail when it is judged again"
        const token = tokenOf(name, result.replay)
        return {
          law,
          name,
          runs: result.runs,
          failure: `${why}\nSmallest counter-example: ${JSON.stringify(counterExample, null, 2)}\nReplay: ${token}`,
          counterExample,
          replay: token
        }
      }
    )
  },
  // What this law printed has the type of its values.
  judge: (counterExample) => judged(judge, counterExample as A)
})

/** The first complaint of several. */
export const first = (...complaints: ReadonlyArray<string | undefined>): string | undefined => complaints.find((complaint) => complaint !== undefined)
