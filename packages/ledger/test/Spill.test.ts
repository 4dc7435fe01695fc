import { assert, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { describe } from "vitest"
import * as Rows from "../src/Rows.ts"
import * as Spill from "../src/Spill.ts"
import * as WriterId from "../src/WriterId.ts"
import { id, opening, settlement } from "./exchanges.ts"

const rows = [
  Rows.opening(opening(1)),
  Rows.checkpoint(id(1), { tokens: { output: 3 }, provenance: { output: "counted" } }),
  Rows.settlement(settlement(1)),
  Rows.settlement(settlement(2, { attempts: [] }))
]

describe("a spilled row", () => {
  it("is one line of JSON, and comes back as it was", () => {
    for (const row of rows) {
      const line = Spill.toLine(row)
      assert.match(line, /^\{"crc32":"[0-9a-f]{8}","row":\[.*\]\}\n$/)
      assert.deepStrictEqual(JSON.parse(line).row, row)
      assert.deepStrictEqual(Spill.fromLine(line.trimEnd()), Option.some(row))
    }
  })

  it.effect.prop("comes back with any text in it", [Schema.String, Schema.String], ([principal, message]) =>
    Effect.sync(() => {
      const row = Rows.settlement(settlement(1, { principal, outcome: { _tag: "Defect", message } }))
      const line = Spill.toLine(row)
      assert.strictEqual(line.indexOf("\n"), line.length - 1)
      assert.deepStrictEqual(Spill.fromLine(line.trimEnd()), Option.some(row))
    }))

  it("is refused wherever it is cut, and whichever character is changed", () => {
    for (const row of rows) {
      const line = Spill.toLine(row).trimEnd()
      for (let at = 0; at < line.length; at++) {
        assert.isTrue(Option.isNone(Spill.fromLine(line.slice(0, at))))
        const other = line.charAt(at) === "7" ? "8" : "7"
        assert.isTrue(Option.isNone(Spill.fromLine(line.slice(0, at) + other + line.slice(at + 1))), `character ${at} of ${line}`)
      }
    }
  })

  /** What an older program has written: some of the columns were not there. */
  const older = (row: Rows.Row, isThere: (index: number, inAttempt: number | undefined) => boolean) =>
    row.filter((_, index) => isThere(index, index < Rows.settleLength ? undefined : (index - Rows.settleLength) % Rows.attemptColumns.length))

  const firstLength = Rows.settleLength - Rows.settlementColumns.length + Rows.firstSettlementColumns

  it("is read where it is from before settlements told tier and effort, and before attempts told their credential", () => {
    for (const attempts of [0, 1, 3]) {
      const whole = settlement(1, { tier: "priority", effort: "high" })
      const now = Rows.settlement({ ...whole, attempts: Array.from({ length: attempts }, () => whole.attempts[0]!) })
      const isOld = (index: number, inAttempt: number | undefined) => index < firstLength || inAttempt !== undefined
      const lost = (index: number, inAttempt: number | undefined, columns: number) => !isOld(index, inAttempt) || (inAttempt ?? 0) >= columns
      for (const columns of [Rows.firstAttemptColumns, Rows.attemptColumns.length]) {
        const before = older(now, (index, inAttempt) => !lost(index, inAttempt, columns))
        const expected = now.map((value, index) =>
          lost(index, index < Rows.settleLength ? undefined : (index - Rows.settleLength) % Rows.attemptColumns.length, columns) ? null : value
        )
        // The older row is none of today's
        const line = Spill.toLine(before as unknown as Rows.Row).trimEnd()
        assert.deepStrictEqual(Option.getOrUndefined(Spill.fromLine(line))?.slice(), expected, `${attempts} attempts of ${columns} columns`)
      }
    }
  })

  it("is refused where its checksum holds and it is no row", () => {
    const lines = [[], [3, "x"], [0, "too short"], [0, id(1), 1, "generate", "ci", "openai-chat", 1, {}, 5], [...rows[2]!, "one too many"]]
    for (const value of lines) {
      // What a future program may have written
      const line = Spill.toLine(value as unknown as Rows.Row).trimEnd()
      assert.isTrue(Option.isNone(Spill.fromLine(line)), line)
    }
  })
})

describe("the name of a spill file", () => {
  it("carries its number, and is told from other files", () => {
    const writer = WriterId.generate()
    assert.strictEqual(Spill.fileName("a.db", writer, 7), `a.db.spill-${writer}-000007.ndjson`)
    for (const number of [7, 12_345_678]) {
      assert.deepStrictEqual(Spill.ownerOf("a.db", Spill.fileName("a.db", writer, number)), Option.some({ writer, number }))
    }
    // From before writers had ids
    assert.deepStrictEqual(Spill.ownerOf("a.db", "a.db.spill-000007.ndjson"), Option.some({ writer: WriterId.beforeIds, number: 7 }))
    for (const name of ["a.db", "a.db-wal", Spill.quarantineName("a.db"), Spill.fileName("b.db", writer, 1), "a.db.spill-x.ndjson", "a.db.spill-.ndjson"]) {
      assert.deepStrictEqual(Spill.ownerOf("a.db", name), Option.none(), name)
    }
  })
})
