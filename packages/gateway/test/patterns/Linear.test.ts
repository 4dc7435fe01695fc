/** Patterns of one's own: they find what JavaScript's would find, in time linear in the text, and refuse what cannot be had so. */
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Linear from "../../src/patterns/Linear.ts"

const finder = (pattern: string, ignoresCase = false): Linear.Find => Result.getOrThrow(Linear.make({ pattern, label: "x", ignoresCase }))
const found = (pattern: string, text: string, ignoresCase = false): ReadonlyArray<string> =>
  finder(pattern, ignoresCase)(text).map(({ from, to }) => text.slice(from, to))
const refusal = (pattern: string): string => Result.getOrThrow(Result.flip(Linear.make({ pattern, label: "x", ignoresCase: false })))

/** A reproducible source of chance. */
const chance = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

const random = (next: (below: number) => number, depth: number): string => {
  const atoms = ["a", "b", "c", ".", "[ab]", "[^a]", "\\w", "\\d"]
  const one = (): string => depth > 0 && next(3) === 0 ? `(${random(next, depth - 1)})` : atoms[next(atoms.length)] ?? "a"
  const repeated = (): string => one() + (["", "", "", "*", "+", "?", "{2}", "{1,2}", "+?"][next(9)] ?? "")
  const sequence = (): string => Array.from({ length: 1 + next(3) }, repeated).join("")
  return Array.from({ length: 1 + next(2) }, sequence).join("|")
}

/** Which characters any match covers, by trying every piece of the text. */
const covered = (pattern: string, text: string): string => {
  const whole = new RegExp(`^(?:${pattern})$`)
  const marks = Array.from(text, () => "-")
  for (let from = 0; from < text.length; from++) {
    for (let to = from + 1; to <= text.length; to++) if (whole.test(text.slice(from, to))) marks.fill("#", from, to)
  }
  return marks.join("")
}

describe("a pattern of one's own", () => {
  it("covers exactly what some match of JavaScript's covers", () => {
    const seed = 20_261_120
    const next = chance(seed)
    for (let round = 0; round < 1_500; round++) {
      const pattern = random(next, 2)
      const text = Array.from({ length: next(9) }, () => "abc1 "[next(5)]).join("")
      const marks = Array.from(text, () => "-")
      for (const { from, to } of finder(pattern)(text)) marks.fill("#", from, to)
      assert.strictEqual(marks.join(""), covered(pattern, text), `seed ${seed}, round ${round}: /${pattern}/ in "${text}"`)
    }
  })

  it("knows classes, counts, alternatives, edges and cases", () => {
    assert.deepStrictEqual(found("TCK-\\d{6}", "see TCK-123456 and TCK-12"), ["TCK-123456"])
    assert.deepStrictEqual(found("\\bcat\\b", "cat concat cat."), ["cat", "cat"])
    assert.deepStrictEqual(found("^x|y$", "xxyy"), ["x", "y"])
    assert.deepStrictEqual(found("straße", "STRASSE Straße", true), ["Straße"])
    assert.deepStrictEqual(found("[\\w.-]+@acme\\.(?:com|org)", "to a.b@acme.org now"), ["a.b@acme.org"])
    assert.deepStrictEqual(found("\\u0041\\x42\\t", "AB\t"), ["AB\t"])
    assert.deepStrictEqual(found("(?<year>\\d{4})-\\d\\d", "2026-11"), ["2026-11"])
    assert.deepStrictEqual(found("a{2,}", "a aa aaaa"), ["aa", "aaaa"])
    assert.deepStrictEqual(found("a{x", "a{x"), ["a{x"])
  })

  it("matches what breaks backtracking matchers in one pass", () => {
    const text = "a".repeat(20_000)
    assert.deepStrictEqual(found("(a+)+b", text), [])
    assert.deepStrictEqual(found("(a|a)*b|(a*)*c", text), [])
    assert.deepStrictEqual(found("(.*)(.*)(.*)!", `${text}!`).map(({ length }) => length), [20_001])
  })

  it("refuses, with the reason, what needs backtracking, what is no pattern and what is too large", () => {
    assert.include(refusal("(?=a)b"), "looks around")
    assert.include(refusal("(?<!a)b"), "looks around")
    assert.include(refusal("(a)\\1"), "refers back")
    assert.include(refusal("(a"), "not closed")
    assert.include(refusal("[a"), "not closed")
    assert.include(refusal("a)"), "without its")
    assert.include(refusal("*a"), "nothing to repeat")
    assert.include(refusal("[z-a]"), "range")
    assert.include(refusal("a{3,2}"), "counts down")
    assert.include(refusal("\\q"), "means nothing")
    assert.include(refusal("\\u00"), "hexadecimal")
    assert.include(refusal("((a{999}){999}){999}"), "steps")
    assert.include(refusal("a".repeat(1_001)), "longer")
    assert.include(refusal("(".repeat(80) + ")".repeat(80)), "nests")
  })
})
