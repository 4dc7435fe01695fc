import { assert, it } from "@effect/vitest"
import { Result } from "effect"
import { describe } from "vitest"
import type { FromWriter } from "../src/Messages.ts"
import * as Rows from "../src/Rows.ts"
import * as Commits from "../src/sqlite/Commits.ts"
import type { StoreError } from "../src/sqlite/Connection.ts"
import type { Store } from "../src/sqlite/Store.ts"
import { opening, settlement } from "./exchanges.ts"

const row = (n: number) => Rows.opening(opening(n))
const rows = (count: number, from = 1) => Array.from({ length: count }, (_, index) => row(from + index))

/** A store that says how it is used, and fails as told. */
const scripted = (fail: (rows: ReadonlyArray<Rows.Row>) => StoreError | undefined = () => undefined) => {
  const groups: Array<ReadonlyArray<Rows.Row>> = []
  const replies: Array<FromWriter> = []
  const inbox: Array<() => void> = []
  const store: Pick<Store, "commit"> = {
    commit: (rows) => {
      const failure = fail(rows)
      if (failure !== undefined) return Result.fail(failure)
      groups.push(rows)
      return Result.void
    }
  }
  const time = { now: 0 }
  const pauses: Array<number> = []
  const pause = (milliseconds: number): void => {
    pauses.push(milliseconds)
    time.now += milliseconds
  }
  const commits = Commits.make({ store, reply: (message) => replies.push(message), receive: () => inbox.shift()?.(), now: () => time.now, pause })
  return { commits, groups, inbox, pauses, replies, time }
}

describe("group commit", () => {
  it("stores what is queued in one transaction, and confirms it with one message", () => {
    const { commits, groups, replies } = scripted()
    commits.add(1, rows(3))
    commits.run()
    assert.deepStrictEqual(groups, [rows(3)])
    assert.deepStrictEqual(replies, [{ _tag: "Committed", through: 3 }])
  })

  it("takes everything that arrived during a transaction into the next one", () => {
    const { commits, groups, inbox, replies } = scripted()
    commits.add(1, rows(1))
    inbox.push(() => {}, () => {
      commits.add(2, rows(2, 2))
      commits.add(4, rows(3, 4))
    })
    commits.run()
    assert.deepStrictEqual(groups.map((group) => group.length), [1, 5])
    assert.deepStrictEqual(replies, [{ _tag: "Committed", through: 1 }, { _tag: "Committed", through: 6 }])
  })

  it("stores a row that comes alone at once, and takes a breath before the one that follows at its heels", () => {
    const { commits, groups, inbox, pauses, time } = scripted()
    commits.add(1, rows(1))
    commits.run()
    time.now += 0.5
    commits.add(2, rows(1, 2))
    inbox.push(() => {}, () => commits.add(3, rows(1, 3)))
    commits.run()
    time.now += 10
    commits.add(4, rows(1, 4))
    commits.run()
    assert.deepStrictEqual(groups.map((group) => group.length), [1, 2, 1])
    assert.deepStrictEqual(pauses, [1.5])
  })

  it("does not rest while whole groups wait", () => {
    const { commits, groups, pauses } = scripted()
    commits.add(1, rows(1000))
    commits.run()
    assert.deepStrictEqual([groups.map((group) => group.length), pauses], [[500, 500], []])
  })

  it("stores at most 500 rows at a time", () => {
    const { commits, groups, replies } = scripted()
    commits.add(1, rows(1201))
    commits.run()
    assert.deepStrictEqual(groups.map((group) => group.length), [500, 500, 201])
    assert.deepStrictEqual(groups.flat(), rows(1201))
    assert.deepStrictEqual(replies.map((reply) => "through" in reply ? reply.through : undefined), [500, 1000, 1201])
  })

  it("stores at most 1 MB at a time, and a larger row alone", () => {
    const { commits, groups } = scripted()
    const of = (bytes: number) => Rows.settlement(settlement(1, { outcome: { _tag: "Defect", message: "x".repeat(bytes) } }))
    commits.add(1, [of(400_000), of(400_000), of(400_000), of(3_000_000), row(1)])
    commits.run()
    assert.deepStrictEqual(groups.map((group) => group.length), [2, 1, 1, 1])
  })

  it("keeps its numbers while rows arrive faster than they are stored", () => {
    const { commits, groups, inbox, replies } = scripted()
    for (let round = 0; round < 30; round++) inbox.push(() => commits.add(1 + round * 600, rows(600, 1 + round * 600)))
    commits.run()
    assert.deepStrictEqual(groups.flat(), rows(18_000))
    assert.deepStrictEqual(replies.at(-1), { _tag: "Committed", through: 18_000 })
  })

  it("stores the neighbours of a row that cannot be stored", () => {
    const { commits, groups, replies } = scripted((group) => group.some((each) => each[1] === row(2)[1]) ? { kind: "row", reason: "odd" } : undefined)
    commits.add(1, rows(3))
    commits.run()
    assert.deepStrictEqual(groups, [[row(1)], [row(3)]])
    assert.deepStrictEqual(replies, [{ _tag: "Refused", row: 2, reason: "odd" }, { _tag: "Committed", through: 3 }])
  })

  it("gives a group back when the database does not take it, and tries the next one", () => {
    let isFull = true
    const { commits, groups, replies } = scripted(() => isFull ? { kind: "wait", reason: "disk full" } : undefined)
    commits.add(1, rows(2))
    commits.run()
    isFull = false
    commits.add(3, rows(1, 3))
    commits.run()
    assert.deepStrictEqual(groups, [[row(3)]])
    assert.deepStrictEqual(replies, [{ _tag: "Failed", through: 2, reason: "disk full" }, { _tag: "Committed", through: 3 }])
  })
})
