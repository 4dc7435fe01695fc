/**
 * The credentials of all providers, from the configuration: what each is made of, the pools they are kept in, and what an executor is
 * given of them. The pools outlive a configuration; another one is told to them.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as Credential from "@sluice/gateway/Credential"
import type { ConfiguredCredential, CredentialProvider } from "@sluice/gateway/credentials/CredentialProvider"
import { Credentials, layer as pools } from "@sluice/gateway/credentials/Credentials"
import * as EnvironmentKey from "@sluice/gateway/credentials/EnvironmentKey"
import * as KeyFile from "@sluice/gateway/credentials/KeyFile"
import * as OAuth from "@sluice/gateway/credentials/OAuth"
import * as StaticKey from "@sluice/gateway/credentials/StaticKey"
import { ProviderId } from "@sluice/gateway/ProviderId"
import type { UpstreamClient } from "@sluice/gateway/UpstreamClient"
import { present } from "@sluice/protocol/Json"
import { Context, Duration, Effect, Layer, Redacted, type Scope } from "effect"
import type { Config, Provider } from "./Config.ts"
import * as CredentialStorage from "./CredentialStorage.ts"
import * as UpstreamConnection from "./UpstreamConnection.ts"

type Entry = Provider["credentials"][number]

const sourceOf = (entry: Entry, client: Context.Context<UpstreamClient>): Effect.Effect<CredentialProvider> => {
  const { apiKey, env, file, oauth } = entry
  if (oauth !== undefined) return Effect.provide(OAuth.make(oauth), client)
  if (env !== undefined) return Effect.succeed(EnvironmentKey.make(env))
  if (file !== undefined) return Effect.succeed(KeyFile.make(file))
  // One of the four is there: a configuration without was refused
  return Effect.succeed(StaticKey.make(apiKey ?? Redacted.make("")))
}

/** Identity providers are asked the way their provider is. */
const clientsIn = (scope: Scope.Scope) => {
  const made = new Map<string, Context.Context<UpstreamClient>>()
  return Effect.fnUntraced(function*(provider: Provider) {
    const { private: isPrivate, proxy, tls } = provider
    const name = JSON.stringify([isPrivate, proxy === undefined ? null : Redacted.value(proxy), tls ?? null])
    const known = made.get(name)
    if (known !== undefined) return known
    const client = yield* Layer.buildWithScope(yield* Effect.provide(UpstreamConnection.client(provider, false), NodeFileSystem.layer), scope)
    made.set(name, client)
    return client
  })
}

/** Tells the pools what is configured. */
export class ProviderCredentials extends Context.Service<ProviderCredentials, {
  readonly configure: (config: Config) => Effect.Effect<void, UpstreamConnection.CertificateFileError>
}>()("@sluice/server/ProviderCredentials") {}

const configured = Layer.effect(
  ProviderCredentials,
  Effect.gen(function*() {
    const credentials = yield* Credentials
    const clientOf = clientsIn(yield* Effect.scope)
    const ofProvider = Effect.fnUntraced(function*(provider: Provider) {
      if (provider.simulator) return []
      const client = yield* clientOf(provider)
      return yield* Effect.forEach(provider.credentials, (entry) =>
        Effect.map(sourceOf(entry, client), (from): ConfiguredCredential => ({
          provider: provider.id,
          id: entry.id,
          from,
          priority: entry.priority,
          weight: entry.weight,
          attributes: entry.attributes,
          ...present({ models: entry.models, excluded: entry.excluded })
        })))
    })
    return {
      configure: ({ providers }) => Effect.flatMap(Effect.forEach(providers, ofProvider), (all) => credentials.configure(all.flat()))
    }
  })
)

/** The pools, and the hand that configures them; empty until it does. Without upkeep nothing happens by itself: for a command beside a server. */
export const layer = (config: Config, options: { readonly upkeep?: boolean } = {}) =>
  configured.pipe(
    Layer.provideMerge(pools({
      ...options,
      seal: CredentialStorage.seal(config),
      aheadMs: Duration.toMillis(config.credentials.refreshAhead)
    })),
    Layer.provide(CredentialStorage.layer(config))
  )

/** Tells the pools this configuration. */
export const configure = (config: Config): Layer.Layer<never, UpstreamConnection.CertificateFileError, ProviderCredentials> =>
  Layer.effectDiscard(ProviderCredentials.use((service) => service.configure(config)))

/** Nothing is sent where nothing is configured or stored. */
const nothing = (provider: string): Credential.Credential => ({
  id: Credential.CredentialId.make("none"),
  provider: ProviderId.make(provider),
  kind: "none",
  priority: 0,
  weight: 1,
  attributes: {},
  secret: () => undefined
})

/** What the executor of a provider takes. */
export const poolOf = (credentials: Credentials["Service"], { credentials: entries, id }: Provider): Credential.Credentials => {
  if (entries.length > 0) return credentials.pool(id)
  const none = [nothing(id)]
  return {
    current: () => {
      const stored = credentials.current(id)
      return stored.length === 0 ? none : stored
    }
  }
}
