/**
 * One exchange of the ledger as one line of JSON: the format of `ledger query --json`, with its keys in this order. What is
 * unknown is absent, never null. Scripts rely on it: keys may be added, none may change its meaning.
 */
import type { Entry } from "@sluice/gateway/Ledger"

/** Every key of an entry, so that a new one does not compile before it is here. */
type Complete = { readonly [K in keyof Required<Entry>]: Entry[K] | undefined }

/** The line, without its end. */
export const toLine = (entry: Entry): string => {
  const line: Complete = {
    id: entry.id,
    startedAt: entry.startedAt,
    endedAt: entry.endedAt,
    operation: entry.operation,
    outcome: entry.outcome,
    status: entry.status,
    principal: entry.principal,
    tenant: entry.tenant,
    team: entry.team,
    inbound: entry.inbound,
    upstream: entry.upstream,
    stream: entry.stream,
    lane: entry.lane,
    model: entry.model,
    provider: entry.provider,
    upstreamModel: entry.upstreamModel,
    servedModel: entry.servedModel,
    attempts: entry.attempts,
    usage: entry.usage,
    provenance: entry.provenance,
    costUsd: entry.costUsd,
    priceVersion: entry.priceVersion,
    savedUsd: entry.savedUsd,
    losses: entry.losses,
    bytesOut: entry.bytesOut,
    ttftMs: entry.ttftMs,
    durationMs: entry.durationMs,
    finish: entry.finish,
    tier: entry.tier,
    effort: entry.effort,
    error: entry.error
  }
  // Undefined keys are left out by JSON itself
  return JSON.stringify(line)
}
