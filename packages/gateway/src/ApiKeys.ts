/**
 * The authenticators that come with the gateway: a fixed set of keys, and the open door, which has to be asked for by name.
 * Keys are looked up by their SHA-256, so that comparing takes the same time for every wrong key.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Authenticator from "./Authenticator.ts"
import type { Principal } from "./Principal.ts"

/** One key and who holds it. */
export interface ApiKey {
  readonly key: Redacted.Redacted<string>
  readonly principal: Principal
}

const digest = (secret: string): string => createHash("sha256").update(secret).digest("base64")

/** Who holds a secret, among these keys. */
export const known = (keys: ReadonlyArray<ApiKey>): (secret: string) => Principal | undefined => {
  const principals = new Map(keys.map(({ key, principal }) => [digest(Redacted.value(key)), principal]))
  return (secret) => principals.get(digest(secret))
}

/** How a scheme stands in its chain. */
export type Place = Partial<Omit<Authenticator.Scheme, "authenticate">>

/** Knows these keys, as a scheme of a chain: whether another secret is known is for the next to say. */
export const scheme = (keys: ReadonlyArray<ApiKey>, place?: Place): Layer.Layer<never, never, Authenticator.Schemes> => {
  const holder = known(keys)
  return Authenticator.scheme({
    id: "keys",
    ...place,
    authenticate: ({ secret }) => Effect.succeed(Option.fromUndefinedOr(secret === undefined ? undefined : holder(secret)))
  })
}

/** Knows these keys and nobody else. */
export const layerKeys = (keys: ReadonlyArray<ApiKey>): Layer.Layer<Authenticator.Authenticator> => Authenticator.chain(scheme(keys))

/** Knows these secrets; the principals are named `key-1`, `key-2`, … in their order. */
export const layer = (secrets: ReadonlyArray<string>): Layer.Layer<Authenticator.Authenticator> =>
  layerKeys(secrets.map((secret, index) => ({ key: Redacted.make(secret), principal: { id: `key-${index + 1}` } })))

/** Lets everybody in as one principal. For a gateway that only its own machine can reach. */
export const layerOpen: Layer.Layer<Authenticator.Authenticator> = Layer.succeed(Authenticator.Authenticator)({
  authenticate: () => Effect.succeed({ id: "anonymous" })
})
