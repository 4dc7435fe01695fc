/**
 * Who may begin now, who waits and who is refused: a state machine without a clock, fed with arrivals, departures and measurements.
 * Every place is bounded, the sum of the bytes too; a part of both is kept for interactive requests. It knows no sockets and no
 * effects: Admission.ts runs it.
 */
import type { Priority } from "../Principal.ts"
import type { Bounds, Reason } from "./Bounds.ts"
import * as Queue from "./Queue.ts"
import * as Throttle from "./Throttle.ts"
import type { Ticket } from "./Ticket.ts"

/** What the process is measured to be under. */
export interface Load {
  /** The 99th percentile of the event loop's delay, in milliseconds. */
  readonly loopDelayMs: number
  /** The used share of the heap, 0 to 1. */
  readonly heap: number
}

/** What the gate is doing. */
export interface State {
  readonly admitted: Readonly<Record<Priority, number>>
  readonly limits: Throttle.Limits
  readonly bytes: number
  readonly waiting: number
}

/** The gate. Times are milliseconds of any steady clock. */
export interface Gate {
  readonly arrive: (now: number, priority: Priority, bytes: number) => Ticket
  /** Sets what a ticket holds; `false` = there is no room for more, and it holds what it held. */
  readonly hold: (now: number, ticket: Ticket, bytes: number) => boolean
  /** The request is over, or its client no longer waits. */
  readonly leave: (now: number, ticket: Ticket) => void
  /** Refuses who waited too long. */
  readonly turn: (now: number) => void
  /** Takes a measurement, and says how many running requests memory forces to end. */
  readonly measure: (now: number, load: Load) => number
  readonly state: () => State
}

/** `settled` is told every ticket that waited, when its waiting is over. */
export const make = (bounds: Bounds, settled: (ticket: Ticket) => void): Gate => {
  const most = Throttle.most(bounds.streams, bounds.reserved)
  const shareable = Math.floor(bounds.bytes * (1 - bounds.reserved))
  const everybody = bounds.heap + (1 - bounds.heap) / 3
  const streamsEnd = bounds.heap + 2 * (1 - bounds.heap) / 3
  const throttle = Throttle.make(most, bounds)
  const queue = Queue.make(bounds.waitMs / 4)
  // In the order of arrival, so that the newest is found from the end
  const admitted: Record<Priority, Set<Ticket>> = { interactive: new Set(), agent: new Set(), batch: new Set() }
  const counts = { total: 0, shared: 0, batch: 0 }
  let bytes = 0
  let heap = 0

  const count = (priority: Priority, one: 1 | -1): void => {
    counts.total += one
    if (priority !== "interactive") counts.shared += one
    if (priority === "batch") counts.batch += one
  }

  const bytesFor = (priority: Priority): number => priority === "interactive" ? bounds.bytes : shareable

  /** What stands in the way of one more; `undefined` = nothing. */
  const obstacle = (priority: Priority, more: number): Reason | undefined => {
    if (heap >= (priority === "interactive" ? everybody : bounds.heap)) return "heap"
    const binding = Throttle.binding(priority, counts, throttle.limits(), most)
    if (binding !== undefined) return binding
    return bytes + more > bytesFor(priority) ? "bytes" : undefined
  }

  const admit = (ticket: Ticket): void => {
    ticket.state = "admitted"
    bytes += ticket.bytes
    count(ticket.priority, 1)
    admitted[ticket.priority].add(ticket)
  }

  const refuse = (ticket: Ticket, reason: Reason): void => {
    ticket.state = "refused"
    ticket.reason = reason
    ticket.bytes = 0
  }

  /** Lets in who waits, the most urgent first; who does not fit holds up those who are less urgent. */
  const advance = (now: number): void => {
    for (let next = queue.next(now); next !== undefined; next = queue.next(now)) {
      if (obstacle(next.priority, next.bytes) !== undefined) return
      queue.remove(next)
      admit(next)
      settled(next)
    }
  }

  const dismiss = (ticket: Ticket, reason: Reason): void => {
    queue.remove(ticket)
    refuse(ticket, reason)
    settled(ticket)
  }

  /** Whether one more may wait; somebody less urgent gives way. */
  const mayWait = (priority: Priority): boolean => {
    if (queue.size() < bounds.waiting) return true
    const last = queue.leastUrgent()
    if (last === undefined || order.indexOf(last.priority) <= order.indexOf(priority)) return false
    dismiss(last, obstacle(last.priority, last.bytes) ?? "streams")
    return true
  }

  return {
    arrive: (now, priority, more) => {
      const ticket: Ticket = { priority, arrivedAt: now, state: "waiting", bytes: more, reason: undefined, shed: false }
      throttle.arrived(priority)
      const reason = obstacle(priority, more)
      // Nobody overtakes those who wait and are as urgent
      if (reason === undefined && !queue.holdsUp(priority)) admit(ticket)
      else if (reason === "heap" || more > bytesFor(priority) || throttle.isClosed(priority) || !mayWait(priority)) refuse(ticket, reason ?? "streams")
      else queue.add(ticket)
      return ticket
    },
    hold: (now, ticket, next) => {
      if (ticket.state !== "admitted") return false
      const more = next - ticket.bytes
      if (more > 0 && (ticket.shed || bytes + more > bytesFor(ticket.priority))) return false
      bytes += more
      ticket.bytes = next
      if (more < 0) advance(now)
      return true
    },
    leave: (now, ticket) => {
      if (ticket.state === "waiting") queue.remove(ticket)
      if (ticket.state === "admitted") {
        admitted[ticket.priority].delete(ticket)
        bytes -= ticket.bytes
        count(ticket.priority, -1)
        ticket.state = "left"
        return advance(now)
      }
      ticket.state = "left"
    },
    turn: (now) => {
      advance(now)
      for (const ticket of queue.since(now - bounds.waitMs)) dismiss(ticket, obstacle(ticket.priority, ticket.bytes) ?? "streams")
    },
    measure: (now, load) => {
      heap = load.heap
      throttle.measure(now, load.loopDelayMs, counts)
      const ended = heap >= streamsEnd ? newest(admitted) : []
      for (const ticket of ended) ticket.shed = true
      advance(now)
      return ended.length
    },
    state: () => ({
      admitted: { interactive: admitted.interactive.size, agent: admitted.agent.size, batch: admitted.batch.size },
      limits: throttle.limits(),
      bytes,
      waiting: queue.size()
    })
  }
}

// internal

/** The most urgent first. */
const order: ReadonlyArray<Priority> = ["interactive", "agent", "batch"]

/** The newest tenth of the least urgent that still go on, at least one. */
const newest = (admitted: Readonly<Record<Priority, ReadonlySet<Ticket>>>): ReadonlyArray<Ticket> => {
  for (const priority of order.toReversed()) {
    const going = [...admitted[priority]].filter(({ shed }) => !shed)
    if (going.length > 0) return going.slice(-Math.ceil(going.length / 10))
  }
  return []
}
