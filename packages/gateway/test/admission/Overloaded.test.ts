/**
 * The gate in front of a process that is asked for far more than it can do: a model of one processor, whose loop is as late as the work
 * that waits for it. Time is simulated and chance is seeded, so that every run is the same.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Bounds } from "../../src/admission/Bounds.ts"
import * as Gate from "../../src/admission/Gate.ts"
import type { Ticket } from "../../src/admission/Ticket.ts"
import type { Priority } from "../../src/Principal.ts"

const bounds: Bounds = { streams: 2_000, bytes: 1e9, reserved: 0.2, loopDelayMs: 100, loopDelayForMs: 2_000, heap: 0.85, waiting: 256, waitMs: 2_000 }

/** Milliseconds of the processor that a request takes, that refusing one takes, and that its provider takes. */
const work = 1
const refusing = 0.02
const upstream = 200

interface Done {
  readonly asked: number
  readonly served: number
  readonly refused: number
  /** Milliseconds from the arrival to the end, sorted. */
  readonly took: ReadonlyArray<number>
}

/** Runs so many requests of each priority in a second, for so long; counts what came after the first quarter. */
const run = (perSecond: Readonly<Partial<Record<Priority, number>>>, seconds: number): Record<Priority, Done> => {
  let seed = 42
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  const done: Record<Priority, { asked: number; served: number; refused: number; took: Array<number> }> = {
    interactive: { asked: 0, served: 0, refused: 0, took: [] },
    agent: { asked: 0, served: 0, refused: 0, took: [] },
    batch: { asked: 0, served: 0, refused: 0, took: [] }
  }
  const ends = new Map<number, Array<Ticket>>()
  let backlog = 0
  let now = 0
  const counts = (ticket: Ticket) => ticket.arrivedAt >= seconds * 250
  const begin = (ticket: Ticket) => {
    backlog += work
    const at = Math.ceil(now + backlog + upstream)
    ends.set(at, [...(ends.get(at) ?? []), ticket])
  }
  const judge = (ticket: Ticket) => {
    if (ticket.state === "admitted") return begin(ticket)
    backlog += refusing
    if (counts(ticket)) done[ticket.priority].refused++
  }
  const gate = Gate.make(bounds, judge)
  for (now = 0; now < seconds * 1_000; now++) {
    for (const priority of ["batch", "agent", "interactive"] as const) {
      const expected = (perSecond[priority] ?? 0) / 1_000
      const arrivals = Math.floor(expected) + (random() < expected % 1 ? 1 : 0)
      for (let arrival = 0; arrival < arrivals; arrival++) {
        const ticket = gate.arrive(now, priority, 1_000)
        if (counts(ticket)) done[priority].asked++
        if (ticket.state !== "waiting") judge(ticket)
      }
    }
    for (const ticket of ends.get(now) ?? []) {
      gate.leave(now, ticket)
      if (!counts(ticket)) continue
      done[ticket.priority].served++
      done[ticket.priority].took.push(now - ticket.arrivedAt)
    }
    ends.delete(now)
    if (now % 100 === 0) gate.turn(now)
    if (now % 500 === 0) gate.measure(now, { loopDelayMs: backlog, heap: 0.1 })
    backlog = Math.max(0, backlog - 1)
  }
  for (const each of Object.values(done)) each.took.sort((left, right) => left - right)
  return done
}

const p99 = ({ took }: Done): number => took[Math.floor(took.length * 0.99)] ?? 0

describe("a process that is asked for too much", () => {
  it("does nearly as much as it can at five times what it can, and stays quick", () => {
    const seconds = 60
    const { interactive } = run({ interactive: 5_000 }, seconds)
    // What is left of the processor after refusing four fifths
    const possible = (1_000 - 4_000 * refusing) * seconds * 0.75
    assert.isAbove(interactive.served, possible * 0.9, `${interactive.served} of ${possible}`)
    assert.isBelow(p99(interactive), bounds.waitMs + 2 * upstream, "waiting included")
  })

  it("serves interactive requests while batches ask for ten times as much", () => {
    const { batch, interactive } = run({ interactive: 400, batch: 4_000 }, 60)
    assert.isAbove(interactive.served / interactive.asked, 0.985, `${interactive.served} of ${interactive.asked}, ${interactive.refused} refused`)
    assert.isBelow(interactive.refused / interactive.asked, 0.01)
    assert.isBelow(p99(interactive), 3 * upstream)
    assert.isAbove(batch.served, 0.5 * 500 * 45, "the rest is used")
  })

  it("refuses nobody while it can do what it is asked", () => {
    const { agent, batch, interactive } = run({ interactive: 300, agent: 200, batch: 200 }, 20)
    assert.deepStrictEqual([interactive.refused, agent.refused, batch.refused], [0, 0, 0])
    assert.isBelow(p99(batch), 2 * upstream)
  })
})
