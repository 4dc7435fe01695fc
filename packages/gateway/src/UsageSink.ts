/**
 * Where records of usage go beside the ledger: a bill, a warehouse, somebody's webhook. A sink is given the exchanges that have ended, in
 * pages, each at least once: the ledger is the queue, and how far a sink has got is kept beside it (UsageOutbox). A record may come twice,
 * after a crash or where an answer of the sink was lost; its `id` tells.
 *
 * @example
 * UsageSink.layer({ id: "bill", deliver: (records) => Effect.forEach(records, charge, { discard: true }) })
 */
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type { Entry } from "./Ledger.ts"
import { type Ordered, UsageSinks } from "./Registries.ts"

/** One try at one target. Times are ISO 8601. */
export interface UsageAttempt {
  readonly provider: string
  readonly upstreamModel: string
  readonly startedAt: string
  readonly durationMs: number
  /** The name of the credential it was made with; absent where the provider takes none. */
  readonly credential?: string
  /** Absent when the attempt carried the answer. */
  readonly error?: { readonly class: string; readonly message: string; readonly status?: number }
}

/** An exchange that has ended: everything the ledger shows of it, and what was tried. */
export interface UsageRecord extends Entry {
  /** In their order; the last is that of the answer, where there is one. */
  readonly tries: ReadonlyArray<UsageAttempt>
}

/** A sink did not take what it was given. */
export class UsageSinkError extends Schema.TaggedError<UsageSinkError>()("UsageSinkError", {
  reason: Schema.String,
  /** Whether to try the same again later. What is refused for good is tried record by record, and left out where it is refused again. */
  isTemporary: Schema.Boolean
}) {
  override get message(): string {
    return `the sink did not take the records: ${this.reason}`
  }
}

/** Takes records of usage. Its id names it for ever: under another it would be a new one, which begins with what ends from then on. */
export interface UsageSink extends Ordered {
  /** Succeeds when the records are the sink's own business. Is not called again before it has ended; is interrupted after a minute. */
  readonly deliver: (records: ReadonlyArray<UsageRecord>) => Effect.Effect<void, UsageSinkError>
  /** Records in one page at most; absent = 100. */
  readonly pageSize?: number
}

/** Hands a sink to the gateway. */
export const layer = (sink: UsageSink): Layer.Layer<never, never, UsageSinks> => Layer.effectDiscard(UsageSinks.use((registry) => registry.register(sink)))
