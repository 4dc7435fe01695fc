/** Hands the credentials that a gateway's parts have registered to the pools around it, for as long as its generation lives. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { Credentials } from "../credentials/Credentials.ts"
import { CredentialProviders } from "../Registries.ts"

/** Does so. Without pools nobody would keep them, and the log says so. */
export const start: Effect.Effect<void, never, CredentialProviders | Scope.Scope> = Effect.gen(function*() {
  const registered = yield* Effect.flatMap(CredentialProviders, ({ all }) => all)
  if (registered.length === 0) return
  const pools = yield* Effect.serviceOption(Credentials)
  if (Option.isSome(pools)) return yield* pools.value.add(registered)
  yield* Effect.logWarning(
    "Credentials were registered, and there are no pools to keep them: provide Credentials.layer around the gateway",
    registered.map(({ id, provider }) => `${provider} ${id}`)
  )
})
