/** What an operator sees of limits: what was let through and refused, how far estimates were off, and how the store answers. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Account } from "../Accounts.ts"
import type { Kind } from "./Meter.ts"

const reservations = Metric.counter("sluice_limit_reservations_total", {
  description: "Requests that were measured against limits, by result",
  incremental: true
})
const refusals = Metric.counter("sluice_limit_refusals_total", { description: "Limits that were reached, by kind and by whose limit it is", incremental: true })
const overshoot = Metric.counter("sluice_limit_overshoot_total", {
  description: "What requests took beyond what was reserved for them: tokens, and US dollars of budgets",
  incremental: true
})
const failures = Metric.counter("sluice_limit_store_failures_total", { description: "Questions the store of limits did not answer", incremental: true })
const storeSeconds = Metric.histogram("sluice_limit_store_seconds", {
  description: "Seconds the store of limits took to reserve",
  boundaries: Metric.exponentialBoundaries({ start: 0.0001, factor: 4, count: 8 })
})
const running = Metric.gauge("sluice_limit_reservations_held", { description: "Reservations of requests that have not ended" })
const unsettled = Metric.gauge("sluice_limit_settlements_waiting", { description: "Settlements the store has not taken yet" })

const byResult = {
  reserved: Metric.withAttributes(reservations, { result: "reserved" }),
  refused: Metric.withAttributes(reservations, { result: "refused" }),
  failed: Metric.withAttributes(reservations, { result: "failed" })
}

const byOperation = {
  reserve: Metric.withAttributes(failures, { operation: "reserve" }),
  settle: Metric.withAttributes(failures, { operation: "settle" }),
  renew: Metric.withAttributes(failures, { operation: "renew" }),
  spent: Metric.withAttributes(failures, { operation: "spent" })
}

const overshootBy = { tokens: Metric.withAttributes(overshoot, { kind: "tokens" }), budget: Metric.withAttributes(overshoot, { kind: "budget" }) }

/** Counts a request that was measured. */
export const measured = (result: keyof typeof byResult): Effect.Effect<void> => Metric.update(byResult[result], 1)

/** Counts a limit that was reached. */
export const reached = (kind: Kind, level: Account["kind"]): Effect.Effect<void> => Metric.update(Metric.withAttributes(refusals, { kind, level }), 1)

/** Counts what went beyond a reservation. */
export const overshot = (kind: keyof typeof overshootBy, amount: number): Effect.Effect<void> => Metric.update(overshootBy[kind], amount)

/** Counts a question without an answer. */
export const failed = (operation: keyof typeof byOperation): Effect.Effect<void> => Metric.update(byOperation[operation], 1)

/** Records how long the store took. */
export const answered = (seconds: number): Effect.Effect<void> => Metric.update(storeSeconds, seconds)

/** Shows how much is under way. */
export const state = (held: number, waiting: number): Effect.Effect<void> => Effect.andThen(Metric.update(running, held), Metric.update(unsettled, waiting))
