/**
 * The credentials of all providers, from the configuration: what each is made of, the pools they are kept in, and what an executor is
 * given of them. The pools outlive a configuration: while one takes the place of another, they hold what both of them say, so that neither
 * the requests that run nor those that come lack anything, and each is given its own.
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
import { Context, Duration, Effect, Layer, Redacted, type Scope, Semaphore } from "effect"
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

/** Tells the pools what is configured. */
export class ProviderCredentials extends Context.Service<ProviderCredentials, {
  /** Adds this configuration's until the scope closes; where two say something else of a credential, the later one holds. */
  readonly configure: (config: Config) => Effect.Effect<void, UpstreamConnection.CertificateFileError, Scope.Scope>
  /** What the executor of a provider takes: what is configured for it there, and what is stored beside. */
  readonly poolOf: (provider: Provider) => Credential.Credentials
}>()("@sluice/server/ProviderCredentials") {}

/** What several configurations say, the latest of them first. */
const united = (all: ReadonlyArray<ReadonlyArray<ConfiguredCredential>>): ReadonlyArray<ConfiguredCredential> => {
  const found = new Map<string, ConfiguredCredential>()
  for (const each of all.toReversed().flat()) {
    const name = nameOf(each)
    if (!found.has(name)) found.set(name, each)
  }
  return [...found.values()]
}

const nameOf = ({ id, provider }: { readonly id: string; readonly provider: string }): string => JSON.stringify([provider, id])

/** A list made of another, once for each that is given. */
const made = <A>(source: () => ReadonlyArray<A>, of: (list: ReadonlyArray<A>) => ReadonlyArray<A>): () => ReadonlyArray<A> => {
  let last: ReadonlyArray<A> | undefined
  let list: ReadonlyArray<A> = []
  return () => {
    const now = source()
    if (now !== last) list = of(now)
    last = now
    return list
  }
}

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
    const gate = yield* Semaphore.make(1)
    let living: ReadonlyArray<ReadonlyArray<ConfiguredCredential>> = []
    let names: ReadonlySet<string> = new Set()
    const tell = gate.withPermit(Effect.suspend(() => {
      const all = united(living)
      names = new Set(all.map(nameOf))
      return credentials.configure(all)
    }))
    return {
      configure: Effect.fnUntraced(function*({ providers }: Config) {
        const own = (yield* Effect.forEach(providers, ofProvider)).flat()
        const forget = Effect.suspend(() => {
          living = living.filter((each) => each !== own)
          return tell
        })
        yield* Effect.acquireRelease(Effect.sync(() => void (living = [...living, own])), () => forget)
        yield* tell
      }),
      poolOf: ({ credentials: entries, id }) => {
        const own = new Set(entries.map((entry) => nameOf({ provider: id, id: entry.id })))
        const none = entries.length > 0 ? [] : [nothing(id)]
        // Another configuration's are not its business; what nobody configured was stored
        const isOwn = (credential: Credential.Credential): boolean => own.has(nameOf(credential)) || !names.has(nameOf(credential))
        return {
          current: made(() => credentials.current(id), (all) => {
            const allowed = all.filter(isOwn)
            return allowed.length === 0 ? none : allowed
          })
        }
      }
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

/** Tells the pools this configuration for as long as the layer lives. */
export const configure = (config: Config): Layer.Layer<never, UpstreamConnection.CertificateFileError, ProviderCredentials> =>
  Layer.effectDiscard(ProviderCredentials.use((service) => service.configure(config)))
