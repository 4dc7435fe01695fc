import { assert, it } from "@effect/vitest"
import { DialectId } from "@sluice/protocol/Wire"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { describe } from "vitest"
import { Continuity, layer, memory, none, type SealedAnswer } from "../src/Continuity.ts"

const answer = (text: string): SealedAnswer => ({
  thoughts: [{
    part: { type: "reasoning", form: "raw", text, signature: { by: DialectId.make("anthropic-messages"), value: "proof" } },
    texts: 0,
    calls: 0,
    next: "call"
  }],
  onTexts: [],
  onCalls: [],
  callIds: ["c"]
})

const bounds = { entries: 3, bytes: 1 << 20, ttlMs: 1000 }

/** A memory whose clock stands where it is put. */
const still = (changed: Partial<typeof bounds> = {}) => {
  const clock = { now: 0 }
  return { clock, kept: memory({ ...bounds, ...changed }, () => clock.now) }
}

describe("the memory of sealed parts", () => {
  it("finds an answer under each of its keys, in its scope only", () => {
    const { kept } = still()
    kept.remember("mine", ["a", "b"], answer("x"))
    assert.deepStrictEqual(kept.recall("mine", "a"), answer("x"))
    assert.deepStrictEqual(kept.recall("mine", "b"), answer("x"))
    assert.isUndefined(kept.recall("yours", "a"))
    assert.deepStrictEqual([kept.has("mine"), kept.has("yours")], [true, false])
  })

  it("leads a known key to the newer answer", () => {
    const { kept } = still()
    kept.remember("s", ["a", "b"], answer("old"))
    kept.remember("s", ["a"], answer("new"))
    assert.deepStrictEqual([kept.recall("s", "a"), kept.recall("s", "b")], [answer("new"), answer("old")])
    kept.remember("s", ["b"], answer("newer"))
    assert.deepStrictEqual(kept.recall("s", "b"), answer("newer"))
  })

  it("lets go what was not asked for the longest when there are too many", () => {
    const { kept } = still()
    for (const key of ["a", "b", "c"]) kept.remember("s", [key], answer(key))
    assert.isDefined(kept.recall("s", "a"))
    kept.remember("s", ["d"], answer("d"))
    assert.deepStrictEqual(["a", "b", "c", "d"].map((key) => kept.recall("s", key) !== undefined), [true, false, true, true])
  })

  it("lets go the oldest when they are too large together, and takes none that is too large alone", () => {
    const { kept } = still({ entries: 1000, bytes: 32_000 })
    for (let n = 0; n < 100; n++) kept.remember("s", [`k${n}`], answer("x".repeat(400)))
    const left = Array.from({ length: 100 }, (_, n) => kept.recall("s", `k${n}`) !== undefined)
    const first = left.indexOf(true)
    assert.isAbove(first, 50)
    assert.isTrue(left.slice(first).every((isKept) => isKept))
    kept.remember("s", ["huge"], answer("x".repeat(2000)))
    assert.isUndefined(kept.recall("s", "huge"))
  })

  it("holds no more for a million answers than for a few", () => {
    const { kept } = still({ entries: 10 })
    for (let n = 0; n < 20_000; n++) kept.remember(`scope ${n}`, [`k${n}`], answer("x"))
    assert.isFalse(kept.has("scope 19989"))
    assert.isTrue(kept.has("scope 19990"))
  })

  it("forgets what nobody asked for in time, and an answer asked for lives on", () => {
    const { clock, kept } = still()
    kept.remember("s", ["a"], answer("a"))
    kept.remember("s", ["b"], answer("b"))
    clock.now = 999
    assert.isDefined(kept.recall("s", "a"))
    clock.now = 1000
    assert.deepStrictEqual([kept.recall("s", "a") !== undefined, kept.recall("s", "b") !== undefined], [true, false])
    clock.now = 2000
    assert.isUndefined(kept.recall("s", "a"))
    assert.isFalse(kept.has("s"))
  })

  it.effect("keeps time by Effect's clock", () =>
    Effect.gen(function*() {
      const kept = yield* Continuity
      kept.remember("s", ["a"], answer("a"))
      yield* TestClock.adjust("59 minutes")
      kept.remember("s", ["b"], answer("b"))
      assert.isDefined(kept.recall("s", "b"))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([kept.recall("s", "a"), kept.recall("s", "b")], [undefined, answer("b")])
    }).pipe(Effect.provide(layer())))

  it("may keep nothing at all", () => {
    none.remember("s", ["a"], answer("a"))
    assert.deepStrictEqual([none.recall("s", "a"), none.has("s")], [undefined, false])
  })
})
