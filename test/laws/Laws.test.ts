import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, describe } from "vitest"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import * as Laws from "../../packages/testing/src/Laws.ts"
import * as Crossings from "../conformance/Crossings.ts"
import * as Oracles from "../conformance/Oracles.ts"
import { type Subject, subjects } from "./Subjects.ts"

const coverage = Coverage.make()

/** Crossings whose tables have the rarest losses. */
const rare = new Set(["canonical → openai-responses", "canonical → gemini-generate", "anthropic-messages → openai-responses"])
const rarest = new Set(["openai-chat → gemini-generate", "anthropic-messages → gemini-generate"])

/** Requests have the rarest losses. */
const runsOf = ({ law, name }: Laws.Law): number => {
  const isOf = (pairs: ReadonlySet<string>): boolean => [...pairs].some((pair) => name.endsWith(pair))
  if (law !== "2" || !name.includes("requests")) return 1000
  if (isOf(rarest)) return 9000
  return isOf(rare) ? 6000 : 3000
}

const holds = (law: Laws.Law) =>
  it.effect(`law ${law.law}: ${law.name}`, () =>
    Effect.map(law.check({ runs: runsOf(law) }), (verdict) => {
      if (verdict.failure !== undefined) assert.fail(verdict.failure.slice(0, 20_000))
      assert.strictEqual(verdict.runs, runsOf(law))
    }), 300_000)

describe("the canonical model", () => Laws.canonical.forEach(holds))

/** What the laws are told of a subject, as the end of a crossing that comes `from` somewhere. */
const optionsOf = ({ dialect, vocabulary }: Subject, from: string, to: string): Laws.LawOptions => {
  const oracle = Oracles.oracles[dialect.id]
  return {
    vocabulary,
    coverage,
    allows: Crossings.allows(from, to),
    allowsAnswer: Crossings.allows(from === "canonical" ? from : to, dialect.id, "answer"),
    ...(oracle === undefined ? {} : { oracle })
  }
}

for (const subject of subjects) {
  describe(subject.dialect.id, () => Laws.of(subject.dialect, optionsOf(subject, "canonical", subject.dialect.id)).forEach(holds))
}

for (const from of subjects) {
  for (const to of subjects.filter((other) => Crossings.isDeclared(from.dialect.id, other.dialect.id))) {
    const pair = [from.dialect.id, to.dialect.id] as const
    describe(pair.join(" → "), () => Laws.ofCrossing(from.dialect, to.dialect, optionsOf(from, ...pair), optionsOf(to, ...pair)).forEach(holds))
  }
}

describe("together the laws", () => {
  it("met every constructor at least 20 times and every loss at least 5 times", () => {
    assert.deepStrictEqual(Coverage.missing(coverage, Crossings.countedKeys()), [])
  })
})

afterAll(() => process.stdout.write(`\nWhat the laws met:\n${Coverage.table(coverage)}\n`))
