/**
 * Ledger writes as they cross to the writer thread, wait in its queue and lie in a spill file: flat arrays of plain values, in
 * the order of the statements' parameters (measured at a third of what objects cost the event loop). Not the stored rows.
 */
import type { Opening, Settlement } from "@sluice/gateway/Ledger"
import type { MeteredUsage, Provenance, UsageClass } from "@sluice/protocol/CanonicalUsage"
import { classes } from "@sluice/protocol/CanonicalUsage"
import type { CountedLoss } from "@sluice/protocol/Loss"
import * as Money from "@sluice/protocol/Money"
import * as Outcome from "@sluice/protocol/Outcome"
import * as Option from "effect/Option"

/** What SQLite binds without conversion. Numbers are safe integers. */
export type Value = string | number | null

/** One write: its kind, then its values in the order of the columns. */
export type Row = readonly [kind: Kind, ...values: ReadonlyArray<Value>]

/** 0 opens an exchange, 1 is a checkpoint of its usage, 2 settles it, 3 keeps its bodies. */
export type Kind = 0 | 1 | 2 | 3

/** The columns an opening states, in the order of its row. */
export const openingColumns = [
  "id",
  "started_at",
  "operation",
  "principal",
  "inbound",
  "stream",
  "model",
  "estimated_input",
  "tenant",
  "team",
  "estimated_usd"
] as const

/** The column of each token class. */
export const usageColumn = {
  input: "tokens_input",
  cacheRead: "tokens_cache_read",
  cacheWrite5m: "tokens_cache_write_5m",
  cacheWrite1h: "tokens_cache_write_1h",
  output: "tokens_output",
  reasoning: "tokens_reasoning",
  audioIn: "tokens_audio_in",
  audioOut: "tokens_audio_out",
  toolPrompt: "tokens_tool_prompt"
} as const satisfies { readonly [K in UsageClass]: string }

/** The columns of a usage snapshot, in the order of the rows that carry one. */
export const usageColumns: ReadonlyArray<string> = [...classes.map((name) => usageColumn[name]), "provenance"]

/** The columns of what the usage costs: exact, and in whole nano-dollars for sums. They follow those of the usage. */
export const costColumns = ["cost_usd", "cost_nanos"] as const

/** The columns only a settlement states, in the order of its row, after those of the opening, the usage and the cost. */
export const settlementColumns = [
  "ended_at",
  "status",
  "outcome",
  "detail",
  "upstream",
  "lane",
  "provider",
  "upstream_model",
  "served_model",
  "attempts",
  "price_version",
  "losses",
  "response_losses",
  "bytes_out",
  "ttft_ms",
  "finish",
  "error_class",
  "error_message",
  "saved_usd",
  "tier",
  "effort"
] as const

/** How many of them there were at first: what older rows in spill files are made of. New ones go to the end. */
export const firstSettlementColumns = 19

/** The columns of one attempt at the end of a settle row, after the exchange's id and the attempt's number. */
export const attemptColumns = [
  "provider",
  "upstream_model",
  "started_at",
  "ended_at",
  "error_class",
  "error_message",
  "error_status",
  "credential"
] as const

/** How many of them there were at first: what older rows and the chain's first links are made of. New ones go to the end. */
export const firstAttemptColumns = 7

/** Number of values in a settle row before its attempts, the kind included. */
export const settleLength = 1 + openingColumns.length + usageColumns.length + costColumns.length + settlementColumns.length

// Built by pushing onto one array: this runs on the event loop, twice for every exchange
type Draft = [kind: Kind, ...values: Array<Value>]

/** The row that opens an exchange. */
export const opening = (opening: Opening): Row => {
  const row: Draft = [0]
  pushOpening(row, opening)
  return row
}

/** The row that notes the usage so far. */
export const checkpoint = (id: string, usage: MeteredUsage, costUsd?: string): Row => {
  const row: Draft = [1]
  pushUsage(row, usage)
  pushCost(row, costUsd)
  row.push(id)
  return row
}

/** The row that settles an exchange: the whole exchange, its attempts flat at the end. */
export const settlement = (settled: Settlement): Row => {
  const { outcome } = settled
  const error = Outcome.errorOf(outcome)
  const row: Draft = [2]
  pushOpening(row, settled)
  pushUsage(row, settled.usage)
  pushCost(row, settled.costUsd)
  row.push(
    whole(settled.endedAt),
    Outcome.ledgerStatus(outcome),
    Outcome.label(outcome),
    detail(outcome),
    settled.upstream ?? null,
    settled.lane ?? null,
    settled.provider ?? null,
    settled.upstreamModel ?? null,
    settled.servedModel ?? null,
    settled.attempts.length,
    settled.priceVersion ?? null,
    list(settled.losses),
    list(settled.responseLosses),
    whole(settled.bytesOut),
    settled.ttftMs === undefined ? null : whole(settled.ttftMs),
    settled.finish ?? null,
    error?.class ?? null,
    error?.message ?? null,
    settled.savedUsd ?? null,
    settled.tier ?? null,
    settled.effort ?? null
  )
  for (const attempt of settled.attempts) {
    row.push(
      attempt.provider,
      attempt.upstreamModel,
      whole(attempt.startedAt),
      whole(attempt.endedAt),
      attempt.error?.class ?? null,
      attempt.error?.message ?? null,
      attempt.error?.status === undefined ? null : whole(attempt.error.status),
      attempt.credential ?? null
    )
  }
  return row
}

const pushOpening = (row: Draft, opening: Opening): void => {
  row.push(
    opening.id,
    whole(opening.startedAt),
    opening.operation,
    opening.principal,
    opening.inbound,
    opening.stream ? 1 : 0,
    opening.model ?? null,
    whole(opening.estimatedInput),
    opening.tenant ?? null,
    opening.team ?? null,
    opening.estimatedUsd ?? null
  )
}

const pushCost = (row: Draft, costUsd: string | undefined): void => {
  row.push(...cost(costUsd))
}

/** The values of {@link costColumns}. */
export const cost = (costUsd: string | undefined): readonly [usd: Value, nanos: Value] => {
  const money = costUsd === undefined ? Option.none() : Money.fromDecimal(costUsd)
  return [costUsd ?? null, Option.isNone(money) ? null : whole(Number(Money.toNanos(money.value)))]
}

const pushUsage = (row: Draft, { provenance, tokens }: MeteredUsage): void => {
  let letters = ""
  for (const name of classes) {
    const count = tokens[name]
    row.push(count === undefined ? null : whole(count))
    letters += count === undefined ? "-" : letterOf[provenance[name] ?? "estimated"]
  }
  row.push(letters)
}

/** Provenance as it is stored: one letter for each class, in the order of the classes, `-` where the class is not stated. */
export const letterOf: { readonly [K in Provenance]: string } = { reported: "r", counted: "c", estimated: "e", bounded: "b" }

// What the label leaves out
const detail = (outcome: Outcome.Outcome): string | null => {
  switch (outcome._tag) {
    case "Cancelled":
      return outcome.why ?? null
    case "Completed":
    case "Incomplete":
      return outcome.captureMiss === true
        ? outcome.brokeAfter === true ? "captureMiss brokeAfter" : "captureMiss"
        : outcome.brokeAfter === true
        ? "brokeAfter"
        : null
    case "UpstreamFailed":
      return outcome.committed ? "committed" : null
    default:
      return null
  }
}

const list = (items: ReadonlyArray<string | CountedLoss>): string | null => items.length === 0 ? null : JSON.stringify(items)

/** A number as the ledger stores it. Providers' counts are not to be trusted, and one odd value would refuse the whole row. */
export const whole = (value: number): number =>
  Number.isSafeInteger(value) ? value : Math.min(Math.max(Math.trunc(value) || 0, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER)

/** About how many bytes a row takes: what the bounds of queues and commits are counted in. */
export const size = (row: Row): number => {
  let bytes = 64
  for (const value of row) bytes += typeof value === "string" ? value.length + 8 : 8
  return bytes
}
