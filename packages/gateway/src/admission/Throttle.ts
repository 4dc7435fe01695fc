/**
 * How many may run while the event loop is late: less and less as long as it is, batches first, then agents, then everybody; more and
 * more, in the opposite order, when it is not. An all-or-nothing door would let the work through in gusts.
 */
import type { Priority } from "../Principal.ts"
import type { Bounds, Reason } from "./Bounds.ts"

/** How many run: all, all but the interactive, batches. */
export interface Counts {
  readonly total: number
  readonly shared: number
  readonly batch: number
}

/** How many may. */
export type Limits = Counts

/** The limits of a process that is well. */
export const most = (streams: number, reserved: number): Limits => {
  const shared = Math.max(1, Math.floor(streams * (1 - reserved)))
  return { total: streams, shared, batch: shared }
}

/** Which limit stands in the way of one more: one of the process's own, or one that the throttle set. */
export const binding = (priority: Priority, counts: Counts, limits: Limits, full: Limits): Reason | undefined => {
  const reason = (name: keyof Counts): Reason | undefined => counts[name] < limits[name] ? undefined : limits[name] < full[name] ? "loop" : "streams"
  const total = reason("total")
  if (total !== undefined || priority === "interactive") return total
  return reason("shared") ?? (priority === "batch" ? reason("batch") : undefined)
}

/** The throttle. */
export interface Throttle {
  readonly limits: () => Limits
  readonly arrived: (priority: Priority) => void
  /** Nobody of this priority is let in at all, so that waiting is of no use. */
  readonly isClosed: (priority: Priority) => boolean
  readonly measure: (now: number, loopDelayMs: number, counts: Counts) => void
}

/** So few, of all that may run, that a late loop is not of their making: a neighbour took the processor, or a single request is heavy. */
const few = (streams: number): number => Math.min(streams, Math.max(4, Math.ceil(streams / 20)))

const less = (limit: number, running: number): number => Math.floor(Math.min(limit, running) * 0.8)

const more = (limit: number, full: number): number => Math.min(full, Math.ceil(limit * 1.1) + 1)

/** A throttle that does not hold back anybody. */
export const make = (full: Limits, { loopDelayForMs, loopDelayMs }: Pick<Bounds, "loopDelayForMs" | "loopDelayMs">): Throttle => {
  let limits = full
  let lateSince: number | undefined
  let arrivals = { shared: false, batch: false }

  const fewest = few(full.total)

  const tighten = (counts: Counts): Limits => {
    if (counts.total <= fewest) return limits
    if (limits.batch > 0 && (counts.batch > 0 || arrivals.batch)) return { ...limits, batch: less(limits.batch, counts.batch) }
    if (limits.shared > 0 && (counts.shared > 0 || arrivals.shared)) return { ...limits, shared: less(limits.shared, counts.shared) }
    return { ...limits, total: Math.max(fewest, less(limits.total, counts.total)) }
  }

  const loosen = (counts: Counts): Limits => {
    const total = more(limits.total, full.total)
    if (counts.total >= limits.total && limits.total < full.total) return { ...limits, total }
    const shared = more(limits.shared, full.shared)
    if (counts.shared >= limits.shared && limits.shared < full.shared) return { ...limits, total, shared }
    return { total, shared, batch: more(limits.batch, full.batch) }
  }

  return {
    limits: () => limits,
    arrived: (priority) => {
      if (priority === "batch") arrivals.batch = true
      else if (priority === "agent") arrivals.shared = true
    },
    isClosed: (priority) => priority !== "interactive" && (limits.shared === 0 || (priority === "batch" && limits.batch === 0)),
    measure: (now, delayMs, counts) => {
      const isThrottling = limits.total < full.total || limits.shared < full.shared || limits.batch < full.batch
      if (delayMs <= loopDelayMs) {
        lateSince = undefined
        if (isThrottling) limits = loosen(counts)
      } else {
        lateSince ??= now
        // Once it throttles it answers every measurement: the patience is for a single pause
        if (isThrottling || now - lateSince >= loopDelayForMs) limits = tighten(counts)
      }
      arrivals = { shared: false, batch: false }
    }
  }
}
