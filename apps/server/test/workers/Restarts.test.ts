import { assert, describe, it } from "@effect/vitest"
import * as Restarts from "../../src/workers/Restarts.ts"

/** The waits after lives of so many milliseconds. */
const waits = (lives: ReadonlyArray<number>, chance: number) => {
  let past = Restarts.fresh
  return lives.map((livedMs) => {
    const next = Restarts.after(past, livedMs, chance)
    past = next.past
    return next.waitMs
  })
}

describe("a worker that ends", () => {
  it("is started again later and later where it ends soon, up to a bound", () => {
    assert.deepStrictEqual(waits(Array.from({ length: 12 }, () => 500), 1), [100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000, 30_000])
  })

  it("is started again at once after a long life, whatever came before", () => {
    assert.deepStrictEqual(waits([500, 500, 500, 60_000, 500], 1), [100, 200, 400, 100, 200])
  })

  it("does not start in step with others that ended with it", () => {
    assert.deepStrictEqual(waits([500, 500], 0), [50, 100])
  })
})
