/**
 * How an exchange looks in the ledger: what its opening, its checkpoints and its settlement come to. Pure, and used by every
 * implementation of the port, so that they cannot disagree. Not how it is stored.
 */
import type { MeteredUsage } from "@sluice/protocol/CanonicalUsage"
import { unmetered } from "@sluice/protocol/CanonicalUsage"
import { present } from "@sluice/protocol/Json"
import * as Outcome from "@sluice/protocol/Outcome"
import type { AttemptRecord, Entry, Opening, Query, Settlement } from "./Ledger.ts"
import type { UsageAttempt } from "./UsageSink.ts"

/** An entry before it is shown: times in milliseconds since the epoch, optional fields absent or undefined. */
export interface Facts {
  readonly id: Entry["id"]
  readonly startedAt: number
  readonly endedAt?: number | undefined
  readonly operation: Entry["operation"]
  readonly outcome?: string | undefined
  readonly status: Entry["status"]
  readonly principal: string
  readonly tenant?: string | undefined
  readonly team?: string | undefined
  readonly inbound: Entry["inbound"]
  readonly upstream?: Entry["upstream"] | undefined
  readonly stream: boolean
  readonly lane?: Entry["lane"] | undefined
  readonly model?: string | undefined
  readonly provider?: Entry["provider"] | undefined
  readonly upstreamModel?: string | undefined
  readonly servedModel?: string | undefined
  readonly attempts: number
  readonly usage: MeteredUsage
  readonly costUsd?: string | undefined
  readonly savedUsd?: string | undefined
  readonly priceVersion?: string | undefined
  readonly losses: ReadonlyArray<string>
  readonly bytesOut: number
  readonly ttftMs?: number | undefined
  readonly finish?: Entry["finish"] | undefined
  readonly tier?: string | undefined
  readonly effort?: string | undefined
  readonly error?: Entry["error"] | undefined
}

/** What is known of an exchange that has opened and not ended; its checkpoints add usage and cost. */
export const opened = (opening: Opening): Facts => ({
  ...beginning(opening),
  status: "open",
  attempts: 0,
  usage: unmetered,
  losses: [],
  bytesOut: 0
})

/** What is known of an exchange that has ended. */
export const settled = (settlement: Settlement): Facts => ({
  ...beginning(settlement),
  endedAt: settlement.endedAt,
  outcome: Outcome.label(settlement.outcome),
  status: Outcome.ledgerStatus(settlement.outcome),
  upstream: settlement.upstream,
  lane: settlement.lane,
  provider: settlement.provider,
  upstreamModel: settlement.upstreamModel,
  servedModel: settlement.servedModel,
  attempts: settlement.attempts.length,
  usage: settlement.usage,
  costUsd: settlement.costUsd,
  savedUsd: settlement.savedUsd,
  priceVersion: settlement.priceVersion,
  losses: settlement.losses,
  bytesOut: settlement.bytesOut,
  ttftMs: settlement.ttftMs,
  finish: settlement.finish,
  tier: settlement.tier,
  effort: settlement.effort,
  error: Outcome.errorOf(settlement.outcome)
})

const beginning = (opening: Opening) => ({
  id: opening.id,
  startedAt: opening.startedAt,
  operation: opening.operation,
  principal: opening.principal,
  tenant: opening.tenant,
  team: opening.team,
  inbound: opening.inbound,
  stream: opening.stream,
  model: opening.model
})

/** The entry as queries show it: ISO times, a duration that is never negative, unknown fields absent. */
export const fromFacts = (facts: Facts): Entry => {
  const { endedAt, startedAt, usage, ...rest } = facts
  return present({
    ...rest,
    startedAt: isoTime(startedAt),
    endedAt: endedAt === undefined ? undefined : isoTime(endedAt),
    usage: usage.tokens,
    provenance: usage.provenance,
    durationMs: endedAt === undefined ? undefined : Math.max(0, endedAt - startedAt)
  })
}

/** An attempt as it is shown. */
export const toTry = ({ credential, endedAt, error, provider, startedAt, upstreamModel }: AttemptRecord): UsageAttempt =>
  present({ provider, upstreamModel, startedAt: isoTime(startedAt), durationMs: Math.max(0, endedAt - startedAt), credential, error })

// The range of a Date: a time outside it would throw when it is shown
const maxTime = 8_640_000_000_000_000

const isoTime = (time: number): string => new Date(Math.min(Math.max(time, -maxTime), maxTime)).toISOString()

/** Whether an entry is one a query asks for, its page and limit aside. */
export const matches = (query: Query, facts: Facts): boolean =>
  (query.from === undefined || facts.startedAt >= query.from) &&
  (query.until === undefined || facts.startedAt < query.until) &&
  (query.status === undefined || facts.status === query.status) &&
  (query.outcome === undefined || facts.outcome === query.outcome || facts.outcome?.startsWith(`${query.outcome}(`) === true) &&
  (query.model === undefined || facts.model === query.model) &&
  (query.principal === undefined || facts.principal === query.principal) &&
  (query.tenant === undefined || facts.tenant === query.tenant) &&
  (query.team === undefined || facts.team === query.team) &&
  (query.provider === undefined || facts.provider === query.provider)

/** The order of pages: by start, then by id, newest first. */
export const newestFirst = (a: Position, b: Position): number => b.startedAt - a.startedAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** Where an entry stands in the order of pages. */
export interface Position {
  readonly startedAt: number
  readonly id: string
}

/** The number of entries a query may have: its limit, held to 1 to 10,000. */
export const pageSize = (query: Query): number => Math.min(Math.max(Math.trunc(query.limit) || 1, 1), 10_000)
