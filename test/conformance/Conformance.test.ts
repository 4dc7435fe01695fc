import { assert } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, it } from "vitest"
import * as Coverage from "../../packages/testing/src/Coverage.ts"
import * as Crossings from "./Crossings.ts"
import * as CrossingsPage from "./CrossingsPage.ts"
import { exceptions, mostShare } from "./Exceptions.ts"
import * as Fixtures from "./Fixtures.ts"
import { faults } from "./official/Mutations.ts"
import * as Teeth from "./official/Teeth.ts"
import * as Page from "./Page.ts"
import * as Results from "./Results.ts"

if (!Fixtures.isPresent) process.stdout.write(`${Fixtures.notice}\n`)

const coverage = Coverage.make()
const results = Results.results(coverage)
const shares = Teeth.shares()

describe("recorded exchanges of real providers", () => {
  for (const result of Fixtures.isPresent ? results : []) {
    const crossing = result.target === undefined ? "" : ` to ${result.target}`
    it(`${result.protocol}: ${result.rule}${crossing} holds`, () => {
      const { unexcused } = Results.judge(result)
      assert.isNotEmpty(result.cases)
      if (unexcused.length > 0) {
        assert.fail(`${unexcused.length} of ${result.cases.length}:\n${unexcused.slice(0, 10).map((line) => line.slice(0, 2000)).join("\n")}`)
      }
    })
  }

  it("need few exceptions, and every one of them", () => {
    assert.deepStrictEqual(Fixtures.isPresent ? Results.needless(results) : [], [])
    const cases = [...Results.caseCounts().values()].reduce((sum, count) => sum + count, 0)
    if (Fixtures.isPresent) assert.isAtMost(exceptions.length / cases, mostShare)
  })
})

describe("the losses that only recorded traffic has", () => {
  it("are all met", () => {
    assert.deepStrictEqual(Fixtures.isPresent ? Crossings.recordedKeys().filter((key) => !coverage.counts.has(key)) : [], [])
  })
})

describe("the official schema of", () => {
  for (const [dialect, floors] of Object.entries(Teeth.floors)) {
    for (const fault of faults) {
      it(`${dialect} notices a ${fault}`, () => {
        const own = shares.filter((share) => share.dialect === dialect && share.fault === fault)
        const [shown, seen] = [own.reduce((sum, share) => sum + share.shown, 0), own.reduce((sum, share) => sum + share.seen, 0)]
        // Nothing is emitted where the recordings or the schemas are absent.
        if (own.length > 0) assert.isAtLeast(seen / shown, floors[fault], `${seen} of ${shown}`)
      })
    }
  }
})

describe("the published pages", () => {
  const page = (path: string): string => readFileSync(join(import.meta.dirname, "../../docs", path), "utf8")

  it("have a name for every place that a crossing changes", () => {
    assert.deepStrictEqual(CrossingsPage.nameless(), [], "their names belong into PlaceNames.ts")
  })

  it("are what `node test/conformance/generate.ts` writes", () => {
    assert.strictEqual(page("reference/crossings.md"), CrossingsPage.crossings())
    if (Fixtures.isPresent) assert.strictEqual(page("conformance.md"), Page.conformance(results, shares))
  })
})
