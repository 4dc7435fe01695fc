import { assert } from "@effect/vitest"
import { describe, it } from "vitest"
import { exists, read } from "../../Repository.ts"
import { lists } from "./EdgeCases.ts"
import { edgeCases } from "./EdgeCasesPage.ts"

describe("every edge case", () => {
  for (const { cases, title } of lists) {
    it(`of the list "${title}" is numbered without gaps`, () => {
      assert.deepStrictEqual(cases.map(({ number }) => number), cases.map((_, index) => index + 1))
    })

    it(`of the list "${title}" is held by a test that exists, or by a decision`, () => {
      const unheld = cases.filter(({ decided, tests }) => tests.length === 0 && decided === undefined).map(({ number }) => number)
      assert.deepStrictEqual(unheld, [])
      const unknown = cases.flatMap(({ number, tests }) =>
        tests.filter(({ file, name }) => !exists(file) || !read(file).includes(name)).map(({ file, name }) => `${number}: ${file} has no test "${name}"`)
      )
      assert.deepStrictEqual(unknown, [])
    })
  }
})

describe("the page of edge cases", () => {
  it("is what `node test/conformance/generate.ts` writes", () => {
    assert.strictEqual(read("docs/reference/edge-cases.md"), edgeCases())
  })
})
