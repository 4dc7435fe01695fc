/**
 * The laws every dialect keeps, ready to be run on a dialect of one's own: `Laws.check(dialect)` for one, `Laws.checkCrossing(a, b)`
 * for a pair, `Laws.report(dialect)` with the proof that the random values reached everything. Their wording is in docs/conformance.md. Law 9, which compares the two lanes of the gateway, is tested there.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import { present } from "@sluice/protocol/Json"
import * as Effect from "effect/Effect"
import * as Coverage from "./Coverage.ts"
import * as Calls from "./laws/Calls.ts"
import * as Chunking from "./laws/Chunking.ts"
import * as Crossing from "./laws/Crossing.ts"
import * as Edit from "./laws/Edit.ts"
import * as Fold from "./laws/Fold.ts"
import * as Identity from "./laws/Identity.ts"
import { fromToken, type Law, type RunOptions, type Verdict } from "./laws/Law.ts"
import * as Legality from "./laws/Legality.ts"
import type { LawOptions } from "./laws/Options.ts"
import * as Totality from "./laws/Totality.ts"
import * as Truncation from "./laws/Truncation.ts"
import * as UsageLaw from "./laws/UsageLaw.ts"

export type { Law, RunOptions, Verdict } from "./laws/Law.ts"
export { lossPattern } from "./laws/LossPattern.ts"
export type { LawOptions, Oracle } from "./laws/Options.ts"

/** The laws of one dialect, each to be run by itself. */
export const of = (dialect: Dialect, options: LawOptions = {}): ReadonlyArray<Law> => [
  ...Identity.laws(dialect, options),
  ...Edit.laws(dialect, options),
  ...Crossing.embeddingLaws(dialect, options),
  ...Fold.laws(dialect, options),
  ...Legality.laws(dialect, options),
  ...(dialect.framing === "sse" ? Chunking.laws(dialect, options) : []),
  ...Totality.laws(dialect, options),
  ...Truncation.laws(dialect, dialect, options),
  ...UsageLaw.laws(dialect),
  ...Calls.laws(dialect, dialect)
]

/** The options of one dialect with the judge of another. */
const withOracle = ({ oracle: _, ...options }: LawOptions, { oracle }: LawOptions): LawOptions => ({ ...options, ...present({ oracle }) })

/** The laws of an ordered pair: requests from a client of `from` to a provider of `to`, answers back. */
export const ofCrossing = (from: Dialect, to: Dialect, fromOptions: LawOptions = {}, toOptions: LawOptions = {}): ReadonlyArray<Law> => [
  ...Crossing.laws(from, to, fromOptions, toOptions),
  ...Truncation.laws(to, from, withOracle(toOptions, fromOptions)),
  ...Calls.laws(to, from)
]

/** The laws of the canonical model itself. */
export const canonical: ReadonlyArray<Law> = [Fold.canonicalLaw]

/** With a token of one of these laws only that law is run; a token of none is a failure, so that it is not taken for a success. */
const run = (laws: ReadonlyArray<Law>, { runs, size, seed, maxShrinks, replay }: RunOptions = {}): Effect.Effect<ReadonlyArray<Verdict>> => {
  if (replay === undefined) return Effect.forEach(laws, (law) => law.check(present({ runs, size, seed, maxShrinks })))
  const { name } = fromToken(replay)
  const law = laws.find((each) => each.name === name)
  if (law !== undefined) return Effect.map(law.check({ replay }), (verdict) => [verdict])
  return Effect.succeed([{ law: "?", name: name ?? "", runs: 0, failure: `None of these laws has the name that the token "${replay}" begins with.` }])
}

/** Runs all laws of one dialect. A failure prints the smallest counter-example and the token that replays it: `check(dialect, { replay })`. */
export const check = (dialect: Dialect, options?: LawOptions & RunOptions): Effect.Effect<ReadonlyArray<Verdict>> => run(of(dialect, options), options)

/** Runs all laws of an ordered pair. */
export const checkCrossing = (from: Dialect, to: Dialect, options?: LawOptions & RunOptions): Effect.Effect<ReadonlyArray<Verdict>> =>
  run(ofCrossing(from, to, options, {}), options)

/** What a run of all laws of a dialect has shown. */
export interface Report {
  readonly verdicts: ReadonlyArray<Verdict>
  /** How often each constructor of the canonical model and each loss was met. */
  readonly coverage: Coverage.Coverage
  /** What was met too rarely for the run to prove anything about it, as `name: met of floor`. */
  readonly missing: ReadonlyArray<string>
  /** Whether every law held and everything was met. */
  readonly holds: boolean
  /** All of it for a person: a line for each law, the coverage as a table, what is missing, the failures. */
  readonly text: string
}

/**
 * Runs all laws of one dialect and proves that the random values reached every constructor of the canonical model: a run that
 * never met something has shown nothing about it. From 500 runs on nothing should be missing.
 */
export const report = (dialect: Dialect, options: LawOptions & RunOptions = {}): Effect.Effect<Report> => {
  const coverage = options.coverage ?? Coverage.make()
  return Effect.map(check(dialect, { ...options, coverage }), (verdicts) => {
    const missing = options.replay === undefined ? Coverage.missingConstructors(coverage) : []
    const failed = failures(verdicts)
    const lines = verdicts.map(({ failure, law, name, runs }) => `${failure === undefined ? "holds" : "FAILS"}  ${law.padEnd(2)}  ${name} (${runs} runs)`)
    const sections = [lines.join("\n"), Coverage.table(coverage), missing.length === 0 ? "" : `Met too rarely:\n${missing.join("\n")}`, failed]
    return { verdicts, coverage, missing, holds: failed === "" && missing.length === 0, text: sections.filter((section) => section !== "").join("\n\n") }
  })
}

/** The verdicts that are failures, as text; empty when every law held. */
export const failures = (verdicts: ReadonlyArray<Verdict>): string =>
  verdicts.flatMap((verdict) => verdict.failure === undefined ? [] : [`Law ${verdict.law}, ${verdict.name}: ${verdict.failure}`]).join("\n\n")
