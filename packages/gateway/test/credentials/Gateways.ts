/** Gateways with credentials, without a server: each its own pools, over one store and one simulated identity provider. */
import { IdentityProvider } from "@sluice/testing/IdentityProvider"
import { Effect, Layer, Redacted } from "effect"
import type { ConfiguredCredential } from "../../src/credentials/CredentialProvider.ts"
import * as Credentials from "../../src/credentials/Credentials.ts"
import * as CredentialSeal from "../../src/credentials/CredentialSeal.ts"
import { CredentialStore } from "../../src/credentials/CredentialStore.ts"
import * as IdentityClient from "./IdentityClient.ts"

/** What records are sealed with. */
export const secret = Redacted.make("a secret for tests that nobody else has")

/** A configured login, `main` of the provider `vendor`. */
export const main = (more: Partial<ConfiguredCredential> = {}, options: Parameters<typeof IdentityClient.oauth>[0] = {}) =>
  Effect.map(IdentityClient.oauth(options), (from): ConfiguredCredential => ({ provider: "vendor", id: "main", from, ...more }))

/** Starts one over the store around it, as long as the scope. */
export const start = (credentials: ReadonlyArray<ConfiguredCredential>, options: Partial<Credentials.Options> = {}) =>
  Effect.gen(function*() {
    const store = yield* CredentialStore
    const seal = Effect.succeed(CredentialSeal.make(secret))
    const context = yield* Layer.build(
      Layer.fresh(Credentials.layer({ seal, credentials, ...options })).pipe(Layer.provide(Layer.succeed(CredentialStore)(store)))
    )
    return yield* Effect.provide(Credentials.Credentials, context)
  })

/** Lets everything run that waits for no clock. */
export const turns = Effect.promise(async () => {
  for (let turn = 0; turn < 30; turn++) await new Promise<void>((resolve) => void setImmediate(resolve))
})

/** Logs in by the browser, as `id` where it is told. */
export const logIn = (credentials: Credentials.Credentials["Service"], request: Partial<Credentials.LoginRequest> = {}) =>
  Effect.gen(function*() {
    const { visit } = yield* IdentityProvider
    const login = yield* credentials.startLogin({ provider: "vendor", kind: "pkce", ...request })
    const back = Object.fromEntries(new URL(visit(login.url) ?? "").searchParams)
    return yield* credentials.completeLogin(back)
  })

/** What would be sent now. */
export const sent = (credentials: Credentials.Credentials["Service"], at = 0): string | undefined => {
  const secret = credentials.current("vendor")[at]?.secret()
  return secret === undefined ? undefined : Redacted.value(secret)
}
