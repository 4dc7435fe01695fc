/**
 * What the gateway counts, in Prometheus' words: exchanges by outcome, tokens by class, time to first content. Bound once; a
 * request only updates.
 */
import { label } from "@sluice/protocol/Outcome"
import type * as Context from "effect/Context"
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

type Labels = { readonly [name: string]: string }

/** A counter with its labels bound once per combination. Labels are closed sets or configured names, so the map is bounded. */
const labelled = (metric: Metric.Counter<number>, names: readonly [string, string]) => {
  const bound = new Map<string, Metric.Metric<number, Metric.CounterState<number>>>()
  return (first: string, second: string): Metric.Metric<number, Metric.CounterState<number>> => {
    const key = `${first}\n${second}`
    const known = bound.get(key)
    if (known !== undefined) return known
    const labels: Labels = { [names[0]]: first, [names[1]]: second }
    const made = Metric.withAttributes(metric, labels)
    bound.set(key, made)
    return made
  }
}

const exchangesBy = labelled(exchanges, ["outcome", "inbound"])
const attemptsBy = labelled(attempts, ["provider", "result"])
const tokensBy = labelled(tokens, ["class", "provider"])

/** A call without a valid key: counted here, since it leaves no row. */
export const unauthenticated: Effect.Effect<void> = Metric.update(refusals, 1)

/** Counts a settled exchange, all its figures in one step. */
export const settled = (settlement: Settlement): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.sync(() => {
      exchangesBy(label(settlement.outcome), settlement.inbound).updateUnsafe(1, context)
      for (const attempt of settlement.attempts) attemptsBy(attempt.provider, attempt.error?.class ?? "ok").updateUnsafe(1, context)
      if (settlement.provider !== undefined) {
        for (const [kind, count] of Object.entries(settlement.usage.tokens)) tokensBy(kind, settlement.provider).updateUnsafe(count, context)
      }
      if (settlement.ttftMs !== undefined) firstContent.updateUnsafe(settlement.ttftMs / 1000, context)
    })
  )
