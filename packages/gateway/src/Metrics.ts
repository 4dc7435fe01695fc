/**
 * What the gateway counts, in Prometheus' words: exchanges by outcome, tokens by class, time to first content. Bound once; a
 * request only updates.
 */
import type { UsageClass } from "@sluice/protocol/CanonicalUsage"
import { label } from "@sluice/protocol/Outcome"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type { Settlement } from "./Ledger.ts"

const exchanges = Metric.counter("sluice_exchanges_total", { description: "Exchanges by outcome and protocol of the client", incremental: true })
const tokens = Metric.counter("sluice_tokens_total", { description: "Tokens by class and provider", incremental: true })
const attempts = Metric.counter("sluice_attempts_total", { description: "Attempts by provider and result", incremental: true })
const restored = Metric.counter("sluice_sealed_parts_restored_total", {
  description: "Signatures and encrypted thoughts given back to the provider for clients that cannot carry them",
  incremental: true
})
const unmetered = Metric.counter("sluice_unmetered_total", { description: "Answers with content whose provider counted no tokens", incremental: true })
const unpricedUsage = Metric.counter("sluice_unpriced_total", {
  description: "Exchanges with usage whose price is not known, by provider: their cost is missing from the ledger",
  incremental: true
})
const assumedPrices = Metric.counter("sluice_assumed_price_total", {
  description: "Exchanges of which a class of tokens was priced as another, because the model has no price for it",
  incremental: true
})
const drains = Metric.counter("sluice_drains_total", {
  description: "Upstreams read on after their client had left, by provider and how that ended; refused = too many at a time",
  incremental: true
})
const credentialAttempts = Metric.counter("sluice_credential_attempts_total", {
  description: "Attempts by credential (provider/credential) and result; those of providers that take none are not among them",
  incremental: true
})
const rests = Metric.counter("sluice_cooldowns_total", {
  description: "Times a credential or a provider was told to rest, by provider and class of the error",
  incremental: true
})
const drainsActive = Metric.gauge("sluice_drains_active", { description: "Upstreams that are read on although their client has left" })
const generationsAlive = Metric.gauge("sluice_generations", {
  description: "Generations of the configuration that are alive: the current one, and those before it whose last exchanges still run"
})
const refusals = Metric.counter("sluice_unauthenticated_total", { description: "Calls without a valid key", incremental: true })
const unrecordedExchanges = Metric.counter("sluice_unrecorded_total", {
  description: "Exchanges sent upstream although the ledger did not take their opening, by protocol of the client",
  incremental: true
})
const unsettledExchanges = Metric.counter("sluice_unsettled_total", {
  description: "Exchanges whose end the ledger did not take, by protocol of the client",
  incremental: true
})
const partFaults = Metric.counter("sluice_part_faults_total", {
  description: "Calls of extensions and interceptors that died or took too long, by part and kind of fault",
  incremental: true
})
const partSkips = Metric.counter("sluice_part_skipped_total", {
  description: "Calls that did not happen because their part is fused, by part and what that meant: open = the exchange went on, closed = it failed",
  incremental: true
})
const partStops = Metric.counter("sluice_part_stops_total", { description: "Exchanges an extension or interceptor ended, by who did", incremental: true })
const observationsLost = Metric.counter("sluice_observations_dropped_total", {
  description: "Events an extension was not told of because its queue was full, by extension",
  incremental: true
})
const usageRecords = Metric.counter("sluice_usage_records_total", {
  description: "Records of usage by sink and what became of them: delivered, rejected = refused for good, missed = gone from the ledger before",
  incremental: true
})
const firstContent = Metric.histogram("sluice_first_content_seconds", {
  description: "Seconds from the request to the first content",
  boundaries: Metric.exponentialBoundaries({ start: 0.05, factor: 2, count: 12 })
})

type Labels = readonly [string, string]

/** A counter that gathers between two turns of the wheel: adding to a number is cheaper than looking a labelled metric up. */
interface Gathered {
  readonly add: (first: string, second: string, count: number) => void
  readonly flush: (context: Context.Context<never>) => void
}

const gathered = (metric: Metric.Counter<number>, names: Labels): Gathered => {
  // Labels are closed sets or configured names, so the maps are bounded
  const bound = new Map<string, Metric.Metric<number, Metric.CounterState<number>>>()
  const pending = new Map<string, number>()
  const metricOf = (key: string): Metric.Metric<number, Metric.CounterState<number>> => {
    const known = bound.get(key)
    if (known !== undefined) return known
    const [first = "", second = ""] = key.split("\n")
    const made = Metric.withAttributes(metric, { [names[0]]: first, [names[1]]: second })
    bound.set(key, made)
    return made
  }
  return {
    add: (first, second, count) => {
      const key = `${first}\n${second}`
      pending.set(key, (pending.get(key) ?? 0) + count)
    },
    flush: (context) => {
      for (const [key, count] of pending) metricOf(key).updateUnsafe(count, context)
      pending.clear()
    }
  }
}

const exchangesBy = gathered(exchanges, ["outcome", "inbound"])
const attemptsBy = gathered(attempts, ["provider", "result"])
const credentialsBy = gathered(credentialAttempts, ["credential", "result"])
const restsBy = gathered(rests, ["provider", "class"])
const restoredBy = gathered(restored, ["upstream", "provider"])
const tokensBy = gathered(tokens, ["class", "provider"])
const unpricedBy = gathered(unpricedUsage, ["provider", "inbound"])
const assumedBy = gathered(assumedPrices, ["provider", "class"])
const drainsBy = gathered(drains, ["provider", "result"])
const unmeteredBy = gathered(unmetered, ["provider", "inbound"])
const partFaultsBy = gathered(partFaults, ["part", "fault"])
const partSkipsBy = gathered(partSkips, ["part", "policy"])
const observationsLostBy = gathered(observationsLost, ["extension", "why"])
const usageBy = gathered(usageRecords, ["sink", "result"])
const partStopsBy = gathered(partStops, ["step", "part"])

/** A call without a valid key: counted here, since it leaves no row. */
export const unauthenticated: Effect.Effect<void> = Metric.update(refusals, 1)

/** An exchange served without a record of its opening: the ledger fails, and the settings allow it. */
export const unrecorded = (inbound: string): Effect.Effect<void> => Metric.update(Metric.withAttributes(unrecordedExchanges, { inbound }), 1)

/** An exchange whose settlement the ledger refused: its row is missing, or stays open. */
export const unsettled = (inbound: string): Effect.Effect<void> => Metric.update(Metric.withAttributes(unsettledExchanges, { inbound }), 1)

const isUnmetered = ({ outcome }: Settlement): boolean => (outcome._tag === "Completed" || outcome._tag === "Incomplete") && outcome.captureMiss === true

/** Counts a settled exchange; `flush` makes it visible. */
export const settled = (settlement: Settlement): Effect.Effect<void> =>
  Effect.contextWith((context: Context.Context<never>) =>
    Effect.sync(() => {
      exchangesBy.add(label(settlement.outcome), settlement.inbound, 1)
      for (const { credential, error, provider } of settlement.attempts) {
        const result = error?.class ?? "ok"
        attemptsBy.add(provider, result, 1)
        if (credential !== undefined) credentialsBy.add(`${provider}/${credential}`, result, 1)
      }
      if (settlement.provider !== undefined) {
        if (isUnmetered(settlement)) unmeteredBy.add(settlement.provider, settlement.inbound, 1)
        for (const [kind, count] of Object.entries(settlement.usage.tokens)) tokensBy.add(kind, settlement.provider, count)
      }
      if (settlement.ttftMs !== undefined) firstContent.updateUnsafe(settlement.ttftMs / 1000, context)
    })
  )

/** Counts a rest; `flush` makes it visible. */
export const rested = (provider: string, cause: string): void => restsBy.add(provider, cause, 1)

/** Counts sealed parts given back to a provider; `flush` makes it visible. */
export const sealsRestored = (upstream: string, provider: string, count: number): void => restoredBy.add(upstream, provider, count)

/** Counts an exchange with usage and without a price; `flush` makes it visible. */
export const unpriced = (provider: string, inbound: string): void => unpricedBy.add(provider, inbound, 1)

/** Counts an exchange of which a class was priced as another; `flush` makes it visible. */
export const assumedPrice = (provider: string, name: UsageClass): void => assumedBy.add(provider, name, 1)

let alive: number | undefined

/** So many generations of a gateway are not closed yet; `flush` makes it visible. */
export const generations = (count: number): void => {
  alive = count
}
/** Counts a call of a part that died or took too long; `flush` makes it visible. */
export const partFault = (part: string, fault: "defect" | "timeout"): void => partFaultsBy.add(part, fault, 1)

/** Counts a call that did not happen because its part is fused; `flush` makes it visible. */
export const partSkipped = (part: string, policy: "open" | "closed"): void => partSkipsBy.add(part, policy, 1)

/** Counts an exchange that a part ended; `flush` makes it visible. */
export const partStopped = (step: string, part: string): void => partStopsBy.add(step, part, 1)

/** Counts events an extension was not told of; `flush` makes it visible. */
export const observationsDropped = (extension: string, count: number): void => observationsLostBy.add(extension, "full", count)

/** Counts what became of records for a sink; `flush` makes it visible. */
export const usageDelivered = (sink: string, delivered: number, rejected: number, missed: number): void => {
  for (const [result, count] of Object.entries({ delivered, rejected, missed })) if (count > 0) usageBy.add(sink, result, count)
}

let active: number | undefined

/** So many upstreams are read on now; `flush` makes it visible. */
export const draining = (count: number): void => {
  active = count
}

/** Counts the end of reading on, after which so many are left; `flush` makes it visible. */
export const drained = (provider: string, result: string, left: number): void => {
  active = left
  drainsBy.add(provider, result, 1)
}

/** Hands what was counted to the metrics; called on every turn of the wheel and when the gateway stops. */
export const flush = (context: Context.Context<never>): void => {
  for (
    const counter of [
      exchangesBy,
      attemptsBy,
      credentialsBy,
      restsBy,
      tokensBy,
      unmeteredBy,
      unpricedBy,
      assumedBy,
      restoredBy,
      drainsBy,
      partFaultsBy,
      partSkipsBy,
      partStopsBy,
      observationsLostBy,
      usageBy
    ]
  ) counter.flush(context)
  if (alive !== undefined) generationsAlive.updateUnsafe(alive, context)
  if (active !== undefined) drainsActive.updateUnsafe(active, context)
}
