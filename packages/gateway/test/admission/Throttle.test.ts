import { assert, describe, it } from "@effect/vitest"
import * as Throttle from "../../src/admission/Throttle.ts"

const full = Throttle.most(100, 0.2)
const late = { loopDelayMs: 100, loopDelayForMs: 2_000 }

describe("the throttle", () => {
  it("does nothing about a pause that ends", () => {
    const throttle = Throttle.make(full, late)
    const running = { total: 50, shared: 40, batch: 30 }
    for (const [now, delay] of [[0, 300], [500, 300], [1_000, 300], [1_500, 20], [2_000, 300], [3_500, 300]] as const) throttle.measure(now, delay, running)
    assert.deepStrictEqual(throttle.limits(), full)
  })

  it("does nothing where so few run that the lateness is not theirs", () => {
    const throttle = Throttle.make(full, late)
    for (let now = 0; now <= 60_000; now += 500) {
      throttle.arrived("batch")
      throttle.measure(now, 500, { total: 5, shared: 5, batch: 5 })
    }
    assert.deepStrictEqual(throttle.limits(), full)
  })

  it("holds back batches first, then agents, then everybody, but never all interactive requests", () => {
    const throttle = Throttle.make(full, late)
    const seen: Array<readonly [total: boolean, shared: boolean, batch: boolean]> = []
    let running = { total: 60, shared: 40, batch: 20 }
    for (let now = 0; now <= 60_000; now += 500) {
      throttle.measure(now, 200, running)
      const { batch, shared, total } = throttle.limits()
      seen.push([total < 100, shared < 80, batch < 80])
      // Whoever is above the limit ends by and by
      const batches = Math.min(running.batch, batch)
      const sharing = Math.min(running.shared - running.batch + batches, shared)
      running = { total: Math.min(running.total - running.shared + sharing, total), shared: sharing, batch: Math.min(batches, sharing) }
    }
    const firsts = [0, 1, 2].map((at) => seen.findIndex((flags) => flags[at]))
    assert.deepStrictEqual(firsts.toSorted((left, right) => right - left), firsts, `total, shared, batch began at ${firsts.join(", ")}`)
    assert.strictEqual(firsts[2], 4, "after two seconds")
    assert.deepStrictEqual(throttle.limits(), { total: 5, shared: 0, batch: 0 })
    assert.deepStrictEqual([throttle.isClosed("interactive"), throttle.isClosed("agent"), throttle.isClosed("batch")], [false, true, true])
  })

  it("lets everybody in again, in the opposite order", () => {
    const throttle = Throttle.make(full, late)
    throttle.arrived("batch")
    for (let now = 0; now <= 60_000; now += 500) {
      throttle.arrived("batch")
      throttle.arrived("agent")
      throttle.measure(now, 200, { total: 6, shared: 0, batch: 0 })
    }
    const reached: Array<string> = []
    for (let now = 0; now < 100; now++) {
      // Everybody who may run does
      const { batch, shared, total } = throttle.limits()
      const agents = Math.min(shared, total)
      throttle.measure(now, 0, { total, shared: agents, batch: Math.min(batch, agents) })
      const limits = throttle.limits()
      for (const name of ["total", "shared", "batch"] as const) if (limits[name] === full[name] && !reached.includes(name)) reached.push(name)
    }
    assert.deepStrictEqual(reached, ["total", "shared", "batch"])
  })

  it("says whether the process or the throttle is in the way", () => {
    assert.strictEqual(Throttle.binding("interactive", { total: 100, shared: 0, batch: 0 }, full, full), "streams")
    assert.strictEqual(Throttle.binding("interactive", { total: 99, shared: 80, batch: 0 }, full, full), undefined)
    assert.strictEqual(Throttle.binding("agent", { total: 99, shared: 80, batch: 0 }, full, full), "streams")
    assert.strictEqual(Throttle.binding("agent", { total: 50, shared: 40, batch: 40 }, { ...full, batch: 40 }, full), undefined)
    assert.strictEqual(Throttle.binding("batch", { total: 50, shared: 40, batch: 40 }, { ...full, batch: 40 }, full), "loop")
  })
})
