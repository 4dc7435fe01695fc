/**
 * What the gateway counts, in Prometheus' words: exchanges by outcome, tokens by class, time to first content. Bound once; a
 * request only updates.
 */
import { label } from "@sluice/protocol/Outcome"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Settlement } from "./Ledger.ts"

const exchanges = Metric.counter("sluice_exchanges_total", { description: "Exchanges by outcome and protocol of the client", incremental: true })
const tokens = Metric.counter("sluice_tokens_total", { description: "Tokens by class and provider", incremental: true })
const attempts = Metric.counter("sluice_attempts_total", { description: "Attempts by provider and result", incremental: true })
const refusals = Metric.counter("sluice_unauthenticated_total", { description: "Calls without a valid key", incremental: true })
const firstContent = Metric.histogram("sluice_first_content_seconds", {
  description: "Seconds from the request to the first content",
  boundaries: Metric.exponentialBoundaries({ start: 0.05, factor: 2, count: 12 })
})

type Bound = (value: number) => Effect.Effect<void>

/** Metrics with their labels bound, made once per combination. Labels are closed sets or configured names, so the map is bounded. */
const bound = new Map<string, Bound>()

const bind = (metric: Metric.Counter<number>, labels: { readonly [name: string]: string }): Bound => {
  const key = `${metric.id}${JSON.stringify(labels)}`
  const known = bound.get(key)
  if (known !== undefined) return known
  const labelled = Metric.withAttributes(metric, labels)
  const update: Bound = (value) => Metric.update(labelled, value)
  bound.set(key, update)
  return update
}

/** A call without a valid key: counted here, since it leaves no row. */
export const unauthenticated: Effect.Effect<void> = Metric.update(refusals, 1)

/** Counts a settled exchange. */
export const settled = Effect.fnUntraced(function*(settlement: Settlement) {
  yield* bind(exchanges, { outcome: label(settlement.outcome), inbound: settlement.inbound })(1)
  for (const attempt of settlement.attempts) yield* bind(attempts, { provider: attempt.provider, result: attempt.error?.class ?? "ok" })(1)
  if (settlement.provider !== undefined) {
    for (const [kind, count] of Object.entries(settlement.usage.tokens)) yield* bind(tokens, { class: kind, provider: settlement.provider })(count)
  }
  if (settlement.ttftMs !== undefined) yield* Metric.update(firstContent, settlement.ttftMs / 1000)
})
