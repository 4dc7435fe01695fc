/**
 * Which credential a login or a file is for: the one that is named, the only one there is, or a new one beside it with its settings.
 * Pure; what cannot be decided is said with the ids there are.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { CredentialId } from "../Credential.ts"
import { type CredentialError, forGood } from "../credentials/CredentialError.ts"
import type { ConfiguredCredential } from "../credentials/CredentialProvider.ts"
import * as ImportedFile from "../credentials/ImportedFile.ts"
import type { Material } from "../credentials/Material.ts"
import { ProviderId } from "../ProviderId.ts"
import type { Target } from "./LoginFlows.ts"
import type { Pools } from "./Pools.ts"

/** What was asked for. */
export interface Asked {
  readonly provider: string
  readonly id?: string
  readonly like?: string
}

type Found<A> = Result.Result<A, CredentialError>

const isCredentialId = Schema.is(CredentialId)
const isProviderId = Schema.is(ProviderId)

const list = (clients: ReadonlyArray<ConfiguredCredential>): string => clients.map(({ id }) => id).join(", ")

const noClient = (provider: string) =>
  Result.fail(forGood("no_client", `The provider "${provider}" has no credential that is logged into: configure providers[].credentials[].oauth.`))

/** The configured client that a new credential is like. */
const clientOf = (pools: Pools, { like, provider }: Asked): Found<ConfiguredCredential> => {
  const clients = pools.clients(provider)
  const [only] = clients
  if (only === undefined) return noClient(provider)
  const named = clients.find(({ id }) => id === like)
  if (like !== undefined) {
    return named === undefined
      ? Result.fail(forGood("no_client", `The provider "${provider}" has no client with the id "${like}"; there are: ${list(clients)}.`))
      : Result.succeed(named)
  }
  return clients.length === 1
    ? Result.succeed(only)
    : Result.fail(forGood("several_clients", `The provider "${provider}" has several credentials that are logged into; name one: ${list(clients)}.`))
}

const named = (pools: Pools, asked: Asked): Found<void> => {
  if (!isProviderId(asked.provider)) return Result.fail(forGood("bad_id", `"${asked.provider}" is no id of a provider.`))
  if (asked.id !== undefined && !isCredentialId(asked.id)) {
    return Result.fail(forGood("bad_id", "The id of a credential is 1 to 128 printable ASCII letters without blanks."))
  }
  const configured = asked.id === undefined ? undefined : pools.configured({ provider: asked.provider, id: asked.id })
  return configured === undefined || configured.from.logins.length > 0
    ? Result.void
    : Result.fail(forGood("no_login", `The credential "${asked.id}" of the provider "${asked.provider}" is configured as it is, and nothing is stored for it.`))
}

/** What a login is for. */
export const login = (pools: Pools, asked: Asked): Found<Target> =>
  Result.flatMap(named(pools, asked), () => {
    const { id, provider } = asked
    const own = id === undefined ? undefined : pools.configured({ provider, id })
    if (own !== undefined) return Result.succeed({ place: { provider, id: own.id }, like: undefined, from: own.from })
    return Result.map(clientOf(pools, asked), (client) => ({
      place: { provider, id: id ?? client.id },
      like: id === undefined ? undefined : client.id,
      from: client.from
    }))
  })

/** What a file is for, with what is in it: a login needs a client that refreshes it, a key needs nothing. */
export const file = (
  pools: Pools,
  asked: Asked & { readonly id: string },
  text: string,
  now: number
): Found<Omit<Target, "from"> & { readonly material: Material }> => {
  const target = login(pools, asked)
  const parsed = Result.isSuccess(target) ? target.success.from.parse(text, now) : ImportedFile.parse(text, now)
  return Result.flatMap(named(pools, asked), () =>
    Result.flatMap(parsed, (material) => {
      if (Result.isSuccess(target)) return Result.succeed({ place: target.success.place, like: target.success.like, material })
      return material._tag === "Key"
        ? Result.succeed({ place: { provider: asked.provider, id: asked.id }, like: undefined, material })
        : Result.fail(target.failure)
    }))
}
