/** What is counted of the response cache: hits and misses, and what the store holds. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const lookups = Metric.counter("sluice_cache_lookups_total", { description: "Requests the response cache was asked about, by what it had", incremental: true })
const entries = Metric.gauge("sluice_cache_entries", { description: "Answers in the store of the response cache" })
const bytes = Metric.gauge("sluice_cache_bytes", { description: "Bytes of sealed answers in the store of the response cache" })

const results = { hit: Metric.withAttributes(lookups, { result: "hit" }), miss: Metric.withAttributes(lookups, { result: "miss" }) }

/** Counts a request. */
export const looked = (result: keyof typeof results): Effect.Effect<void> => Metric.update(results[result], 1)

/** Notes what the store holds. */
export const held = (count: number, size: number): Effect.Effect<void> => Effect.andThen(Metric.update(entries, count), Metric.update(bytes, size))
