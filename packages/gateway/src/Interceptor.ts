/**
 * An interceptor may change what passes: the request once, each attempt, the frames of the answer, the bytes that go to the client,
 * a whole reply. Registered as a Layer, run in a fixed order: phase, then priority (higher first), then id. One that wants frames
 * puts the exchange on the typed lane.
 *
 * @example
 * Interceptor.layer({ id: "brief", request: (request) => Effect.succeed({ ...request, maxOutputTokens: 100 }) })
 */
import type { EmbeddingRequest } from "@sluice/protocol/CanonicalEmbedding"
import type { Frame } from "@sluice/protocol/CanonicalEvent"
import type { CanonicalRequest } from "@sluice/protocol/CanonicalRequest"
import type { Dialect } from "@sluice/protocol/Dialect"
import type { Failure } from "@sluice/protocol/GatewayError"
import type { Loss } from "@sluice/protocol/Loss"
import type { JsonObject } from "@sluice/protocol/Wire"
import type * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ExchangeContext } from "./Extension.ts"
import type { GatewayPart } from "./GatewayPart.ts"
import type { HeaderChange, Headers } from "./HeaderChange.ts"
import { Interceptors } from "./Registries.ts"
import type { Stop } from "./ShortCircuit.ts"

/** What an interceptor of an attempt is told beside the exchange. */
export interface AttemptContext extends ExchangeContext {
  /** 1 for the first attempt of the exchange. */
  readonly attempt: number
  readonly provider: string
  readonly upstreamModel: string
  /** The dialect the provider speaks. */
  readonly upstream: Dialect["id"]
}

/** What an attempt is to send instead, where that is more than another request; made with {@link change}. */
export interface AttemptChange<Q = CanonicalRequest> {
  readonly _tag: "AttemptChange"
  /** The request in canonical words; absent = as it was. */
  readonly request?: Q
  /** Changes the protocol headers that go upstream. The executor's credentials and HTTP's own headers come after, and are not to be had. */
  readonly headers?: HeaderChange
  /** The body as it is sent, after encoding: for what canonical words cannot say. Empty text sends an empty body. */
  readonly body?: string | Uint8Array
  /** Changes the body as it was encoded for the provider, in its own words. Runs after all interceptors; not where `body` replaces it. */
  readonly edit?: Edit
  /** What the caller asked for and does not get: told in the reply's head and kept in the ledger. */
  readonly losses?: ReadonlyArray<Loss>
}

/** A body of the provider's protocol with changes, and what they take from the caller. */
export type Edit = (body: JsonObject) => { readonly body: JsonObject; readonly losses: ReadonlyArray<Loss> }

/** Headers, a body, or another request for an attempt: `change({ headers: { set: { "x-team": "blue" } } })`. */
export const change = (change: Omit<AttemptChange, "_tag">): AttemptChange => ({ _tag: "AttemptChange", ...change })

/** Another request, and what its caller does not get by it; made with {@link change}. */
export type RequestChange = Pick<AttemptChange, "_tag" | "request" | "losses">

/** How an answer ended: as it should, with an error, or by somebody who would not wait for more. */
export type EndReason = "end" | "error" | "interrupted"

/** Changes the frames of one answer; called synchronously, in order. What it emits must be a legal sequence (`Grammar.ts` of the protocol). */
export interface FrameStage {
  /** An empty result, or a frame without events, drops the frame. An `error` event ends the answer as a refusal by this interceptor. */
  readonly step: (frame: Frame) => ReadonlyArray<Frame>
  /**
   * Called once for every stage that was started, after the last frame. Frames held back until now go out before the terminal event of
   * the answer, unless nobody is there to read them (`interrupted`).
   */
  readonly end?: (reason: EndReason) => ReadonlyArray<Frame>
}

/** The call before the head of a streamed answer goes to the client. */
export interface ChunkHead {
  readonly index: -1
  readonly status: number
  readonly headers: Headers
}

/** One wire event of the client's dialect, as it is about to be sent. */
export interface Chunk {
  /** Counts from 0, dropped chunks too. */
  readonly index: number
  readonly bytes: Uint8Array
  /** The chunks that were sent before this one, oldest first: at most 64 of them and 1 MiB. They are the bytes themselves, not copies: not to be written to. */
  readonly history: ReadonlyArray<Uint8Array>
}

/** Changes the bytes of one streamed answer; called synchronously, in order. */
export interface ChunkStage {
  /** The first call, and the only one that may change headers. */
  readonly head?: (head: ChunkHead) => HeaderChange | undefined
  /** The bytes to send instead, or the same; `undefined` drops the chunk, and the stages behind do not see it. */
  readonly step?: (chunk: Chunk) => Uint8Array | undefined
  /** Called once, after the last chunk. Bytes it gives are sent last, unless nobody is there to read them (`interrupted`). */
  readonly end?: (reason: EndReason) => Uint8Array | undefined
}

/** A whole reply to the client: an answer that is not streamed, or an error. */
export interface WholeReply {
  readonly status: number
  readonly headers: Headers
  /** As it is sent, in the client's dialect. */
  readonly body: Uint8Array
  /** What an error reply says; absent = it is an answer. */
  readonly failure?: Failure
}

/** What a whole reply is to be instead; what is absent stays. */
export interface ReplyChange {
  readonly status?: number
  readonly headers?: HeaderChange
  /** Empty text sends an empty body. */
  readonly body?: string | Uint8Array
}

/** Hooks that may change what passes. */
export interface Interceptor extends GatewayPart {
  /** Once per exchange, before the plan; `context.operation` tells a prompt that is only counted from one that is answered. */
  readonly request?: (request: CanonicalRequest, context: ExchangeContext) => Effect.Effect<CanonicalRequest | RequestChange, Stop>
  /** Once per attempt, after the target was picked. */
  readonly attempt?: (request: CanonicalRequest, context: AttemptContext) => Effect.Effect<CanonicalRequest | AttemptChange, Stop>
  /** Once per exchange that wants texts embedded, before the plan. */
  readonly embed?: (request: EmbeddingRequest, context: ExchangeContext) => Effect.Effect<EmbeddingRequest, Stop>
  /** Once per whole reply to the client, error replies too; `undefined` leaves it as it is. */
  readonly response?: (reply: WholeReply, context: ExchangeContext) => Effect.Effect<ReplyChange | undefined, Stop>
  /** Starts a stage with its own state for each attempt's answer, streamed or buffered. */
  readonly events?: (context: AttemptContext) => FrameStage
  /** Starts a stage with its own state for each streamed answer, when its head is about to go out. */
  readonly chunks?: (context: ExchangeContext) => ChunkStage
}

/** Hands an interceptor to the gateway. */
export const layer = (interceptor: Interceptor): Layer.Layer<never, never, Interceptors> =>
  Layer.effectDiscard(Interceptors.use((registry) => registry.register(interceptor)))
