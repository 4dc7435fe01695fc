import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, describe } from "vitest"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import type * as Laws from "../../packages/testing/src/Laws.ts"
import * as Crossings from "../conformance/Crossings.ts"
import { groups } from "./Groups.ts"

const coverage = Coverage.make()

/** Crossings of requests are run until the rarest of their losses was met often enough; `npm run laws` runs every law 10,000 times. */
const crossingRuns: ReadonlyMap<string, number> = new Map([
  ["canonical → openai-responses", 6000],
  ["canonical → gemini-generate", 6000],
  ["anthropic-messages → openai-responses", 6000],
  ["openai-chat → anthropic-messages", 6000],
  ["openai-responses → anthropic-messages", 6000],
  ["openai-responses → gemini-generate", 6000],
  ["openai-chat → gemini-generate", 9000],
  ["anthropic-messages → gemini-generate", 9000],
  ["canonical → anthropic-messages", 12_000],
  ["gemini-generate → anthropic-messages", 18_000]
])

const runsOf = ({ law, name }: Laws.Law): number => {
  if (law !== "2") return 500
  if (!name.includes("requests")) return 1000
  return [...crossingRuns].find(([pair]) => name.endsWith(pair))?.[1] ?? 3000
}

for (const group of groups(coverage)) {
  describe(group.name, () => {
    for (const law of group.laws) {
      it.effect(`law ${law.law}: ${law.name}`, () =>
        Effect.map(law.check({ runs: runsOf(law) }), (verdict) => {
          if (verdict.failure !== undefined) assert.fail(verdict.failure.slice(0, 20_000))
          assert.strictEqual(verdict.runs, runsOf(law))
        }), 300_000)
    }
  })
}

describe("together the laws", () => {
  it("met every constructor at least 20 times and every loss at least 5 times", () => {
    assert.deepStrictEqual(Coverage.missing(coverage, Crossings.countedKeys()), [])
  })
})

afterAll(() => process.stdout.write(`\nWhat the laws met:\n${Coverage.table(coverage)}\n`))
