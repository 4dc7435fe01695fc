import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, describe } from "vitest"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import type * as Laws from "../../packages/testing/src/Laws.ts"
import * as Crossings from "../conformance/Crossings.ts"
import { groups } from "./Groups.ts"

const coverage = Coverage.make()

/** Crossings whose tables have the rarest losses. */
const rare = new Set(["canonical → openai-responses", "canonical → gemini-generate", "anthropic-messages → openai-responses"])
const rarer = new Set(["openai-chat → gemini-generate", "anthropic-messages → gemini-generate"])
const rarest = new Set(["canonical → anthropic-messages"])

/** Crossings are run until the rarest of their losses was met often enough; `npm run laws` runs every law 10,000 times. */
const runsOf = ({ law, name }: Laws.Law): number => {
  const isOf = (pairs: ReadonlySet<string>): boolean => [...pairs].some((pair) => name.endsWith(pair))
  if (law !== "2") return 500
  if (!name.includes("requests")) return 1000
  if (isOf(rarest)) return 12_000
  if (isOf(rarer)) return 9000
  return isOf(rare) ? 6000 : 3000
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
