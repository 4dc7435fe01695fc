/**
 * The laws every dialect keeps, ready to be run on a dialect of one's own: `Laws.check(dialect)` for one, `Laws.checkCrossing(a, b)`
 * for a pair. Their wording is in docs/conformance.md. Law 9, which compares the two lanes of the gateway, is tested there.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import { present } from "@sluice/protocol/Json"
import * as Effect from "effect/Effect"
import * as Calls from "./laws/Calls.ts"
import * as Chunking from "./laws/Chunking.ts"
import * as Crossing from "./laws/Crossing.ts"
import * as Edit from "./laws/Edit.ts"
import * as Fold from "./laws/Fold.ts"
import * as Identity from "./laws/Identity.ts"
import type { Law, RunOptions, Verdict } from "./laws/Law.ts"
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

const run = (laws: ReadonlyArray<Law>, { runs, size, seed }: RunOptions = {}): Effect.Effect<ReadonlyArray<Verdict>> =>
  Effect.forEach(laws, (law) => law.check(present({ runs, size, seed })))

/** Runs all laws of one dialect. */
export const check = (dialect: Dialect, options?: LawOptions & RunOptions): Effect.Effect<ReadonlyArray<Verdict>> => run(of(dialect, options), options)

/** Runs all laws of an ordered pair. */
export const checkCrossing = (from: Dialect, to: Dialect, options?: LawOptions & RunOptions): Effect.Effect<ReadonlyArray<Verdict>> =>
  run(ofCrossing(from, to, options, {}), options)

/** The verdicts that are failures, as text; empty when every law held. */
export const failures = (verdicts: ReadonlyArray<Verdict>): string =>
  verdicts.flatMap((verdict) => verdict.failure === undefined ? [] : [`Law ${verdict.law}, ${verdict.name}: ${verdict.failure}`]).join("\n\n")
