/**
 * Those who wait for a place: the more urgent go first. Interactive requests are taken in their order while the line moves, and the
 * newest first once the oldest has waited for long: its client is the likeliest to have given up. Bounded by whoever adds.
 */
import type { Priority } from "../Principal.ts"
import type { Ticket } from "./Ticket.ts"

/** The line. */
export interface Queue {
  readonly add: (ticket: Ticket) => void
  readonly remove: (ticket: Ticket) => void
  /** Who is to be let in next. */
  readonly next: (now: number) => Ticket | undefined
  /** The one who came last among the least urgent. */
  readonly leastUrgent: () => Ticket | undefined
  /** Whether somebody waits who is as urgent as this, or more. */
  readonly holdsUp: (priority: Priority) => boolean
  /** Those who came at this time or before. */
  readonly since: (time: number) => ReadonlyArray<Ticket>
  readonly size: () => number
}

/** An empty line, which is old when its first interactive request has waited this long. */
export const make = (oldAfterMs: number): Queue => {
  const interactive: Array<Ticket> = []
  const agent: Array<Ticket> = []
  const batch: Array<Ticket> = []
  const lines: Record<Priority, Array<Ticket>> = { interactive, agent, batch }

  return {
    add: (ticket) => void lines[ticket.priority].push(ticket),
    remove: (ticket) => {
      const line = lines[ticket.priority]
      const at = line.indexOf(ticket)
      if (at >= 0) line.splice(at, 1)
    },
    next: (now) => {
      const [first] = interactive
      if (first !== undefined) return now - first.arrivedAt >= oldAfterMs ? interactive.at(-1) : first
      return agent[0] ?? batch[0]
    },
    leastUrgent: () => batch.at(-1) ?? agent.at(-1) ?? interactive.at(-1),
    holdsUp: (priority) => interactive.length > 0 || (priority !== "interactive" && agent.length > 0) || (priority === "batch" && batch.length > 0),
    since: (time) => [interactive, agent, batch].flatMap((line) => line.filter(({ arrivedAt }) => arrivedAt <= time)),
    size: () => interactive.length + agent.length + batch.length
  }
}
