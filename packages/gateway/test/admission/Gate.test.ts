import { assert, describe, it } from "@effect/vitest"
import type { Bounds } from "../../src/admission/Bounds.ts"
import * as Gate from "../../src/admission/Gate.ts"
import type { Ticket } from "../../src/admission/Ticket.ts"

const bounds: Bounds = { streams: 10, bytes: 1_000, reserved: 0.2, loopDelayMs: 100, loopDelayForMs: 2_000, heap: 0.85, waiting: 4, waitMs: 2_000 }

const gateOf = (changed: Partial<Bounds> = {}) => {
  const settled: Array<Ticket> = []
  return { gate: Gate.make({ ...bounds, ...changed }, (ticket) => settled.push(ticket)), settled }
}

const states = (tickets: ReadonlyArray<Ticket>) => tickets.map(({ state }) => state)
const times = <A>(count: number, make: () => A): Array<A> => Array.from({ length: count }, make)

describe("the gate", () => {
  it("keeps a part of the places for interactive requests", () => {
    const { gate } = gateOf()
    const batch = times(9, () => gate.arrive(0, "batch", 0))
    assert.deepStrictEqual(states(batch), [...times(8, () => "admitted"), "waiting"])
    const interactive = times(3, () => gate.arrive(0, "interactive", 0))
    assert.deepStrictEqual(states(interactive), ["admitted", "admitted", "waiting"])
  })

  it("lets the more urgent in first when a place is free", () => {
    const { gate, settled } = gateOf()
    const running = times(10, () => gate.arrive(0, "interactive", 0))
    const batch = gate.arrive(1, "batch", 0)
    const agent = gate.arrive(2, "agent", 0)
    const interactive = gate.arrive(3, "interactive", 0)
    for (const ticket of running.slice(0, 4)) gate.leave(10, ticket)
    assert.deepStrictEqual(settled, [interactive, agent, batch])
    assert.deepStrictEqual(states(settled), ["admitted", "admitted", "admitted"])
  })

  it("takes interactive requests in their order, and the newest first once the oldest has waited long", () => {
    const { gate, settled } = gateOf()
    const running = times(10, () => gate.arrive(0, "interactive", 0))
    const [first, second, third] = [1, 2, 3].map((at) => gate.arrive(at, "interactive", 0))
    gate.leave(100, running[0]!)
    assert.deepStrictEqual(settled, [first])
    gate.leave(600, running[1]!)
    assert.deepStrictEqual(settled, [first, third])
    gate.leave(600, running[2]!)
    assert.deepStrictEqual(settled, [first, third, second])
  })

  it("refuses who waited too long, and says which bound it was", () => {
    const { gate, settled } = gateOf()
    times(10, () => gate.arrive(0, "interactive", 0))
    const late = gate.arrive(100, "interactive", 0)
    gate.turn(2_099)
    assert.strictEqual(late.state, "waiting")
    gate.turn(2_100)
    assert.deepStrictEqual([settled, late.state, late.reason], [[late], "refused", "streams"])
    assert.strictEqual(gate.state().waiting, 0)
  })

  it("refuses when the line is full, unless somebody less urgent waits and gives way", () => {
    const { gate, settled } = gateOf()
    times(10, () => gate.arrive(0, "interactive", 0))
    const waiting = (["interactive", "interactive", "batch", "batch"] as const).map((priority, at) => gate.arrive(at, priority, 0))
    assert.strictEqual(gate.arrive(5, "batch", 0).state, "refused")
    assert.strictEqual(gate.arrive(6, "interactive", 0).state, "waiting")
    assert.deepStrictEqual([settled, states(waiting)], [[waiting[3]], ["waiting", "waiting", "waiting", "refused"]])
    assert.strictEqual(gate.arrive(7, "agent", 0).state, "waiting")
    assert.strictEqual(gate.arrive(8, "agent", 0).state, "refused")
    assert.strictEqual(gate.state().waiting, 4)
  })

  it("forgets who no longer waits, and gives its place to nobody", () => {
    const { gate, settled } = gateOf()
    const running = times(10, () => gate.arrive(0, "interactive", 0))
    const gone = gate.arrive(1, "interactive", 0)
    const next = gate.arrive(2, "interactive", 0)
    gate.leave(3, gone)
    gate.leave(4, running[0]!)
    assert.deepStrictEqual([settled, gone.state, next.state], [[next], "left", "admitted"])
    gate.leave(5, gone)
    gate.leave(5, next)
    gate.leave(6, next)
    assert.deepStrictEqual(gate.state().admitted, { interactive: 9, agent: 0, batch: 0 })
  })

  it("bounds the sum of the bytes, also of those that grow", () => {
    const { gate } = gateOf()
    const first = gate.arrive(0, "agent", 700)
    assert.deepStrictEqual(states([first, gate.arrive(0, "agent", 200)]), ["admitted", "waiting"])
    const urgent = gate.arrive(0, "interactive", 200)
    assert.strictEqual(urgent.state, "admitted")
    assert.isFalse(gate.hold(0, first, 901), "beyond what all but the interactive share")
    assert.isTrue(gate.hold(0, urgent, 300))
    assert.isFalse(gate.hold(0, urgent, 301), "beyond everything")
    assert.strictEqual(gate.state().bytes, 1_000)
    assert.strictEqual(gate.arrive(0, "batch", 801).state, "refused", "what never fits does not wait")
    gate.leave(0, first)
    assert.deepStrictEqual([gate.state().bytes, gate.state().waiting], [500, 0])
  })

  it("refuses agents and batches when memory is short, then everybody, and recovers", () => {
    const { gate } = gateOf()
    const outcomes = () => (["interactive", "agent", "batch"] as const).map((priority) => gate.arrive(0, priority, 0).state)
    for (
      const [heap, expected] of [
        [0.84, ["admitted", "admitted", "admitted"]],
        [0.86, ["admitted", "refused", "refused"]],
        [0.91, ["refused", "refused", "refused"]],
        [0.5, ["admitted", "admitted", "admitted"]]
      ] as const
    ) {
      assert.strictEqual(gate.measure(0, { heap, loopDelayMs: 0 }), 0)
      assert.deepStrictEqual(outcomes(), [...expected], `at ${heap}`)
    }
  })

  it("ends the newest of the least urgent when memory forces it, a tenth at a time", () => {
    const { gate } = gateOf({ streams: 40 })
    const interactive = times(5, () => gate.arrive(0, "interactive", 0))
    const batch = times(15, () => gate.arrive(0, "batch", 0))
    assert.strictEqual(gate.measure(0, { heap: 0.96, loopDelayMs: 0 }), 2)
    assert.deepStrictEqual(batch.map(({ shed }) => shed), [...times(13, () => false), true, true])
    for (let measured = 0; measured < 11; measured++) gate.measure(0, { heap: 0.96, loopDelayMs: 0 })
    assert.isTrue(batch.every(({ shed }) => shed))
    assert.deepStrictEqual(interactive.map(({ shed }) => shed), times(5, () => false))
    assert.strictEqual(gate.measure(0, { heap: 0.96, loopDelayMs: 0 }), 1)
    assert.deepStrictEqual(interactive.map(({ shed }) => shed), [false, false, false, false, true])
    assert.isFalse(gate.hold(0, batch[0]!, 10), "who is to end may not grow")
  })
})
