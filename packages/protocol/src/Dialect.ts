/**
 * What a dialect is: a value. Its codecs are pure; the gateway, the laws and the command line use it only through this
 * interface, so that a new protocol is one folder and no change anywhere else.
 */
import type * as Result from "effect/Result"
import type { EmbedTexts } from "./CanonicalEmbedding.ts"
import type { Frame } from "./CanonicalEvent.ts"
import type { CanonicalRequest } from "./CanonicalRequest.ts"
import type { Framing } from "./Framing.ts"
import type { Failure } from "./GatewayError.ts"
import type { Loss, LossSink } from "./Loss.ts"
import type * as Machine from "./Machine.ts"
import type { ModelInfo } from "./ModelInfo.ts"
import type { ModelPage } from "./ModelPages.ts"
import type { WireEvent } from "./Sse.ts"
import type * as Thinking from "./Thinking.ts"
import type { CountTokens } from "./TokenCount.ts"
import type { DialectId, Json, JsonObject } from "./Wire.ts"

/** What an endpoint does; `raw` is what is handed on as it is and no dialect has words for. */
export type Operation = "generate" | "count" | "embed" | "models" | "raw"

/** Where a fact of the call is told: a key of the body, or the path; `is` says what the path means by being asked (`:streamGenerateContent` streams). */
export type Told = { readonly in: "body"; readonly key: string } | { readonly in: "path"; readonly is?: boolean }

/** One endpoint of a protocol, as data. */
export interface Endpoint {
  readonly operation: Operation
  readonly method: "GET" | "POST"
  /** Path on the gateway, `{model}` marking where a path names the model. */
  readonly path: string
  /** Path behind a provider's base URL, in the convention of the provider's own SDK. */
  readonly upstream: string
  readonly model: Told
  readonly stream: Told
  /** How a client is answered that asks here for a stream; absent = as server-sent events. */
  readonly framing?: Framing
  /** A parameter of the query that tells this endpoint from another of the same path (`alt=sse`). */
  readonly query?: { readonly name: string; readonly value: string }
  /** Tells endpoints apart that do the same for bodies of different forms; a question is encoded for one of them. */
  readonly variant?: string
}

/** How credentials travel. */
export interface CredentialStyle {
  /** Header for the upstream credential and what stands before the secret. */
  readonly header: string
  readonly prefix: string
  /** Headers in which clients of this protocol send theirs, lower-case, with what stands before the secret. */
  readonly accepts: ReadonlyArray<{ readonly header: string; readonly prefix: string }>
  /** The parameter of the query in which clients may send theirs instead; a gateway takes it only where it was told to. Absent = none. */
  readonly query?: string
}

/** Headers of the protocol. Names are lower-case. */
export interface HeaderPolicy {
  /** Request headers a client may send through to the same dialect (beta flags, protocol version). */
  readonly forwarded: ReadonlyArray<string>
  /** Headers every upstream request carries unless the client's forwarded ones say otherwise. */
  readonly fixed: { readonly [name: string]: string }
  /** Reply headers of the provider that reach the client: request id and rate limits; a trailing `*` matches any rest. */
  readonly reply: ReadonlyArray<string>
  /** Extra name under which this protocol's SDK reads the gateway's request id. */
  readonly requestId?: string
  /** How the protocol tells a caller what is left of its limits; absent = it does not. */
  readonly limits?: (facts: LimitFacts) => { readonly [name: string]: string }
}

/** What is left of a limit. */
export interface LimitRoom {
  readonly limit: number
  readonly remaining: number
  /** Milliseconds until all of it is there again. */
  readonly resetMs: number
}

/** What is left of a caller's limits per minute. */
export interface LimitFacts {
  /** The time of day, in milliseconds since the epoch. */
  readonly now: number
  readonly requests?: LimitRoom
  readonly tokens?: LimitRoom
}

/** What a request decoder is given beside the body. */
export interface RequestInput {
  readonly body: Json
  /** Headers of {@link HeaderPolicy.forwarded} that the client sent. */
  readonly headers: { readonly [name: string]: string }
  /** What the path said, where the endpoint tells model or stream there. */
  readonly path: { readonly model?: string; readonly stream?: boolean }
}

/** What is known of the model a request is for, beside its name. */
export interface ModelFacts {
  /** What it can be told about thinking; absent = what its name says, and where that says nothing, anything. */
  readonly thinking?: Thinking.Limits
}

/** A request in the dialect's own words. */
export interface EncodedRequest {
  readonly body: JsonObject
  readonly headers: { readonly [name: string]: string }
  readonly losses: ReadonlyArray<Loss>
  /** Tool names that had to be changed for this dialect: upstream name to the name offered, of a namespace the flat one of ToolNames.ts. */
  readonly renamed: ReadonlyMap<string, string>
}

/** What encoders of answers need to know of the exchange. */
export interface AnswerContext {
  /** The request as the client sent it. */
  readonly request: CanonicalRequest
  /** Unique, URL-safe id of the exchange, from which missing ids are made. */
  readonly id: string
  /** Seconds since the epoch, for answers that came without. */
  readonly created: number
  /**
   * What the answer calls the model where that is not the provider's own name of it. The start event says it already; it is for
   * protocols every event of which names the model.
   */
  readonly shownModel?: string
  readonly sink: LossSink
}

/** A model as a list names it, with what is known of it. */
export interface ListedModel extends ModelInfo {
  readonly id: string
  /** What it can be asked, as far as the protocols of its providers tell; absent = to generate. */
  readonly operations?: ReadonlyArray<Operation>
}

/** One page of a provider's own list. */
export interface ProviderPage {
  readonly models: ReadonlyArray<ListedModel>
  /** Parameters of the query that ask for the page after it; absent = it is the last. */
  readonly next?: { readonly [parameter: string]: string }
}

/** How a stream of wire events ended when its protocol did not say so. */
export type Ending = "eof" | "reset"

/** The codecs of one protocol. */
export interface Dialect {
  readonly id: DialectId
  /** Where the protocol's own provider lives, in the convention of its SDK. */
  readonly baseUrl: string
  /** How a provider is asked to stream. */
  readonly framing: Framing
  readonly endpoints: ReadonlyArray<Endpoint>
  readonly credential: CredentialStyle
  readonly headers: HeaderPolicy
  readonly request: {
    /** A body in canonical words; a failure of class `bad-request` names the offending path in `param`. */
    readonly decode: (input: RequestInput) => Result.Result<CanonicalRequest, Failure>
    /** What `decode` would refuse, without decoding: for requests that are passed on as they are. */
    readonly check: (input: RequestInput) => Failure | undefined
    /** Always succeeds: what cannot be carried is a loss, and the caller judges losses of weight `meaning`. */
    readonly encode: (request: CanonicalRequest, model?: ModelFacts) => EncodedRequest
  }
  /** What of thinking goes without saying here and has to be said for clients of other dialects. */
  readonly thinking?: {
    /** How much thinking a checked request asks for, told without decoding the rest of it; `undefined` where it says nothing. */
    readonly effort?: (body: JsonObject) => Thinking.Effort | undefined
    /** Clients cannot say what they want to see of the thinking: whoever asks for thinking is shown a summary of it. */
    readonly isShown?: boolean
    /** The request with what asks for proofs of the thinking, where they are not given unasked; without them the thinking ends with the answer. */
    readonly askProofs?: (request: CanonicalRequest) => CanonicalRequest
    /** Whether a request of this dialect holds thinking without a proof, which answers of other providers left in the conversation and this model refuses. */
    readonly isUnproven?: (body: JsonObject, model: string) => boolean
    /** A request of this dialect without such thinking, and without what excludes the thinking it asks for, and what was lost with it. */
    readonly proven?: (request: CanonicalRequest) => { readonly request: CanonicalRequest; readonly losses: ReadonlyArray<Loss> }
  }
  readonly response: {
    /** A buffered body as one frame of events; what is not an answer of this protocol is an `error` event. */
    readonly decode: (body: Json) => Frame
    /** Frames as a buffered body. Frames must hold a legal sequence that ends with `end`. */
    readonly encode: (frames: ReadonlyArray<Frame>, context: AnswerContext) => JsonObject
  }
  readonly events: {
    /**
     * Wire events to frames. Emits only legal sequences; a violation or an error inside the stream is an `error` event, and
     * `end` closes a stream that its protocol did not: `end` when every choice had finished, else `error` of class `cut`, or
     * `empty` when there was nothing. After a terminal event nothing more is emitted.
     */
    readonly decoder: Machine.Startable<WireEvent, ReadonlyArray<Frame>, void, Ending>
    /** Frames to wire events; accepts every legal sequence. An `error` event becomes the protocol's own terminal error. */
    readonly encoder: Machine.Startable<Frame, ReadonlyArray<WireEvent>, AnswerContext, void>
  }
  readonly errors: {
    /** An error reply of a provider. `retryAfterMs` is read from headers here. Never fails: unknown shapes are classed by status. */
    readonly decode: (reply: { readonly status: number; readonly headers: { readonly [name: string]: string | undefined }; readonly body: string }) => Failure
    /** The body of an error reply in this protocol. */
    readonly encode: (failure: Failure, facts: { readonly status: number; readonly requestId: string; readonly message: string }) => JsonObject
  }
  /** How tokens are counted. Where no endpoint does it, the gateway counts by itself; absent = clients cannot ask in this protocol. */
  readonly count?: CountTokens
  /** How texts become vectors; absent = the protocol does not know that. */
  readonly embed?: EmbedTexts
  readonly models: {
    /** The reply of the protocol's model list, or one page of it. */
    readonly list: (models: ReadonlyArray<ListedModel>, hasMore?: boolean) => JsonObject
    /** The page that the parameters of the query ask for; absent = the protocol has no pages. */
    readonly page?: (models: ReadonlyArray<ListedModel>, query: { readonly [name: string]: string }) => Result.Result<ModelPage, Failure>
    /** The reply for one model. */
    readonly one: (model: ListedModel) => JsonObject
    /** Parameters of the query that ask a provider for pages as large as it gives; absent = it gives its list whole. */
    readonly asked?: { readonly [parameter: string]: string }
    /** Reads a page of a provider's own list, which names models by the names they are asked by; absent = such lists cannot be read. */
    readonly read?: (page: Json) => Result.Result<ProviderPage, Failure>
  }
  /** What the byte lane needs to know without decoding. */
  readonly bytes: {
    /**
     * Characters of content in an event that only continues content: no start, usage, finish, error or new block in it, so that
     * the tap need not decode it. `undefined` where the event must be decoded. Counted on the escaped JSON text, for estimates.
     */
    readonly deltaLength: (event: WireEvent) => number | undefined
    /** Top-level request keys to set so that a streaming upstream reports usage; `undefined` where it always does. */
    readonly askUsage: ((body: JsonObject) => JsonObject) | undefined
    /** Takes usage out of a stream whose client did not ask for it: `undefined` drops the event. */
    readonly hideUsage: ((event: WireEvent) => WireEvent | undefined) | undefined
    /** What ends a stream whose choices have all finished but which broke off before its own terminal. */
    readonly terminal: ReadonlyArray<WireEvent>
  }
}
