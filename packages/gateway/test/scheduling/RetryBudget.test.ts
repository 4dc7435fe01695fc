/** How many further tries a gateway may make. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as RetryBudget from "../../src/scheduling/RetryBudget.ts"

const budget = () => {
  const time = { now: 1_000_000 }
  return { time, ...RetryBudget.make(() => time.now) }
}

describe("the retry budget", () => {
  it("allows three tries however little goes on, and then a tenth of what has begun", () => {
    const { begun, give, take } = budget()
    begun()
    assert.deepStrictEqual([take(), take(), take(), take()], [true, true, true, false])
    for (let tried = 0; tried < 3; tried++) give(false)
    assert.isFalse(take())
    for (let more = 0; more < 49; more++) begun()
    assert.deepStrictEqual([take(), take(), take()], [true, true, false])
  })

  it("gives the place of a try that succeeds back at once, and that of one that failed when ten seconds are over", () => {
    const { begun, give, take, time } = budget()
    begun()
    for (let times = 0; times < 100; times++) {
      assert.isTrue(take())
      give(true)
    }
    for (let failed = 0; failed < 3; failed++) {
      assert.isTrue(take())
      give(false)
    }
    assert.isFalse(take())
    time.now += 9_000
    assert.isFalse(take())
    time.now += 1_000
    assert.isTrue(take())
  })

  it("says whether waiting may help", () => {
    const { begun, give, isSpent, mayComeFree, take } = budget()
    begun()
    for (let taken = 0; taken < 3; taken++) take()
    assert.deepStrictEqual([mayComeFree(), isSpent()], [true, false])
    for (let given = 0; given < 3; given++) give(false)
    assert.deepStrictEqual([mayComeFree(), isSpent()], [false, true])
  })

  it("knows targets that answered since a moment and have not failed since", () => {
    const { disprove, isProven, prove, time } = budget()
    prove("b")
    assert.isTrue(isProven("b", time.now))
    assert.isFalse(isProven("b", time.now + 1))
    assert.isFalse(isProven("c", 0))
    disprove("b")
    assert.isFalse(isProven("b", 0))
  })

  const Steps = Schema.Array(
    Schema.Struct({
      afterMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_500 })),
      tries: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
    })
  ).check(Schema.isMaxLength(200))

  it.effect.prop("never lets more fail within ten seconds than a tenth of what began, and three", [Steps], ([steps]) =>
    Effect.sync(() => {
      const { begun, give, take, time } = budget()
      const failures: Array<number> = []
      const begins: Array<number> = []
      for (const { afterMs, tries } of steps) {
        time.now += afterMs
        begun()
        begins.push(time.now)
        for (let tried = 0; tried < tries; tried++) {
          if (!take()) continue
          give(false)
          failures.push(time.now)
          // The window is made of whole seconds
          const within = (at: number) => Math.floor(at / 1000) > Math.floor(time.now / 1000) - 10
          assert.isAtMost(failures.filter(within).length, Math.max(3, Math.floor(begins.filter(within).length / 10)))
        }
      }
    }), { arbitrary: { seed: 4, runs: 100, size: 60 } })
})
