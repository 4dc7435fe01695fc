/** Everything that may be asked of a store of limits, at random and in any order, each answer judged by the oracle. */
import { Effect } from "effect"
import fc from "fast-check"
import { assert } from "vitest"
import type { Answer, Correction, LimitStore, Window } from "../../src/LimitStore.ts"
import { Oracle } from "./Oracle.ts"

/** A store under test whose time is told. */
export interface Real {
  readonly store: LimitStore["Service"]
  readonly clock: { time: number }
}

/** What should be, and the reservations that are under way. */
export interface Model {
  /** By group: nothing of one is seen in another. */
  readonly oracles: Map<string, Oracle>
  time: number
  next: number
  readonly open: Array<{ readonly group: string; readonly id: string; readonly at: number; readonly windows: ReadonlyArray<Window> }>
}

const groups = ["tenant {a}", "tenant {a", ""]

const oracleOf = ({ oracles }: Model, group: string): Oracle => {
  const known = oracles.get(group) ?? new Oracle()
  oracles.set(group, known)
  return known
}

const leaseMs = 10_000
const keepMs = 1e9

/** The windows: two rates, what runs at the same time, and two budgets, one of which begins with something spent. */
const windowOf = (name: string, amount: number, isTold: boolean): Window => {
  switch (name) {
    case "requests":
      return { _tag: "Rate", key: name, limit: 5, windowMs: 6000, amount: 1 }
    case "tokens":
      return { _tag: "Rate", key: name, limit: 100, windowMs: 60_000, amount }
    case "concurrency":
      return { _tag: "Held", key: name, limit: 3, amount: 1, opening: 0, keepMs }
    default:
      return { _tag: "Held", key: name, limit: 300, amount, keepMs, ...(isTold ? { opening: name === "month" ? 50 : 0 } : {}) }
  }
}

type Command = fc.AsyncCommand<Model, Real>

const asked = (group: string, names: ReadonlyArray<string>, amount: number, isTold: boolean): Command => ({
  check: () => true,
  toString: () => `reserve(${group}: ${names.join(" ")}, ${amount}${isTold ? ", told" : ""})`,
  run: async (model, real) => {
    const windows = names.map((name) => windowOf(name, amount, isTold))
    const oracle = oracleOf(model, group)
    const levelIn = (window: Window) => levelOf(oracle, model.time, window)
    const id = `r${model.next++}`
    const answer: Answer = await Effect.runPromise(real.store.reserve({ group, id, leaseMs, windows }))
    assert.strictEqual(answer._tag, oracle.reserve(model.time, id, leaseMs, windows))
    if (answer._tag === "Unopened") return
    const after = windows.map((window) => levelIn(window))
    assert.deepStrictEqual(answer.levels.map(({ used }) => used), after)
    windows.forEach((window, index) => {
      const level = answer.levels[index]
      // What counts is never beyond the limit, but for what settlements measured beyond their reservations
      if (answer._tag === "Reserved") assert.isAtMost(levelIn(window), window.limit)
      assert.isAtMost(levelIn(window), window.limit + (oracle.overshoot.get(window.key) ?? 0) + openingOf(window))
      if (level !== undefined && !level.fits && window._tag === "Rate" && window.amount <= window.limit) {
        // The wait that is told is long enough, and a millisecond less is not
        assert.isAtMost(oracle.rate(window.key, window.windowMs, model.time + level.waitMs) + window.amount, window.limit)
        assert.isAbove(oracle.rate(window.key, window.windowMs, model.time + level.waitMs - 1) + window.amount, window.limit)
      }
    })
    if (answer._tag === "Reserved") model.open.push({ group, id, at: answer.at, windows })
  }
})

const openingOf = (window: Window): number => window._tag === "Held" ? window.opening ?? 50 : 0

const levelOf = (oracle: Oracle, time: number, window: Window): number =>
  window._tag === "Rate" ? oracle.rate(window.key, window.windowMs, time) : oracle.held(window.key, time)

const settled = (which: number, share: number): Command => ({
  check: ({ open }) => open.length > 0,
  toString: () => `settle(${which}, ${share})`,
  run: async (model, real) => {
    const [found] = model.open.splice(which % model.open.length, 1)
    if (found === undefined) return
    const corrections = found.windows.map((window): Correction => {
      const actual = Math.floor(window.amount * share)
      return window._tag === "Rate"
        ? { _tag: "Rate", key: window.key, windowMs: window.windowMs, at: found.at, reserved: window.amount, actual }
        : { _tag: "Held", key: window.key, charge: window.key === "concurrency" ? 0 : actual, keepMs }
    })
    await Effect.runPromise(real.store.settle({ group: found.group, id: found.id, corrections }))
    oracleOf(model, found.group).settle(model.time, found.id, corrections)
  }
})

const renewed = (which: number): Command => ({
  check: ({ open }) => open.length > 0,
  toString: () => `renew(${which})`,
  run: async (model, real) => {
    const found = model.open[which % model.open.length]
    if (found === undefined) return
    const holds = found.windows.flatMap(({ _tag, key }) => _tag === "Held" ? [{ id: found.id, key }] : [])
    await Effect.runPromise(real.store.renew({ group: found.group, leaseMs, holds }))
    oracleOf(model, found.group).renew(model.time, found.id, leaseMs)
  }
})

const waited = (ms: number): Command => ({
  check: () => true,
  toString: () => `wait(${ms})`,
  run: async (model, real) => {
    model.time += ms
    real.clock.time += ms
  }
})

/** Sequences of them. */
export const commands = fc.commands([
  fc.tuple(
    fc.constantFrom(...groups),
    fc.subarray(["requests", "tokens", "concurrency", "day", "month"], { minLength: 1 }),
    fc.integer({ min: 1, max: 110 }),
    fc.boolean()
  )
    .map(([group, names, amount, isTold]) => asked(group, names, amount, isTold)),
  fc.tuple(fc.nat(20), fc.constantFrom(0, 0.3, 1, 1, 1.5)).map(([which, share]) => settled(which, share)),
  fc.nat(20).map(renewed),
  fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1000, max: 12_000 }), fc.integer({ min: 40_000, max: 70_000 })).map(waited)
], { maxCommands: 60, size: "max" })
