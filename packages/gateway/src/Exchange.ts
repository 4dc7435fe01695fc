/**
 * One client request's life as the pipeline keeps it: who asks what of whom, what was tried, and the once-only cell that says
 * how it ended. Mutable on purpose and owned by one request; everything that judges it is pure (Verdict.ts).
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect, Operation } from "@sluice/protocol/Dialect"
import type { Framing } from "@sluice/protocol/Framing"
import * as Loss from "@sluice/protocol/Loss"
import type { ExchangeId } from "./ExchangeId.ts"
import type { ExchangeContext } from "./Extension.ts"
import type { AttemptRecord, Settlement } from "./Ledger.ts"
import type { Principal } from "./Principal.ts"
import type { ProviderId } from "./ProviderId.ts"
import { mainFinish, type StreamTap } from "./StreamTap.ts"
import * as Verdict from "./Verdict.ts"

/** The attempt that carries, or was last to try to carry, the answer. */
export interface Current {
  readonly provider: ProviderId
  readonly upstreamModel: string
  readonly upstream: Dialect["id"]
  readonly lane: "bytes" | "typed"
  readonly losses: ReadonlyArray<Loss.Loss>
  readonly tap: StreamTap
  readonly responseLosses: Loss.LossSink
}

/** A running exchange. */
export interface Exchange {
  readonly id: ExchangeId
  readonly startedAt: number
  readonly principal: Principal
  readonly inbound: Dialect
  readonly operation: Operation
  /** How the client is answered when it asks for a stream. */
  readonly framing: Framing
  stream: boolean
  model: string | undefined
  estimatedInput: number
  /** The client's request, decoded when an encoder or an interceptor first asks. */
  request: (() => CanonicalRequest) | undefined
  current: Current | undefined
  readonly attempts: Array<AttemptRecord>
  sentUpstream: boolean
  committed: boolean
  waitedInVain: boolean
  bytesOut: number
  /** The step under way that may refuse, until the ledger is open; what fails then is a refusal by this step. */
  step: string | undefined
  /** A drain or a lingering connection closes the exchange's scope, not the request. */
  outlivesRequest: boolean
  /** How it ended, first writer wins; see {@link endOnce}. */
  ending: Verdict.Ending | undefined
}

/** A new exchange. */
export const begin = (facts: Pick<Exchange, "id" | "startedAt" | "principal" | "inbound" | "operation" | "framing">): Exchange => ({
  ...facts,
  stream: false,
  model: undefined,
  estimatedInput: 0,
  request: undefined,
  current: undefined,
  attempts: [],
  sentUpstream: false,
  committed: false,
  waitedInVain: false,
  bytesOut: 0,
  step: undefined,
  outlivesRequest: false,
  ending: undefined
})

/** Fills the once-only cell: the first ending stands, later ones are ignored. */
export const endOnce = (exchange: Exchange, ending: Verdict.Ending): void => {
  exchange.ending ??= ending
}

/** What hooks may know of it. */
export const contextOf = (exchange: Exchange): ExchangeContext => ({
  id: exchange.id,
  startedAt: exchange.startedAt,
  principal: exchange.principal,
  inbound: exchange.inbound.id,
  operation: exchange.operation,
  model: exchange.model ?? "",
  stream: exchange.stream
})

/** The whole record of the exchange, as it stands at `endedAt`. */
export const settlement = (exchange: Exchange, endedAt: number): Settlement => {
  const { current } = exchange
  const tap = current?.tap.facts()
  const facts: Verdict.Facts = { ...exchange, tap }
  const outcome = Verdict.outcome(facts)
  const finish = tap === undefined ? undefined : mainFinish(tap)
  return {
    id: exchange.id,
    startedAt: exchange.startedAt,
    operation: exchange.operation,
    principal: exchange.principal.id,
    inbound: exchange.inbound.id,
    stream: exchange.stream,
    ...(exchange.model === undefined ? {} : { model: exchange.model }),
    estimatedInput: exchange.estimatedInput,
    endedAt,
    outcome,
    ...(current === undefined ? {} : { upstream: current.upstream, lane: current.lane, provider: current.provider, upstreamModel: current.upstreamModel }),
    ...(tap?.servedModel === undefined ? {} : { servedModel: tap.servedModel }),
    attempts: exchange.attempts,
    usage: Verdict.usage(facts, outcome),
    losses: [...new Set((current?.losses ?? []).map(Loss.toText))],
    responseLosses: Loss.count(current?.responseLosses.losses ?? []),
    bytesOut: exchange.bytesOut,
    ...(tap?.firstContentAt === undefined ? {} : { ttftMs: Math.max(0, tap.firstContentAt - exchange.startedAt) }),
    ...(finish === undefined ? {} : { finish: finish.reason })
  }
}
