/**
 * The one way out: every HTTP request to a provider goes through this port, so that timeouts, egress rules and connection
 * reuse have one place. The default, on undici, is `UndiciClient.ts`.
 */
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ByteSource } from "./ByteSource.ts"

/** One request to a provider. */
export interface UpstreamRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly url: URL
  /** Complete: nothing is added but what HTTP itself needs. Names are lower-case. */
  readonly headers: { readonly [name: string]: string }
  readonly body?: Uint8Array | string
  /** Milliseconds to a connected socket. */
  readonly connectTimeoutMs: number
}

/** The head of a reply, with its body still to come. */
export interface UpstreamReply {
  readonly status: number
  /** Names are lower-case; repeated headers are joined by a comma. */
  readonly headers: { readonly [name: string]: string | undefined }
  readonly body: ByteSource
}

/** Opens requests. Closing the scope closes the connection unless the body was read to its end. */
export class UpstreamClient extends Context.Service<UpstreamClient, {
  /** Fails before the head: `timeout-connect` or `transient`. Interruption closes the socket at once. */
  readonly open: (request: UpstreamRequest) => Effect.Effect<UpstreamReply, GatewayError, Scope.Scope>
}>()("@sluice/gateway/UpstreamClient") {}
