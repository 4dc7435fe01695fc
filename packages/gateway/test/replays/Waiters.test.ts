/** Who waits for the answer of another request. */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import * as Waiters from "../../src/replays/Waiters.ts"

it.effect("wakes everybody who waits once, also where they wait again at once", () =>
  Effect.gen(function*() {
    const waiters = Waiters.make()
    const woken = [0, 0, 0]
    const wait = (index: number): Effect.Effect<void> =>
      Effect.flatMap(waiters.wait("s"), () => {
        woken[index] = (woken[index] ?? 0) + 1
        return wait(index)
      })
    const fibers = yield* Effect.forEach([0, 1, 2], (index) => Effect.forkChild(wait(index), { startImmediately: true }))
    waiters.wake("s")
    yield* Effect.yieldNow
    assert.deepStrictEqual(woken, [1, 1, 1])
    waiters.wake("s")
    yield* Effect.yieldNow
    assert.deepStrictEqual(woken, [2, 2, 2])
    yield* Fiber.interruptAll(fibers)
    waiters.wake("s")
    assert.deepStrictEqual(woken, [2, 2, 2])
  }))
