/** Which target of a plan comes next. */
import { assert, describe, it } from "@effect/vitest"
import type { ErrorClass } from "@sluice/protocol/GatewayError"
import type { ModelEntry } from "../src/ModelEntry.ts"
import type { Candidate } from "../src/Planner.ts"
import * as PlanWalk from "../src/PlanWalk.ts"
import { ProviderId } from "../src/ProviderId.ts"

const entryOf = (id: string): ModelEntry => ({ id, targets: [] })
const [one, two, three] = [entryOf("one"), entryOf("two"), entryOf("three")]
const candidate = (model: string, entry: ModelEntry, on?: ReadonlyArray<ErrorClass>): Candidate => ({
  provider: ProviderId.make("p"),
  model,
  entry,
  ...(on === undefined ? {} : { on })
})
const plan = [
  candidate("a", one),
  candidate("b", one),
  candidate("c", two, ["context-overflow"]),
  candidate("d", two, ["context-overflow"]),
  candidate("e", three)
]
const passing: PlanWalk.Cause = { class: "transient", mayLeave: true }
const overflow: PlanWalk.Cause = { class: "context-overflow", mayLeave: false }
const walked = (...causes: ReadonlyArray<PlanWalk.Cause>): ReadonlyArray<string | undefined> => {
  const walk = PlanWalk.make(plan)
  return [walk.next(undefined), ...causes.map((cause) => walk.next(cause))].map((found) => found?.model)
}

describe("a plan that is walked", () => {
  it("goes from target to target, past entries that name other failures", () => {
    assert.deepStrictEqual(walked(passing, passing, passing), ["a", "b", "e", undefined])
  })

  it("enters an entry that names the failure, and goes on within it as within any other", () => {
    assert.deepStrictEqual(walked(overflow, passing, passing), ["a", "c", "d", "e"])
    assert.deepStrictEqual(walked(overflow, overflow), ["a", "c", undefined])
  })

  it("ends where nothing else may help", () => {
    assert.deepStrictEqual(walked({ class: "bad-request", mayLeave: false }), ["a", undefined])
  })

  it("says what would come next without taking it", () => {
    const walk = PlanWalk.make(plan)
    walk.next(undefined)
    assert.deepStrictEqual([walk.hasNext(passing), walk.hasNext(overflow), walk.hasNext({ class: "bad-request", mayLeave: false })], [true, true, false])
    assert.strictEqual(walk.next(passing)?.model, "b")
  })

  it("begins again with what was kept for last, once, in its order", () => {
    const walk = PlanWalk.make(plan.slice(0, 2))
    for (let found = walk.next(undefined); found !== undefined; found = walk.next(PlanWalk.unavailable)) walk.postpone(found)
    assert.isTrue(walk.lastResort())
    assert.deepStrictEqual([walk.next(undefined)?.model, walk.next(passing)?.model, walk.next(passing)], ["a", "b", undefined])
    assert.isFalse(walk.lastResort())
  })
})
