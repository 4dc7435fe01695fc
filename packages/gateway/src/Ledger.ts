/**
 * The ledger port: what the pipeline tells the durable record of exchanges, and what may be asked of it. An exchange is
 * opened before the first upstream byte and settled exactly once; what ends before it opens writes one terminal row.
 * The SQL implementation is the package `ledger`; `layerMemory` serves tests and gateways that keep no record.
 */
import type { FinishReason } from "@sluice/protocol/CanonicalFinish"
import type { MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import type { Operation } from "@sluice/protocol/Dialect"
import type { CountedLoss } from "@sluice/protocol/Loss"
import type { LedgerStatus, Outcome } from "@sluice/protocol/Outcome"
import type { DialectId } from "@sluice/protocol/Wire"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ExchangeId } from "./ExchangeId.ts"
import type { ProviderId } from "./ProviderId.ts"

/** What is known when an exchange opens. Times are milliseconds since the epoch. */
export interface Opening {
  readonly id: ExchangeId
  readonly startedAt: number
  readonly operation: Operation
  /** Id of the principal. */
  readonly principal: string
  readonly inbound: DialectId
  readonly stream: boolean
  /** The model the client named; absent when the body did not get that far. */
  readonly model?: string
  /** Upper estimate of the prompt's tokens, for what is found open after a crash. */
  readonly estimatedInput: number
}

/** One try at one target. */
export interface AttemptRecord {
  readonly provider: ProviderId
  readonly upstreamModel: string
  readonly startedAt: number
  readonly endedAt: number
  /** Absent when the attempt carried the answer. */
  readonly error?: { readonly class: string; readonly message: string; readonly status?: number }
}

/** Everything about an exchange when it has ended. Restates its opening, so that a settle alone makes a whole row. */
export interface Settlement extends Opening {
  readonly endedAt: number
  readonly outcome: Outcome
  readonly upstream?: DialectId
  readonly lane?: "bytes" | "typed"
  readonly provider?: ProviderId
  readonly upstreamModel?: string
  /** The model the upstream says it served. */
  readonly servedModel?: string
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly usage: MeteredUsage
  /** Decimal US dollars; absent = no price known. */
  readonly costUsd?: string
  /** Request losses of the winning attempt as text (`/seed;dropped`). */
  readonly losses: ReadonlyArray<string>
  readonly responseLosses: ReadonlyArray<CountedLoss>
  readonly bytesOut: number
  /** Milliseconds until the first event that carried content; absent when none came. */
  readonly ttftMs?: number
  readonly finish?: FinishReason
}

/** One exchange as the ledger shows it; absent = unknown, never null. */
export interface Entry {
  readonly id: ExchangeId
  readonly startedAt: string
  readonly endedAt?: string
  readonly operation: Operation
  /** `Completed`, `Cancelled(client)`, …; absent while open. */
  readonly outcome?: string
  readonly status: LedgerStatus
  readonly principal: string
  readonly inbound: DialectId
  readonly upstream?: DialectId
  readonly stream: boolean
  readonly lane?: "bytes" | "typed"
  readonly model?: string
  readonly provider?: ProviderId
  readonly upstreamModel?: string
  readonly servedModel?: string
  readonly attempts: number
  readonly usage: MeteredUsage["tokens"]
  readonly provenance: MeteredUsage["provenance"]
  readonly costUsd?: string
  readonly losses: ReadonlyArray<string>
  readonly bytesOut: number
  readonly ttftMs?: number
  readonly durationMs?: number
  readonly finish?: FinishReason
  readonly error?: { readonly class: string; readonly message: string }
}

/** Which entries a query wants; absent = all. Newest first. */
export interface Query {
  /** ISO times or milliseconds are the caller's business: these are milliseconds since the epoch, inclusive and exclusive. */
  readonly from?: number
  readonly until?: number
  readonly status?: LedgerStatus
  /** Outcome label or its first word: `Cancelled` finds `Cancelled(client)`. */
  readonly outcome?: string
  readonly model?: string
  readonly principal?: string
  /** Only entries older than this id: the last id of the page before. */
  readonly before?: ExchangeId
  /** At most this many, 1 to 10,000. */
  readonly limit: number
}

/** The ledger could not take a write. The write may still have happened: every write is an idempotent upsert by exchange id. */
export class LedgerUnavailable extends Schema.TaggedError<LedgerUnavailable>()("LedgerUnavailable", { reason: Schema.String }) {
  override get message(): string {
    return `the ledger is unavailable: ${this.reason}`
  }
}

/** The durable record of exchanges. */
export class Ledger extends Context.Service<Ledger, {
  /** Succeeds when the opening is as durable as the configuration asks. */
  readonly open: (opening: Opening) => Effect.Effect<void, LedgerUnavailable>
  /** Usage so far of a long stream. Queued, never awaited. */
  readonly checkpoint: (id: ExchangeId, usage: MeteredUsage) => Effect.Effect<void>
  /** Records the end; succeeds when it is durable. A second settle of the same id changes nothing. */
  readonly settle: (settlement: Settlement) => Effect.Effect<void, LedgerUnavailable>
  readonly query: (query: Query) => Effect.Effect<ReadonlyArray<Entry>, LedgerUnavailable>
}>()("@sluice/gateway/Ledger") {}
