/** The short form of `pnpm fuzz`: the kept inputs, and a few thousand mutated ones for each decoder, the same ones every time. */
import { assert, it } from "@effect/vitest"
import { describe } from "vitest"
import * as Attack from "./Attack.ts"
import * as Input from "./Input.ts"
import { judge, type Verdict } from "./Judge.ts"
import { minimise } from "./Minimise.ts"
import { regressions } from "./regressions.ts"
import * as Report from "./Report.ts"
import * as Run from "./Run.ts"

const problemOf = (verdict: Verdict): string | undefined => typeof verdict === "object" ? verdict.problem : undefined

const run = Run.make(1, { limit: Infinity })
const inputs = 1500

for (const [number, target] of Attack.targets.entries()) {
  it(`${inputs} mutated inputs leave the decoder of ${Attack.nameOf(target)} in good order`, () => {
    const { findings, tallies } = run(Array.from({ length: inputs }, (_, n) => Attack.indexOf(n, [number])))
    assert.deepStrictEqual(findings.map(Report.toText), [])
    const tally = tallies[Attack.nameOf(target)]
    assert.isAbove(tally?.refused ?? 0, inputs / 20)
    if (target.decoder !== "error") assert.isAbove(tally?.decoded ?? 0, inputs / 20)
  })
}

describe("an input that once broke a decoder does so no more:", () => {
  for (const regression of regressions) {
    it(`${regression.was} (${regression.dialect}, ${regression.decoder})`, () => {
      const target = Attack.targets.find(({ decoder, dialect }) => dialect.id === regression.dialect && decoder === regression.decoder)
      if (target === undefined) return assert.fail("there is no such decoder")
      assert.isUndefined(problemOf(judge({ ...target, isThorough: true }, Input.read(regression))))
    })
  }
})

describe("the inputs of a run", () => {
  it("are the same for the same seed and index, whatever the scope, and others for another seed", () => {
    const [one, same, other] = [Attack.make(7), Attack.make(7), Attack.make(8)]
    const indexes = [0, 3, 17, 1000, 12_345]
    const written = (make: typeof one) => indexes.map((index) => Input.write(make(index).input))
    assert.deepStrictEqual(written(one), written(same))
    assert.notDeepEqual(written(one), written(other))
    const chosen = Attack.within({ dialect: "gemini-generate", decoder: "array" })
    for (const n of [0, 1, 99]) assert.strictEqual(Attack.nameOf(one(Attack.indexOf(n, chosen)).target), "gemini-generate array")
  })

  it("are written down and read again, invalid UTF-8 and a mark of byte order too", () => {
    for (const bytes of [[0xff, 0x00], [0xef, 0xbb, 0xbf, 0x7b], [0xed, 0xa0, 0x80], []]) {
      const input = { ...Input.of(new Uint8Array(bytes)), cuts: [1], ending: "reset" as const }
      assert.deepStrictEqual(Input.read(Input.write(input)), input)
    }
  })
})

describe("a fault", () => {
  const [target] = Attack.targets
  if (target === undefined) throw new Error("no targets")

  it("is found, whether it is an exception, an illegal event or a changed prototype, and made small", () => {
    const faulty = (decode: () => never) => ({
      ...target,
      decoder: "response" as const,
      dialect: { ...target.dialect, response: { ...target.dialect.response, decode } }
    })
    assert.match(
      problemOf(judge(
        faulty(() => {
          throw new TypeError("boom")
        }),
        Input.read({ text: "{}" })
      )) ?? "",
      /^threw TypeError: boom/
    )
    const silent = {
      ...target,
      decoder: "response" as const,
      dialect: { ...target.dialect, response: { ...target.dialect.response, decode: () => ({ events: [] }) } }
    }
    assert.strictEqual(problemOf(judge(silent, Input.read({ text: "{}" }))), "the events have no terminal")
    const small = minimise(
      Input.read({ text: JSON.stringify({ a: [1, { b: "xxneedlexx", c: 1 }], d: "long text" }), cuts: [3, 9] }),
      (input) => (Input.write(input).text ?? "").includes("needle")
    )
    assert.strictEqual(Input.write(small).text, "needle")
    assert.deepStrictEqual(small.cuts, [])
  })
})
