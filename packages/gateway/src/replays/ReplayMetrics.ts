/** What is counted of idempotency keys: what became of requests that had one, and what the store holds. */
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const claims = Metric.counter("sluice_idempotency_keys_total", { description: "Requests with an Idempotency-Key by what became of them", incremental: true })
const entries = Metric.gauge("sluice_replay_keys", { description: "Idempotency-Keys the store of replays remembers" })
const bytes = Metric.gauge("sluice_replay_bytes", { description: "Bytes of sealed answers in the store of replays" })

const of = (result: string) => Metric.withAttributes(claims, { result })

const results = {
  executed: of("executed"),
  replayed: of("replayed"),
  reused: of("reused"),
  unknown: of("unknown"),
  "in-use": of("in-use"),
  full: of("full")
}

/** What became of a request with a key. */
export type Result = keyof typeof results

/** Counts a request with a key. */
export const claimed = (result: Result): Effect.Effect<void> => Metric.update(results[result], 1)

/** Notes what the store holds. */
export const held = (keys: number, size: number): Effect.Effect<void> => Effect.andThen(Metric.update(entries, keys), Metric.update(bytes, size))
