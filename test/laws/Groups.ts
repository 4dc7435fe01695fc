/** Every law of the installed dialects and of the crossings among them, in groups, with what the laws must be told of each. */
import type { Coverage } from "../../packages/testing/src/Coverage.ts"
import * as Laws from "../../packages/testing/src/Laws.ts"
import * as Crossings from "../conformance/Crossings.ts"
import * as Oracles from "../conformance/Oracles.ts"
import { type Subject, subjects } from "./Subjects.ts"

/** Laws that belong together: of the canonical model, of a dialect, of an ordered pair. */
export interface Group {
  readonly name: string
  readonly laws: ReadonlyArray<Laws.Law>
}

const oracles = Oracles.oracles

/** What the laws are told of a subject, as the end of a crossing that comes `from` somewhere. */
const optionsOf = ({ dialect, vocabulary }: Subject, from: string, to: string, coverage: Coverage): Laws.LawOptions => {
  const oracle = oracles[dialect.id]
  return {
    vocabulary,
    coverage,
    allows: Crossings.allows(from, to),
    allowsAnswer: Crossings.allows(from === "canonical" ? from : to, dialect.id, "answer"),
    ...(oracle === undefined ? {} : { oracle })
  }
}

/** All groups; what they meet is counted in `coverage`. */
export const groups = (coverage: Coverage): ReadonlyArray<Group> => [
  { name: "the canonical model", laws: Laws.canonical },
  ...subjects.map((subject): Group => ({
    name: subject.dialect.id,
    laws: Laws.of(subject.dialect, optionsOf(subject, "canonical", subject.dialect.id, coverage))
  })),
  ...subjects.flatMap((from) =>
    subjects.filter((to) => Crossings.isDeclared(from.dialect.id, to.dialect.id)).map((to): Group => {
      const pair = [from.dialect.id, to.dialect.id] as const
      return {
        name: pair.join(" → "),
        laws: Laws.ofCrossing(from.dialect, to.dialect, optionsOf(from, ...pair, coverage), optionsOf(to, ...pair, coverage))
      }
    })
  )
]
