import { assert, it } from "@effect/vitest"
import { describe } from "vitest"
import * as Backlog from "../src/Backlog.ts"
import * as Rows from "../src/Rows.ts"
import { opening, settlement } from "./exchanges.ts"

const waiting = (n: number, done: Backlog.Waiting["done"] = undefined): Backlog.Waiting => ({ row: Rows.opening(opening(n)), fallback: "refuse", done })

const idOf = (row: Rows.Row) => row[1]

describe("a backlog", () => {
  it("numbers rows from 1, and gives each to be sent once", () => {
    const backlog = Backlog.make()
    backlog.add(waiting(1))
    backlog.add(waiting(2))
    assert.deepStrictEqual(backlog.unsent(), { first: 1, rows: [waiting(1).row, waiting(2).row] })
    assert.deepStrictEqual(backlog.unsent(), { first: 3, rows: [] })
    backlog.add(waiting(3))
    assert.deepStrictEqual(backlog.unsent(), { first: 3, rows: [waiting(3).row] })
    assert.strictEqual(backlog.newest(), 3)
  })

  it("lets go of everything up to a number, in order", () => {
    const backlog = Backlog.make()
    for (let n = 1; n <= 5; n++) backlog.add(waiting(n))
    assert.deepStrictEqual(backlog.take(2).map(({ row }) => idOf(row)), [1, 2].map((n) => idOf(waiting(n).row)))
    assert.deepStrictEqual(backlog.take(2), [])
    assert.strictEqual(backlog.rows(), 3)
    assert.strictEqual(backlog.take(99).length, 3)
    assert.strictEqual(backlog.newest(), 5)
  })

  it("keeps its numbers over tens of thousands of rows", () => {
    const backlog = Backlog.make()
    for (let n = 1; n <= 30_000; n++) {
      backlog.add(waiting(n))
      backlog.unsent()
      if (n > 10) assert.deepStrictEqual(backlog.take(n - 10).map(({ row }) => row), [waiting(n - 10).row])
    }
    assert.strictEqual(backlog.rows(), 10)
    backlog.resend()
    assert.strictEqual(backlog.unsent().first, 29_991)
  })

  it("sends again what was not confirmed, and only that", () => {
    const backlog = Backlog.make()
    for (let n = 1; n <= 4; n++) backlog.add(waiting(n))
    backlog.unsent()
    backlog.take(2)
    assert.strictEqual(backlog.unsentRows(), 0)
    backlog.resend()
    assert.deepStrictEqual(backlog.unsent(), { first: 3, rows: [waiting(3).row, waiting(4).row] })
  })

  it("keeps the numbers of the others when one row is withdrawn", () => {
    const backlog = Backlog.make()
    for (let n = 1; n <= 3; n++) backlog.add(waiting(n))
    assert.deepStrictEqual(backlog.withdraw(2)?.row, waiting(2).row)
    assert.isUndefined(backlog.withdraw(2))
    assert.isUndefined(backlog.withdraw(4))
    const { rows } = backlog.unsent()
    assert.strictEqual(rows.length, 3)
    assert.deepStrictEqual(rows[1], Rows.checkpoint("", { tokens: {}, provenance: {} }))
    assert.deepStrictEqual(backlog.take(3).map(({ row }) => row), [waiting(1).row, waiting(3).row])
    assert.isUndefined(backlog.withdraw(1))
  })

  it("has room for 10,000 rows", () => {
    const backlog = Backlog.make()
    for (let n = 1; n <= Backlog.capacityRows; n++) {
      assert.isTrue(backlog.hasRoom(waiting(n).row))
      backlog.add(waiting(n))
    }
    assert.isFalse(backlog.hasRoom(waiting(0).row))
    backlog.take(1)
    assert.isTrue(backlog.hasRoom(waiting(0).row))
  })

  it("has room for 16 MB, and gets it back", () => {
    const backlog = Backlog.make()
    const large = Rows.settlement(settlement(1, { outcome: { _tag: "Defect", message: "x".repeat(Backlog.capacityBytes / 4) } }))
    for (let n = 1; n <= 3; n++) backlog.add({ row: large, fallback: "spill", done: undefined })
    assert.isFalse(backlog.hasRoom(large))
    assert.isTrue(backlog.hasRoom(waiting(1).row))
    backlog.take(1)
    backlog.withdraw(2)
    assert.isTrue(backlog.hasRoom(large))
  })
})
