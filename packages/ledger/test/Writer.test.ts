import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { describe, vi } from "vitest"
import * as Backlog from "../src/Backlog.ts"
import * as LedgerMetrics from "../src/LedgerMetrics.ts"
import type { FromWriter, ToWriter } from "../src/Messages.ts"
import * as Rows from "../src/Rows.ts"
import * as Writer from "../src/Writer.ts"
import { opening, settlement } from "./exchanges.ts"

/** A writer over scripted threads and a scripted disk. */
const scripted = () => {
  const threads: Array<{
    readonly recover: boolean
    readonly posted: Array<ToWriter>
    readonly say: (message: FromWriter) => void
    readonly exit: () => void
  }> = []
  const spilled: Array<Rows.Row> = []
  const troubles: Array<string> = []
  const listeners: Array<() => void> = []
  const states: Array<Writer.State> = []
  let diskFailure: string | undefined
  let rotations = 0
  const writer = Writer.make({
    start: (recover, say, onExit) => {
      const posted: Array<ToWriter> = []
      threads.push({ recover, posted, say, exit: () => onExit("killed") })
      return {
        post: (message) => {
          posted.push(message)
          for (const listener of listeners.splice(0)) listener()
        },
        kill: () => onExit("killed")
      }
    },
    spill: {
      append: (row, done) => {
        if (diskFailure === undefined) spilled.push(row)
        done(diskFailure)
      },
      rotate: (done) => done([`file ${++rotations}`])
    },
    onStart: () => {},
    onTrouble: (message) => troubles.push(message),
    onState: (state) => states.push(state)
  })
  threads[0]?.say({ _tag: "Ready", replayed: 0, quarantined: 0, swept: 0 })
  const results: Array<string> = []
  const done = (name: string) => (failure: string | undefined) => void results.push(failure === undefined ? name : `${name}: ${failure}`)
  return {
    writer,
    threads,
    spilled,
    troubles,
    states,
    results,
    open: (n: number) => writer.write({ row: Rows.opening(opening(n)), fallback: "refuse", done: done(`open ${n}`) }),
    settle: (n: number) => writer.writeSoon({ row: Rows.settlement(settlement(n)), fallback: "spill", done: done(`settle ${n}`) }),
    breakDisk: (failure: string | undefined) => {
      diskFailure = failure
    },
    nextMessage: Effect.callback<void>((resume) => void listeners.push(() => resume(Effect.void)))
  }
}

const openRow = (n: number) => Rows.opening(opening(n))
const settleRow = (n: number) => Rows.settlement(settlement(n))

const fakeTimers = Effect.acquireRelease(
  Effect.sync(() => vi.useFakeTimers({ toFake: ["setInterval", "setTimeout"] })),
  () => Effect.sync(() => vi.useRealTimers())
)

/** The end of this tick, and of the flush it scheduled. */
const tick = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

const ready: FromWriter = { _tag: "Ready", replayed: 0, quarantined: 0, swept: 0 }

describe("the writer", () => {
  it.live("sends the rows of one tick in one message, and tells each when it is stored", () =>
    Effect.gen(function*() {
      const { open, results, threads } = scripted()
      for (const n of [1, 2, 3]) open(n)
      assert.deepStrictEqual(threads[0]?.posted, [])
      yield* tick
      assert.deepStrictEqual(threads[0]?.posted, [{ _tag: "Rows", first: 1, rows: [openRow(1), openRow(2), openRow(3)] }])
      assert.deepStrictEqual(results, [])
      threads[0]?.say({ _tag: "Committed", through: 2 })
      assert.deepStrictEqual(results, ["open 1", "open 2"])
      threads[0]?.say({ _tag: "Committed", through: 3 })
      assert.deepStrictEqual(results, ["open 1", "open 2", "open 3"])
    }))

  it.live("lets a settlement ride with the next opening", () =>
    Effect.gen(function*() {
      const { open, settle, threads } = scripted()
      settle(1)
      yield* tick
      assert.deepStrictEqual(threads[0]?.posted, [])
      open(2)
      yield* tick
      assert.deepStrictEqual(threads[0]?.posted, [{ _tag: "Rows", first: 1, rows: [settleRow(1), openRow(2)] }])
    }))

  it.live("sends a settlement by itself when no opening comes", () =>
    Effect.gen(function*() {
      const { nextMessage, settle, threads } = scripted()
      settle(1)
      yield* nextMessage
      assert.deepStrictEqual(threads[0]?.posted, [{ _tag: "Rows", first: 1, rows: [settleRow(1)] }])
    }))

  it.live("sends a crowd of settlements at once", () =>
    Effect.gen(function*() {
      const { settle, threads } = scripted()
      for (let n = 1; n <= 500; n++) settle(n)
      yield* tick
      assert.strictEqual(threads[0]?.posted.length, 1)
    }))

  it.live("starts a thread that ended again, and sends what was not confirmed", () =>
    Effect.gen(function*() {
      const { open, results, settle, threads } = scripted()
      open(1)
      open(2)
      yield* tick
      threads[0]?.say({ _tag: "Committed", through: 1 })
      threads[0]?.exit()
      settle(3)
      assert.deepStrictEqual(threads.map(({ recover }) => recover), [true, false])
      assert.deepStrictEqual(threads[1]?.posted, [])
      threads[1]?.say(ready)
      assert.deepStrictEqual(threads[1]?.posted, [{ _tag: "Rows", first: 2, rows: [openRow(2), settleRow(3)] }])
      threads[1]?.say({ _tag: "Committed", through: 3 })
      assert.deepStrictEqual(results, ["open 1", "open 2", "settle 3"])
    }))

  it.live("gives up on openings and spills settlements when the thread ends again before it stored anything", () =>
    Effect.gen(function*() {
      const { open, results, settle, spilled, threads } = scripted()
      open(1)
      settle(2)
      yield* tick
      threads[0]?.exit()
      threads[1]?.say(ready)
      threads[1]?.exit()
      assert.deepStrictEqual(results, ["open 1: its writer thread keeps ending", "settle 2"])
      assert.deepStrictEqual(spilled, [settleRow(2)])
      open(3)
      settle(4)
      assert.deepStrictEqual(results.slice(2), ["open 3: the database does not take writes", "settle 4"])
    }))

  it.live("refuses and spills what the database gives back, and lets one group at a time find out whether it recovered", () =>
    Effect.gen(function*() {
      const { open, results, settle, spilled, threads, troubles } = scripted()
      open(1)
      settle(2)
      yield* tick
      threads[0]?.say({ _tag: "Failed", through: 2, reason: "disk full" })
      assert.deepStrictEqual(results.splice(0), ["open 1: disk full", "settle 2"])
      open(3)
      open(4)
      settle(5)
      assert.deepStrictEqual(results.splice(0), ["open 4: the database does not take writes", "settle 5"])
      yield* tick
      threads[0]?.say({ _tag: "Committed", through: 3 })
      assert.deepStrictEqual(results.splice(0), ["open 3"])
      assert.deepStrictEqual(spilled, [settleRow(2), settleRow(5)])
      open(6)
      open(7)
      assert.deepStrictEqual(results, [])
      assert.deepStrictEqual(troubles, ["the ledger does not take writes: disk full", "the ledger takes writes again"])
    }))

  it.live("has spilled rows replayed when the database takes writes again, one file at a time, until it worked", () =>
    Effect.gen(function*() {
      const { open, settle, threads } = scripted()
      const replays = () => threads[0]?.posted.filter((message) => message._tag === "Replay")
      settle(1)
      open(2)
      yield* tick
      threads[0]?.say({ _tag: "Failed", through: 2, reason: "locked" })
      open(3)
      yield* tick
      assert.deepStrictEqual(replays(), [])
      threads[0]?.say({ _tag: "Committed", through: 3 })
      assert.deepStrictEqual(replays(), [{ _tag: "Replay", path: "file 1" }])
      threads[0]?.say({ _tag: "ReplayFailed", path: "file 1", reason: "locked" })
      open(4)
      yield* tick
      threads[0]?.say({ _tag: "Committed", through: 4 })
      assert.deepStrictEqual(replays(), [{ _tag: "Replay", path: "file 1" }, { _tag: "Replay", path: "file 1" }])
      threads[0]?.say({ _tag: "Replayed", path: "file 1", applied: 1, quarantined: 0 })
      open(5)
      yield* tick
      threads[0]?.say({ _tag: "Committed", through: 5 })
      assert.strictEqual(replays()?.length, 2)
    }))

  it.live("keeps a settlement that neither the database nor the disk takes, until the disk does", () =>
    Effect.gen(function*() {
      yield* fakeTimers
      const { breakDisk, results, settle, spilled, threads, troubles, writer } = scripted()
      breakDisk("no space left")
      settle(1)
      writer.drain(() => {})
      yield* tick
      threads[0]?.say({ _tag: "Failed", through: 1, reason: "disk full" })
      vi.advanceTimersByTime(3000)
      assert.deepStrictEqual([results, spilled], [[], []])
      assert.match(troubles.join("\n"), /wait in memory: neither the ledger nor a spill file takes them: no space left/)
      breakDisk(undefined)
      vi.advanceTimersByTime(1000)
      assert.deepStrictEqual([results, spilled], [["settle 1"], [settleRow(1)]])
      assert.deepStrictEqual(threads[0]?.posted.at(-1), { _tag: "Replay", path: "file 1" })
    }))

  it.live("says so when it is closed before anything has taken a settlement", () =>
    Effect.gen(function*() {
      yield* fakeTimers
      const { breakDisk, results, settle, threads, writer } = scripted()
      breakDisk("no space left")
      settle(1)
      writer.drain(() => {})
      yield* tick
      threads[0]?.say({ _tag: "Failed", through: 1, reason: "disk full" })
      let isClosed = false
      writer.close(() => {
        isClosed = true
      })
      vi.advanceTimersByTime(11_000)
      assert.deepStrictEqual([results, isClosed], [[], false])
      vi.advanceTimersByTime(1000)
      assert.deepStrictEqual(results, ["settle 1: disk full, nor does the spill file: no space left"])
      threads[0]?.exit()
      assert.isTrue(isClosed)
    }))

  it.live("tells every second how it is doing, in numbers for whoever watches", () =>
    Effect.gen(function*() {
      yield* fakeTimers
      const { open, settle, states, threads, writer } = scripted()
      settle(1)
      open(2)
      vi.advanceTimersByTime(1000)
      writer.drain(() => {})
      yield* tick
      threads[0]?.say({ _tag: "Failed", through: 2, reason: "disk full" })
      vi.advanceTimersByTime(1000)
      assert.deepStrictEqual(states, [
        { waitingRows: 2, isFailing: false, isSpilling: false, spilledRows: 0 },
        { waitingRows: 0, isFailing: true, isSpilling: true, spilledRows: 1 }
      ])
      const report = LedgerMetrics.reporter(yield* Effect.context<never>())
      for (const state of states) report(state)
      const metrics = yield* PrometheusMetrics.format()
      for (const line of ["waiting_rows 0", "waiting_rows_limit 10000", "failing 1", "spilling 1", "spilled_rows_total 1"]) {
        assert.include(metrics, `sluice_ledger_${line}`)
      }
    }))

  it.live("refuses what neither takes when no more may wait", () =>
    Effect.gen(function*() {
      const { breakDisk, results, settle, threads, writer } = scripted()
      breakDisk("no space left")
      for (let n = 0; n < Backlog.capacityRows; n++) settle(n)
      writer.drain(() => {})
      yield* tick
      threads[0]?.say({ _tag: "Failed", through: Backlog.capacityRows, reason: "disk full" })
      assert.deepStrictEqual(results, [])
      settle(Backlog.capacityRows)
      writer.drain(() => {})
      yield* tick
      threads[0]?.say({ _tag: "Failed", through: Backlog.capacityRows + 1, reason: "disk full" })
      assert.deepStrictEqual(results, [`settle ${Backlog.capacityRows}: disk full, nor does the spill file: no space left`])
    }))

  it.live("tells only the writer of a row that can never be stored", () =>
    Effect.gen(function*() {
      const { open, results, threads } = scripted()
      for (const n of [1, 2, 3]) open(n)
      yield* tick
      threads[0]?.say({ _tag: "Refused", row: 2, reason: "odd" })
      threads[0]?.say({ _tag: "Committed", through: 3 })
      assert.deepStrictEqual(results, ["open 2: odd", "open 1", "open 3"])
    }))

  it.live("refuses openings beyond its bounds, and spills settlements", () =>
    Effect.gen(function*() {
      const { open, results, settle, spilled, threads, writer } = scripted()
      for (let n = 1; n <= Backlog.capacityRows; n++) open(n)
      open(0)
      settle(0)
      assert.strictEqual(writer.tryWrite(openRow(0)), "its queue is full")
      assert.deepStrictEqual(results.splice(0), ["open 0: its queue is full", "settle 0"])
      assert.deepStrictEqual(spilled, [settleRow(0)])
      yield* tick
      threads[0]?.say({ _tag: "Committed", through: Backlog.capacityRows })
      assert.strictEqual(results.length, Backlog.capacityRows)
      assert.isUndefined(writer.tryWrite(openRow(0)))
    }))

  it.live("calls a drain back when everything before it is stored, and at once when nothing waits", () =>
    Effect.gen(function*() {
      const { open, results, settle, threads, writer } = scripted()
      const drain = (name: string) => writer.drain(() => void results.push(name))
      drain("empty")
      assert.deepStrictEqual(results.splice(0), ["empty"])
      settle(1)
      drain("first")
      yield* tick
      open(2)
      drain("second")
      yield* tick
      threads[0]?.say({ _tag: "Committed", through: 1 })
      assert.deepStrictEqual(results.splice(0), ["settle 1", "first"])
      threads[0]?.say({ _tag: "Failed", through: 2, reason: "locked" })
      assert.deepStrictEqual(results, ["open 2: locked", "second"])
    }))

  it.live("gives up on rows that wait in vain, and spills what must be kept", () =>
    Effect.gen(function*() {
      yield* Effect.acquireRelease(Effect.sync(() => vi.useFakeTimers({ toFake: ["setInterval"] })), () => Effect.sync(() => vi.useRealTimers()))
      const { open, results, settle, threads } = scripted()
      open(1)
      settle(2)
      yield* tick
      vi.advanceTimersByTime(9000)
      threads[0]?.say({ _tag: "Committed", through: 0 })
      vi.advanceTimersByTime(9000)
      assert.deepStrictEqual(results, [])
      vi.advanceTimersByTime(1000)
      assert.deepStrictEqual(results.splice(0), ["open 1: the database does not answer", "settle 2"])
      open(3)
      yield* tick
      // The commit that was given up happened after all
      threads[0]?.say({ _tag: "Committed", through: 2 })
      threads[0]?.say({ _tag: "Committed", through: 3 })
      assert.deepStrictEqual(results, ["open 3"])
    }))

  it.live("closes when everything is stored and the thread has ended; later rows are refused or spilled", () =>
    Effect.gen(function*() {
      const { open, results, settle, spilled, threads, writer } = scripted()
      settle(1)
      writer.close(() => void results.push("closed"))
      assert.deepStrictEqual(threads[0]?.posted.map(({ _tag }) => _tag), ["Rows"])
      open(2)
      settle(3)
      assert.deepStrictEqual(results.splice(0), ["open 2: it is closed", "settle 3"])
      assert.deepStrictEqual(spilled, [settleRow(3)])
      threads[0]?.say({ _tag: "Committed", through: 1 })
      assert.deepStrictEqual(threads[0]?.posted.map(({ _tag }) => _tag).at(-1), "Close")
      settle(4)
      assert.deepStrictEqual(results.splice(0), ["settle 1", "settle 4: it is closed"])
      threads[0]?.exit()
      assert.deepStrictEqual(results, ["closed"])
      assert.strictEqual(threads.length, 1)
    }))

  it.live("closes although its thread dies on the way", () =>
    Effect.gen(function*() {
      const { results, settle, spilled, threads, writer } = scripted()
      settle(1)
      writer.close(() => void results.push("closed"))
      threads[0]?.exit()
      threads[1]?.exit()
      assert.deepStrictEqual(spilled, [settleRow(1)])
      assert.deepStrictEqual(results, ["settle 1", "closed"])
    }))
})
