/**
 * What was asked and what it cost, added up by hour or day: for charts and bills. Kept by the ledger beside its rows, so that a chart
 * of a year reads no exchange, and outlives the rows. What counts where is decided here, for every implementation of the port.
 */
import type { Usage } from "@sluice/protocol/CanonicalUsage"

/** What a chart may be split by, or held to. */
export const dimensions = ["tenant", "team", "principal", "model", "provider", "status"] as const

/** See {@link dimensions}. */
export type Dimension = (typeof dimensions)[number]

/** Which chart. Each point is an hour or a UTC day, by the start of its exchanges. */
export interface ChartQuery {
  /** Milliseconds since the epoch; the hour or day it lies in is included. */
  readonly from: number
  /** Exclusive; an hour or day that has begun before is included. */
  readonly until: number
  readonly step: "hour" | "day"
  /** One point for each value; absent = one point for all. */
  readonly by?: Dimension
  /** Only exchanges with these values. */
  readonly where?: { readonly [K in Dimension]?: string }
}

/** What happened in one hour or day. */
export interface ChartPoint {
  /** The beginning, as an ISO time. */
  readonly at: string
  /** The value it is split by; absent where the exchanges have none. */
  readonly of?: string
  readonly requests: number
  readonly usage: Usage
  /** Decimal US dollars, of exchanges with a known price. */
  readonly costUsd: string
}

/** Points in one chart at most: the earliest are shown. */
export const largest = 10_000

/** Milliseconds of a step. */
export const stepMs = { hour: 3_600_000, day: 86_400_000 } as const

/** The values of an exchange. Absent = it has none. */
export type Place = { readonly [K in Dimension]?: string | undefined }

/** Where an exchange is counted. The model of a refused one is not: anybody may name any number of models, and each would be kept for ever. */
export const placeOf = (exchange: Place): Place => ({
  tenant: exchange.tenant,
  team: exchange.team,
  principal: exchange.principal,
  model: exchange.status === "denied" ? undefined : exchange.model,
  provider: exchange.provider,
  status: exchange.status
})
