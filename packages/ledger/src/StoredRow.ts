/**
 * One row of the table `exchanges` as it is read back, and the ledger entry it stands for. Rows are checked as they are read:
 * the file outlives the program that wrote it.
 */
import { ExchangeId } from "@sluice/gateway/ExchangeId"
import type { Entry } from "@sluice/gateway/Ledger"
import * as LedgerEntry from "@sluice/gateway/LedgerEntry"
import { ProviderId } from "@sluice/gateway/ProviderId"
import { reasons } from "@sluice/protocol/CanonicalFinish"
import type { MeteredUsage, Provenance, UsageClass } from "@sluice/protocol/CanonicalUsage"
import { classes } from "@sluice/protocol/CanonicalUsage"
import type { Operation } from "@sluice/protocol/Dialect"
import { ledgerStatuses } from "@sluice/protocol/Outcome"
import { DialectId } from "@sluice/protocol/Wire"
import * as Schema from "effect/Schema"
import { letterOf, usageColumn } from "./Rows.ts"

// Written as records, so that a new word of the protocol does not compile before it is here
const operations: { readonly [K in Operation]: K } = { generate: "generate", count: "count", embed: "embed", models: "models", raw: "raw" }
const Count = Schema.NullOr(Schema.Int)
const Text = Schema.NullOr(Schema.String)

/** The columns an entry is made from. */
export const StoredRow = Schema.Struct({
  id: ExchangeId,
  started_at: Schema.Int,
  ended_at: Count,
  operation: Schema.Literals(Object.values(operations)),
  status: Schema.Literals(ledgerStatuses),
  outcome: Text,
  principal: Schema.String,
  tenant: Text,
  team: Text,
  inbound: DialectId,
  upstream: Schema.NullOr(DialectId),
  stream: Schema.Int,
  lane: Schema.NullOr(Schema.Literals(["bytes", "typed"])),
  model: Text,
  provider: Schema.NullOr(ProviderId),
  upstream_model: Text,
  served_model: Text,
  attempts: Schema.Int,
  tokens_input: Count,
  tokens_cache_read: Count,
  tokens_cache_write_5m: Count,
  tokens_cache_write_1h: Count,
  tokens_output: Count,
  tokens_reasoning: Count,
  tokens_audio_in: Count,
  tokens_audio_out: Count,
  tokens_tool_prompt: Count,
  provenance: Schema.String,
  cost_usd: Text,
  saved_usd: Text,
  price_version: Text,
  losses: Schema.NullOr(Schema.fromJsonString(Schema.Array(Schema.String))),
  bytes_out: Schema.Int,
  ttft_ms: Count,
  finish: Schema.NullOr(Schema.Literals(reasons)),
  tier: Text,
  effort: Text,
  error_class: Text,
  error_message: Text
})

/** A checked row. */
export type StoredRow = typeof StoredRow.Type

/** The columns to read for {@link StoredRow}. */
export const columns: ReadonlyArray<string> = Object.keys(StoredRow.fields)

/** Checks rows as a query gives them. */
export const decode = Schema.decodeUnknownEffect(Schema.Array(StoredRow))

/** The entry a row stands for. */
export const toEntry = (row: StoredRow): Entry =>
  LedgerEntry.fromFacts({
    id: row.id,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    operation: row.operation,
    outcome: row.outcome ?? undefined,
    status: row.status,
    principal: row.principal,
    tenant: row.tenant ?? undefined,
    team: row.team ?? undefined,
    inbound: row.inbound,
    upstream: row.upstream ?? undefined,
    stream: row.stream === 1,
    lane: row.lane ?? undefined,
    model: row.model ?? undefined,
    provider: row.provider ?? undefined,
    upstreamModel: row.upstream_model ?? undefined,
    servedModel: row.served_model ?? undefined,
    attempts: row.attempts,
    usage: usageOf(row),
    costUsd: row.cost_usd ?? undefined,
    savedUsd: row.saved_usd ?? undefined,
    priceVersion: row.price_version ?? undefined,
    losses: row.losses ?? [],
    bytesOut: row.bytes_out,
    ttftMs: row.ttft_ms ?? undefined,
    finish: row.finish ?? undefined,
    tier: row.tier ?? undefined,
    effort: row.effort ?? undefined,
    error: row.error_class === null ? undefined : { class: row.error_class, message: row.error_message ?? "" }
  })

const provenanceOf: ReadonlyMap<string, Provenance> = new Map<string, Provenance>([
  [letterOf.reported, "reported"],
  [letterOf.counted, "counted"],
  [letterOf.estimated, "estimated"],
  [letterOf.bounded, "bounded"]
])

const usageOf = (row: StoredRow): MeteredUsage => {
  const tokens: { [K in UsageClass]?: number } = {}
  const provenance: { [K in UsageClass]?: Provenance } = {}
  for (const [index, name] of classes.entries()) {
    const count = row[usageColumn[name]]
    if (count === null) continue
    tokens[name] = count
    provenance[name] = provenanceOf.get(row.provenance.charAt(index)) ?? "estimated"
  }
  return { tokens, provenance }
}
