/**
 * The authenticators that come with the gateway: a fixed set of keys, and the open door, which has to be asked for by name.
 * Keys are looked up by their SHA-256, so that comparing takes the same time for every wrong key.
 */
import { fail, type GatewayError } from "@sluice/protocol/GatewayError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import { Authenticator, type Presented } from "./Authenticator.ts"
import type { Principal } from "./Principal.ts"

/** One key and who holds it. */
export interface ApiKey {
  readonly key: Redacted.Redacted<string>
  readonly principal: Principal
}

const digest = (secret: string): string => createHash("sha256").update(secret).digest("base64")

const missing = fail({
  class: "unauthenticated",
  message: "No API key was sent. Send one the way your SDK does: Authorization: Bearer KEY, or x-api-key: KEY.",
  code: "missing_api_key"
})
const inQuery = (parameter: string) =>
  fail({
    class: "unauthenticated",
    message:
      `The API key was sent in the address (?${parameter}=), where it is not taken: addresses end up in logs. Send it as a header (x-goog-api-key: KEY, or Authorization: Bearer KEY), or let the gateway's operator allow it (auth.queryKey: true).`,
    code: "api_key_in_query"
  })
/** The secret leads to nobody. */
export const unknown = fail({ class: "unauthenticated", message: "The API key is not known here.", code: "invalid_api_key" })

/** Who holds a secret, among these keys. */
export const known = (keys: ReadonlyArray<ApiKey>): (secret: string) => Principal | undefined => {
  const principals = new Map(keys.map(({ key, principal }) => [digest(Redacted.value(key)), principal]))
  return (secret) => principals.get(digest(secret))
}

/** Why a call without a secret is refused. */
export const refusalOf = ({ ignored }: Presented): GatewayError => ignored === undefined ? missing : inQuery(ignored)

/** Knows these keys and nobody else. */
export const layerKeys = (keys: ReadonlyArray<ApiKey>): Layer.Layer<Authenticator> => {
  const holder = known(keys)
  return Layer.succeed(Authenticator)({
    authenticate: (presented: Presented) => {
      if (presented.secret === undefined) return refusalOf(presented)
      const principal = holder(presented.secret)
      return principal === undefined ? unknown : Effect.succeed(principal)
    }
  })
}

/** Knows these secrets; the principals are named `key-1`, `key-2`, … in their order. */
export const layer = (secrets: ReadonlyArray<string>): Layer.Layer<Authenticator> =>
  layerKeys(secrets.map((secret, index) => ({ key: Redacted.make(secret), principal: { id: `key-${index + 1}` } })))

/** Lets everybody in as one principal. For a gateway that only its own machine can reach. */
export const layerOpen: Layer.Layer<Authenticator> = Layer.succeed(Authenticator)({ authenticate: () => Effect.succeed({ id: "anonymous" }) })
