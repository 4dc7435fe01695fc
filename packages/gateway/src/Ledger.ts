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
import type { Account, Spent } from "./Accounts.ts"
import type { ChartPoint, ChartQuery } from "./Charts.ts"
import type { ExchangeId } from "./ExchangeId.ts"
import type { ProviderId } from "./ProviderId.ts"
import type { Places, SettledPage } from "./UsageOutbox.ts"

/** What is known when an exchange opens. Times are milliseconds since the epoch. */
export interface Opening {
  readonly id: ExchangeId
  readonly startedAt: number
  readonly operation: Operation
  /** Id of the principal. */
  readonly principal: string
  /** Tenant and team of the principal. */
  readonly tenant?: string
  readonly team?: string
  readonly inbound: DialectId
  readonly stream: boolean
  /** The model the client named; absent when the body did not get that far. */
  readonly model?: string
  /** Upper estimate of the prompt's tokens, for what is found open after a crash. */
  readonly estimatedInput: number
  /** Decimal US dollars that the estimated prompt costs; absent = no price known. */
  readonly estimatedUsd?: string
}

/** One try at one target. */
export interface AttemptRecord {
  readonly provider: ProviderId
  readonly upstreamModel: string
  readonly startedAt: number
  readonly endedAt: number
  /** The id of the credential it was made with; absent where the provider takes none. */
  readonly credential?: string
  /** Absent when the attempt carried the answer. */
  readonly error?: { readonly class: string; readonly message: string; readonly status?: number }
}

/** What is kept of one body. */
export interface Body {
  /** How long it was, and the SHA-256 of all of it in hexadecimal. */
  readonly bytes: number
  readonly sha256: string
  /** The text, or its beginning where there is a `tail`; absent where only the digest is kept. */
  readonly text?: string
  /** The end of a body that was too long to be kept whole. */
  readonly tail?: string
}

/** What is kept of the bodies of an exchange, and how it was made. */
export interface Bodies {
  readonly policy: "digest" | "redacted" | "full"
  readonly request: Body
  readonly response: Body
}

/** Everything about an exchange when it has ended. Restates its opening, so that a settle alone makes a whole row. */
export interface Settlement extends Opening {
  readonly endedAt: number
  readonly outcome: Outcome
  readonly upstream?: DialectId
  readonly lane?: "bytes" | "typed"
  readonly provider?: ProviderId
  readonly upstreamModel?: string
  /** The id of the credential of the attempt that carried, or was last to try to carry, the answer. Stored with the attempts. */
  readonly credential?: string
  /** The model the upstream says it served. */
  readonly servedModel?: string
  readonly attempts: ReadonlyArray<AttemptRecord>
  readonly usage: MeteredUsage
  /** Decimal US dollars; absent = no price known. */
  readonly costUsd?: string
  /** The version of the price book that the cost was computed with. */
  readonly priceVersion?: string
  /** Request losses of the winning attempt as text (`/seed;dropped`). */
  readonly losses: ReadonlyArray<string>
  readonly responseLosses: ReadonlyArray<CountedLoss>
  readonly bytesOut: number
  /** Milliseconds until the first event that carried content; absent when none came. */
  readonly ttftMs?: number
  readonly finish?: FinishReason
  /** The service tier the provider says it served, where that is not its standard one. */
  readonly tier?: string
  /** How much thinking was asked for: `high`, `8192` (tokens), `auto` or `none`; absent = nothing was said. */
  readonly effort?: string
  /** Decimal US dollars that giving a kept answer again saved: what the answer cost when it was made. */
  readonly savedUsd?: string
  /** Absent = nothing is kept of them. */
  readonly bodies?: Bodies
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
  readonly tenant?: string
  readonly team?: string
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
  readonly savedUsd?: string
  readonly priceVersion?: string
  readonly losses: ReadonlyArray<string>
  readonly bytesOut: number
  readonly ttftMs?: number
  readonly durationMs?: number
  readonly finish?: FinishReason
  readonly tier?: string
  readonly effort?: string
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
  readonly tenant?: string
  readonly team?: string
  readonly provider?: string
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
  /** Usage so far of a long stream, and what it costs where a price is known. Queued, never awaited. */
  readonly checkpoint: (id: ExchangeId, usage: MeteredUsage, costUsd?: string) => Effect.Effect<void>
  /** Records the end; succeeds when it is durable. A second settle of the same id changes nothing. */
  readonly settle: (settlement: Settlement) => Effect.Effect<void, LedgerUnavailable>
  readonly query: (query: Query) => Effect.Effect<ReadonlyArray<Entry>, LedgerUnavailable>
  /** What an account has spent since a UTC day (days since the epoch), that day included, as of everything settled before the call. */
  readonly spent: (account: Account, fromDay: number) => Effect.Effect<Spent, LedgerUnavailable>
  /**
   * Exchanges that ended behind these places, at most so many, in the order in which they ended; without places none, and where the ledger
   * is now. What was settled a moment ago may come with the next page.
   */
  readonly settled: (after: Places | undefined, limit: number) => Effect.Effect<SettledPage, LedgerUnavailable>
  /** Ended exchanges added up by hour or day, earliest first. May be some seconds behind. */
  readonly chart: (query: ChartQuery) => Effect.Effect<ReadonlyArray<ChartPoint>, LedgerUnavailable>
}>()("@sluice/gateway/Ledger") {}
