/**
 * A simulated identity provider: OpenID Connect discovery with a key set, tokens minted on demand, and an OAuth server with the device
 * flow, codes with PKCE, and refresh tokens that rotate. It misbehaves on request. `layerServer` listens on a socket, `layer` answers in
 * this process; both take the time from Effect's Clock, so a test clock lets tokens end.
 *
 * @example
 * const { issuer, mint } = yield* IdentityProvider
 * const token = mint({ sub: "ada", aud: "sluice" })              // signed by a key of `${issuer}/jwks`
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Engine, make, type MintOptions, paths } from "./identityProvider/Engine.ts"
import type { LogEntry, Reply, Request } from "./identityProvider/Reply.ts"
import { type IdentityProviderListenError, start } from "./identityProvider/Server.ts"
import type { Account, Fault, Options } from "./identityProvider/Settings.ts"

export type { MintOptions } from "./identityProvider/Engine.ts"
export type { LogEntry, Reply, Request } from "./identityProvider/Reply.ts"
export { IdentityProviderListenError } from "./identityProvider/Server.ts"
export type { Account, Fault, Options } from "./identityProvider/Settings.ts"
export type { Algorithm } from "./identityProvider/SigningKeys.ts"

/** Where its parts are found. */
export interface Endpoints {
  readonly configuration: string
  readonly authorization: string
  readonly token: string
  readonly device: string
  readonly jwks: string
}

/** The provider, and the hands that move it. Everything is synchronous: it is memory. */
export class IdentityProvider extends Context.Service<IdentityProvider, {
  /** Its address, without a slash at the end; the `iss` of its tokens. */
  readonly issuer: string
  readonly endpoints: Endpoints
  readonly clientId: string
  readonly clientSecret: string
  /** Answers a request without a socket. */
  readonly handle: (request: Request) => Reply
  /** A signed token with these claims; `iss`, `iat` and `exp` are added where they are not told. */
  readonly mint: (claims: { readonly [name: string]: unknown }, options?: MintOptions) => string
  /** Signs with new keys from now on. The old ones stay in the key set unless told otherwise. */
  readonly rotateKeys: (options?: { readonly keepOld?: boolean }) => void
  /** What the token endpoint plays for its next requests, in order. */
  readonly script: (...faults: ReadonlyArray<Fault>) => void
  /** The person approves the device with this code, or refuses it; false where it is not known. */
  readonly decideDevice: (userCode: string, decision?: Account | "denied") => boolean
  /** What the person answers on the pages of authorization and activation from now on. */
  readonly decide: (decision: Account | "denied") => void
  /** What a browser is sent to when it opens the page of authorization. */
  readonly visit: (url: string) => string | undefined
  /** Whether a service would take this access token now. */
  readonly isValid: (accessToken: string) => boolean
  /** Ends the login a token belongs to. */
  readonly revoke: (token: string) => boolean
  /** Ends all access tokens; they can be refreshed. */
  readonly expireAccess: () => void
  /** What was asked, secrets included, the oldest first. */
  readonly log: () => ReadonlyArray<LogEntry>
}>()("@sluice/testing/IdentityProvider") {
  /** One in this process, at `http://identity.test`. */
  static readonly layer = (options: Options = {}): Layer.Layer<IdentityProvider> =>
    Layer.effect(
      IdentityProvider,
      Clock.clockWith((clock) => {
        const issuer = "http://identity.test"
        return Effect.sync(() => of(make(options, () => issuer, () => clock.currentTimeMillisUnsafe()), issuer))
      })
    )

  /** One on a socket of this machine, on a free port unless told. */
  static readonly layerServer = (options: Options & { readonly port?: number } = {}): Layer.Layer<IdentityProvider, IdentityProviderListenError> =>
    Layer.effect(
      IdentityProvider,
      Clock.clockWith((clock) => Effect.map(start(options, () => clock.currentTimeMillisUnsafe()), ({ engine, issuer }) => of(engine, issuer)))
    )
}

// internal

const of = (engine: Engine, issuer: string): IdentityProvider["Service"] => {
  const { grants, handle, settings } = engine
  return IdentityProvider.of({
    issuer,
    endpoints: {
      configuration: `${issuer}${paths.configuration}`,
      authorization: `${issuer}${paths.authorization}`,
      token: `${issuer}${paths.token}`,
      device: `${issuer}${paths.device}`,
      jwks: `${issuer}${paths.jwks}`
    },
    clientId: settings.clientId,
    clientSecret: settings.clientSecret,
    handle,
    mint: engine.mint,
    rotateKeys: engine.rotateKeys,
    script: (...faults) => engine.script(faults),
    decideDevice: (userCode, decision = settings.account) => {
      const device = grants.device(userCode)
      if (device !== undefined) device.decision = decision
      return device !== undefined
    },
    decide: engine.decide,
    visit: (url) => {
      const { pathname, search } = new URL(url)
      return handle({ method: "GET", path: pathname, query: search.slice(1), headers: {}, body: "" }).headers["location"]
    },
    isValid: engine.isValid,
    revoke: grants.revoke,
    expireAccess: grants.expireAccess,
    log: engine.log
  })
}
