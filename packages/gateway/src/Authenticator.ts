/**
 * Bytes in, principal out. The default refuses everyone: a gateway without an authenticator layer does not compile, and one
 * that is open says so.
 */
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Principal } from "./Principal.ts"

/** What an authenticator may look at. Header names are lower-case. */
export interface Presented {
  readonly method: string
  /** With its query, but for a secret in it. */
  readonly path: string
  readonly headers: { readonly [name: string]: string | undefined }
  /** The secret the client sent, taken from wherever its protocol puts it. */
  readonly secret: string | undefined
  /** The parameter of the query in which a secret was sent that this gateway does not take there; absent = none was. */
  readonly ignored?: string
}

/** Decides who is asking; fails with class `unauthenticated`. */
export class Authenticator extends Context.Service<Authenticator, {
  readonly authenticate: (presented: Presented) => Effect.Effect<Principal, GatewayError>
}>()("@sluice/gateway/Authenticator") {}
