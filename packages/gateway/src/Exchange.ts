/**
 * One client request's life as the pipeline keeps it: who asks what of whom, what was tried, and the once-only cell that says
 * how it ended. Mutable on purpose and owned by one request; everything that judges it is pure (Verdict.ts).
 */
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect, Operation } from "@sluice/protocol/Dialect"
import type { Framing } from "@sluice/protocol/Framing"
import * as Loss from "@sluice/protocol/Loss"
import type { Ticket } from "./Admission.ts"
import type { Underway } from "./AttemptReport.ts"
import type { Kept } from "./Bodies.ts"
import * as Bodies from "./Bodies.ts"
import type { CredentialId } from "./Credential.ts"
import type { ExchangeId } from "./ExchangeId.ts"
import type { ExchangeContext } from "./Extension.ts"
import type { AttemptRecord, Opening, Settlement } from "./Ledger.ts"
import type { Reservation } from "./Limits.ts"
import type { Price } from "./Prices.ts"
import type { Principal } from "./Principal.ts"
import type { ProviderId } from "./ProviderId.ts"
import type { Held } from "./replays/Held.ts"
import type { ChunkRun } from "./stages/ChunkRun.ts"
import type { Recording } from "./stages/Recording.ts"
import { mainFinish, type StreamTap } from "./StreamTap.ts"
import * as Verdict from "./Verdict.ts"

/** The attempt that carries, or was last to try to carry, the answer. */
export interface Current {
  readonly provider: ProviderId
  readonly upstreamModel: string
  /** What the provider was asked with. */
  readonly credential?: CredentialId | undefined
  readonly upstream: Dialect["id"]
  readonly lane: "bytes" | "typed"
  readonly losses: ReadonlyArray<Loss.Loss>
  /** The price the target has of its own. */
  readonly price?: Price | undefined
  readonly tap: StreamTap
  readonly responseLosses: Loss.LossSink
}

/** A running exchange. */
export interface Exchange {
  readonly id: ExchangeId
  /** The time of day it began, in milliseconds since the epoch: for records only. */
  readonly startedAt: number
  /** The same moment on the gateway's steady clock: what all durations and limits count from. */
  readonly begunAt: number
  readonly principal: Principal
  readonly inbound: Dialect
  readonly operation: Operation
  /** How the client is answered when it asks for a stream. */
  readonly framing: Framing
  /** Headers the client sent, by lower-case name. */
  headers: { readonly [name: string]: string | undefined }
  stream: boolean
  model: string | undefined
  /** What answers call the model where it is not the provider's own name of it. */
  shownModel: string | undefined
  /** Length of the client's body. */
  bodyCharacters: number
  estimatedInput: number
  /** How much thinking is asked for, in the words of a model name's suffix; absent = nothing is said. */
  effort: string | undefined
  /** What the estimated prompt costs at the first target, in decimal US dollars; set when the exchange opens. */
  estimatedUsd: string | undefined
  /** What interceptors took from the request for all attempts. */
  requestLosses: ReadonlyArray<Loss.Loss>
  /** The targets of its plan, in order. */
  targets: ExchangeContext["targets"]
  /** The client's request, decoded when an encoder or an interceptor first asks. */
  request: (() => CanonicalRequest) | undefined
  current: Current | undefined
  readonly attempts: Array<AttemptRecord>
  /** The attempt whose end is not told yet. */
  underway: Underway | undefined
  sentUpstream: boolean
  committed: boolean
  waitedInVain: boolean
  bytesOut: number
  /** Its place among those that are admitted; absent where everybody is. */
  ticket: Ticket | undefined
  /** The step under way that may refuse, until the ledger is open; what fails then is a refusal by this step. */
  step: string | undefined
  /** A drain or a lingering connection closes the exchange's scope, not the request. */
  outlivesRequest: boolean
  /** Room in the limits of whoever asks, from when it was made. */
  reservation: Reservation | undefined
  /** What the client is told of its limits; where it is, the provider's own are not its business. */
  limitHeaders: { readonly [name: string]: string } | undefined
  /** Is shown every byte of the answer that goes to the client; signs of life are not. */
  onBytes: ((bytes: Uint8Array) => void) | undefined
  /** The bodies, where something of them is kept. */
  bodies: Kept | undefined
  /** The claim to the client's idempotency key, while this exchange holds it. */
  replay: Held | undefined
  /** The stages of interceptors that the streamed answer's bytes pass; from when its head went out. */
  chunks: ChunkRun | undefined
  /** The answer as a cache may keep it; where one was asked and had none. */
  recording: Recording | undefined
  /** What giving an answer again saved, as decimal US dollars. */
  savedUsd: string | undefined
  /** How it ended, first writer wins; see {@link endOnce}. */
  ending: Verdict.Ending | undefined
}

/** A new exchange. */
export const begin = (facts: Pick<Exchange, "id" | "startedAt" | "begunAt" | "principal" | "inbound" | "operation" | "framing">): Exchange => ({
  ...facts,
  headers: {},
  stream: false,
  model: undefined,
  shownModel: undefined,
  bodyCharacters: 0,
  estimatedInput: 0,
  effort: undefined,
  estimatedUsd: undefined,
  requestLosses: [],
  targets: [],
  request: undefined,
  current: undefined,
  attempts: [],
  underway: undefined,
  sentUpstream: false,
  committed: false,
  waitedInVain: false,
  bytesOut: 0,
  ticket: undefined,
  step: undefined,
  outlivesRequest: false,
  reservation: undefined,
  limitHeaders: undefined,
  onBytes: undefined,
  bodies: undefined,
  replay: undefined,
  chunks: undefined,
  recording: undefined,
  savedUsd: undefined,
  ending: undefined
})

/** Fills the once-only cell: the first ending stands, later ones are ignored. */
export const endOnce = (exchange: Exchange, ending: Verdict.Ending): void => {
  exchange.ending ??= ending
}

/** The time of day of a moment on the steady clock: as far after the start as was measured, whatever the wall clock did meanwhile. */
export const timeOf = (exchange: Exchange, moment: number): number => exchange.startedAt + Math.max(0, moment - exchange.begunAt)

/** Headers that hold credentials whatever the protocol. */
const secretHeaders: ReadonlySet<string> = new Set(["authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-goog-api-key"])

const isSecret = ({ inbound }: Exchange, name: string): boolean => secretHeaders.has(name) || inbound.credential.accepts.some(({ header }) => header === name)

/** What hooks may know of it. */
export const contextOf = (exchange: Exchange): ExchangeContext => ({
  id: exchange.id,
  startedAt: exchange.startedAt,
  principal: exchange.principal,
  inbound: exchange.inbound.id,
  operation: exchange.operation,
  model: exchange.model ?? "",
  stream: exchange.stream,
  header: (name) => isSecret(exchange, name) ? undefined : exchange.headers[name],
  targets: exchange.targets
})

/** What the ledger is told when the exchange opens, and again when it is settled. */
export const opening = (exchange: Exchange): Opening => {
  const { principal: { id, team, tenant }, model } = exchange
  return {
    id: exchange.id,
    startedAt: exchange.startedAt,
    operation: exchange.operation,
    principal: id,
    ...(tenant === undefined ? {} : { tenant }),
    ...(team === undefined ? {} : { team }),
    inbound: exchange.inbound.id,
    stream: exchange.stream,
    ...(model === undefined ? {} : { model }),
    estimatedInput: exchange.estimatedInput,
    ...(exchange.estimatedUsd === undefined ? {} : { estimatedUsd: exchange.estimatedUsd })
  }
}

/** The service tier decides what tokens cost, and no other protocol has words for it. */
const tierLoss = ({ current, inbound }: Exchange): ReadonlyArray<Loss.Loss> => {
  const before = current?.tap.facts().tier
  return before === undefined || current?.upstream === inbound.id
    ? []
    : [{ at: "/usage/tier", canonical: "/usage/tier", reason: "dropped", weight: "hint", before }]
}

/** The whole record of the exchange, as it stands at this moment of the steady clock. */
export const settlement = (exchange: Exchange, moment: number): Settlement => {
  const { current } = exchange
  const tap = current?.tap.facts()
  const facts: Verdict.Facts = { ...exchange, tap }
  const outcome = Verdict.outcome(facts)
  const finish = tap === undefined ? undefined : mainFinish(tap)
  return {
    ...opening(exchange),
    endedAt: timeOf(exchange, moment),
    outcome,
    ...(current === undefined ? {} : { upstream: current.upstream, lane: current.lane, provider: current.provider, upstreamModel: current.upstreamModel }),
    ...(current?.credential === undefined ? {} : { credential: current.credential }),
    ...(tap?.servedModel === undefined ? {} : { servedModel: tap.servedModel }),
    attempts: exchange.attempts,
    usage: Verdict.usage(facts, outcome),
    losses: [...new Set((current?.losses ?? []).map(Loss.toText))],
    responseLosses: Loss.count([...(current?.responseLosses.losses ?? []), ...tierLoss(exchange)]),
    bytesOut: exchange.bytesOut,
    ...(tap?.firstContentAt === undefined ? {} : { ttftMs: Math.max(0, tap.firstContentAt - exchange.begunAt) }),
    ...(finish === undefined ? {} : { finish: finish.reason }),
    ...(tap?.tier === undefined ? {} : { tier: tap.tier }),
    ...(exchange.effort === undefined ? {} : { effort: exchange.effort }),
    ...(exchange.savedUsd === undefined ? {} : { savedUsd: exchange.savedUsd }),
    ...(exchange.bodies === undefined ? {} : { bodies: Bodies.end(exchange.bodies) })
  }
}
