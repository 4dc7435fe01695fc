/**
 * An executor opens an attempt upstream. It declares the dialect it speaks; the gateway translates around it. One
 * `HttpExecutor` serves every HTTP provider.
 */
import type { Dialect, Operation } from "@sluice/protocol/Dialect"
import type { GatewayError } from "@sluice/protocol/GatewayError"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Credential } from "./Credential.ts"
import type { HeaderChange } from "./HeaderChange.ts"
import type { ProviderId } from "./ProviderId.ts"
import type { ProviderPolicy } from "./ProviderPolicy.ts"
import type { Limits } from "./Timeouts.ts"
import type { UpstreamReply } from "./UpstreamClient.ts"

/** What is sent: a body in the executor's dialect. */
export interface AttemptRequest {
  readonly operation: Operation
  /** Which of the protocol's endpoints for this, where there are several. */
  readonly variant?: string
  /** The upstream's name of the model, for dialects that tell it in the path. */
  readonly model: string
  readonly stream: boolean
  readonly body: Uint8Array | string
  /** Parameters of the query for this request, beside those of the provider: which page of a list is wanted. */
  readonly query?: { readonly [name: string]: string }
  /** Protocol headers of the dialect (versions, beta flags); never a credential. */
  readonly headers: { readonly [name: string]: string }
  /** Changes of all headers but credentials and HTTP's own, which interceptors want; made in order. */
  readonly changes?: ReadonlyArray<HeaderChange>
  /** What the provider is asked with; absent where the executor takes none. */
  readonly credential?: Credential
}

/** What a client asks of a provider in the provider's own words, and none of its dialect's. */
export interface RawRequest {
  readonly method: RawMethod
  /** Behind the provider's base URL, with its query: `/files?limit=10`. */
  readonly path: string
  /** Those of the client's that may be handed on are picked by the executor. Names are lower-case; never a credential. */
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body?: Uint8Array
  /** What the provider is asked with; absent where the executor takes none. */
  readonly credential?: Credential
}

/** How a provider may be asked. */
export type RawMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

/** Something that can answer requests in one dialect. */
export interface Executor {
  readonly id: ProviderId
  readonly dialect: Dialect
  readonly limits: Limits
  /** Extra tries at this provider before the commit. */
  readonly retries: number
  /** The credentials it may be asked with, as they are now: each attempt is made with one of them. Absent = it takes none. */
  readonly credentials?: () => ReadonlyArray<Credential>
  /** How its credentials are chosen, when they rest, what its errors mean; absent = the defaults. */
  readonly policy?: ProviderPolicy
  /** Opens the attempt in the given scope; closing the scope ends it. */
  readonly open: (request: AttemptRequest) => Effect.Effect<UpstreamReply, GatewayError, Scope.Scope>
  /** Hands on what no dialect has words for. Absent = it does not. What the dialect has words for is refused: it would be a way around translation, models and usage. */
  readonly raw?: (request: RawRequest) => Effect.Effect<UpstreamReply, GatewayError, Scope.Scope>
}
