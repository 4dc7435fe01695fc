/**
 * Bytes in, principal out. The default refuses everyone: a gateway without an authenticator layer does not compile, and one
 * that is open says so. Several authentication schemes stand in one chain: each is asked in order until one knows the caller
 * or refuses it for good. Who cannot be found out is refused.
 */
import type { GatewayError } from "@sluice/protocol/GatewayError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Chain from "./authentication/Chain.ts"
import type { Principal } from "./Principal.ts"

/** What an authenticator may look at. Header names are lower-case. */
export interface Presented {
  readonly method: string
  /** With its query, but for a secret in it; see {@link query}. */
  readonly path: string
  readonly headers: { readonly [name: string]: string | undefined }
  /** The secret the client sent, taken from wherever its protocol puts it. */
  readonly secret: string | undefined
  /** The parameter of the query in which a secret was sent that this gateway does not take there; absent = none was. */
  readonly ignored?: string
  /** Who holds the other end of the connection, as a numeric address: a proxy, where one stands before the gateway. Absent = not known. */
  readonly address?: string
  /**
   * The body, decompressed and within the limit. It is read when it is first asked for and at most once: whoever reads it after
   * that, the gateway too, gets the same bytes. Absent = none can have been sent.
   */
  readonly body?: Effect.Effect<Uint8Array, GatewayError>
}

/** The parameters of the query, but for a secret in it. */
export const query = ({ path }: Pick<Presented, "path">): URLSearchParams => new URLSearchParams(path.split("?", 2)[1] ?? "")

/** Decides who is asking; fails with class `unauthenticated`, or `unavailable` where it could not be found out. */
export class Authenticator extends Context.Service<Authenticator, {
  readonly authenticate: (presented: Presented) => Effect.Effect<Principal, GatewayError>
  /** The schemes that are asked, in their order, where it is a chain: a gateway counts their faults. */
  readonly schemes?: ReadonlyArray<Scheme>
}>()("@sluice/gateway/Authenticator") {}

/** One way of knowing callers: keys, tokens, the word of a proxy. */
export interface Scheme {
  /** Names it in logs; of two with the same priority the lower id is asked first. */
  readonly id: string
  /** Higher ones are asked first; 0 when absent. */
  readonly priority?: number
  /** Stands alone: no other scheme is asked. Of several such ones the first in order stands. */
  readonly exclusive?: boolean
  /**
   * `none`: what was presented is not for this scheme to judge, and the next one is asked. A principal, or a failure, is the
   * last word. A defect refuses the caller too.
   */
  readonly authenticate: (presented: Presented) => Effect.Effect<Option.Option<Principal>, GatewayError>
}

/** Where the schemes of a chain register while it is built. */
export class Schemes extends Context.Service<Schemes, { readonly register: (scheme: Scheme) => Effect.Effect<void> }>()("@sluice/gateway/Schemes") {}

/**
 * Hands a scheme to the chain it is built in.
 *
 * @example
 * Authenticator.chain(Layer.merge(ApiKeys.scheme(keys), Authenticator.scheme({ id: "badge", authenticate: ({ headers }) => … })))
 */
export const scheme = (scheme: Scheme): Layer.Layer<never, never, Schemes> => Layer.effectDiscard(Schemes.use((schemes) => schemes.register(scheme)))

/** The authenticator that asks these schemes, the highest priority first, then by id. Without any it refuses everybody. */
export const chain = <E, R>(schemes: Layer.Layer<never, E, R>): Layer.Layer<Authenticator, E, Exclude<R, Schemes>> =>
  Layer.effect(
    Authenticator,
    Effect.gen(function*() {
      const registered: Array<Scheme> = []
      const register = (scheme: Scheme) => Effect.sync(() => void registered.push(scheme))
      yield* Layer.build(schemes).pipe(Effect.provideService(Schemes, { register }))
      const asked = Chain.asked(registered)
      return { schemes: asked, authenticate: Chain.authenticate(asked) }
    })
  )
