import { assert, describe, it } from "@effect/vitest"
import { lineIndex } from "../../src/config/LineIndex.ts"

const source = `# first
server:
  host: x   # a: comment
  "port": 1

list:
  - id: a
    deep:
      - one: 1
        two: 2
      - 'one': 3
  -   id: b
      note: |
        id: not a key
        - nor this
      after: 1
  - { id: c, in: { x: 1 } }
flat:
- id: d
- id: e
  more: 1
- plain
last: [{ a: 1 },
  { b: 2 }]
`

describe("the line of a place", () => {
  const lineOf = lineIndex(source)
  const cases: ReadonlyArray<readonly [ReadonlyArray<PropertyKey>, number | undefined]> = [
    [["server"], 2],
    [["server", "host"], 3],
    [["server", "port"], 4],
    [["list", 0, "id"], 7],
    [["list", 0, "deep", 0, "two"], 10],
    [["list", 0, "deep", 1, "one"], 11],
    [["list", 1], 12],
    [["list", 1, "id"], 12],
    [["list", 1, "after"], 16],
    [["list", 2], 17],
    [["flat", 0, "id"], 19],
    [["flat", 1, "more"], 21],
    [["flat", 2], 22],
    [["last"], 23]
  ]
  it.each(cases)("is found for %j", (path, line) => {
    assert.strictEqual(lineOf(path), line)
  })

  it("is that of the nearest place around it where it is inside brackets or does not exist", () => {
    assert.strictEqual(lineOf(["list", 2, "in", "x"]), 17)
    assert.strictEqual(lineOf(["last", 0, "a"]), 23)
    assert.strictEqual(lineOf(["server", "missing"]), 2)
    assert.strictEqual(lineOf(["nothing"]), undefined)
    assert.strictEqual(lineOf([]), undefined)
  })

  it("does not take the text of a block scalar for keys", () => {
    assert.strictEqual(lineOf(["list", 1, "note", "id"]), 13)
  })
})
