/**
 * Installs an HTTP provider as a part of a gateway: dialect, base URL, credentials. One executor serves every provider that
 * speaks a known dialect; a new such provider is configuration.
 *
 * @example
 * HttpExecutor.layer({ id: "anthropic", dialect: AnthropicMessages.dialect, credentials: Config.Redacted("ANTHROPIC_API_KEY") })
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Credential from "./Credential.ts"
import type { Executor } from "./Executor.ts"
import { make } from "./httpExecutor/HttpProvider.ts"
import { ProviderId } from "./ProviderId.ts"
import type * as ProviderPolicy from "./ProviderPolicy.ts"
import { Executors } from "./Registries.ts"
import type { Limits } from "./Timeouts.ts"
import * as UndiciClient from "./UndiciClient.ts"
import { UpstreamClient } from "./UpstreamClient.ts"

/** Shows in a layer's type that it installs an executor; a gateway asks for at least one. */
export class ExecutorInstalled extends Context.Service<ExecutorInstalled, true>()("@sluice/gateway/ExecutorInstalled") {}

/** One HTTP provider. */
export interface Options {
  /** The provider's name in routes, ledger rows and headers; see `ProviderId`. */
  readonly id: string
  readonly dialect: Dialect
  /** Where its API begins, in the convention of its own SDK; absent = the dialect's own provider. */
  readonly baseUrl?: string | Config.Config<string>
  /** Its key, or several, or credentials that may change while it runs; `none`, or none of them = it takes no key. Keys are known as `key-1`, `key-2` and so on. */
  readonly credentials: Redacted.Redacted | Config.Config<Redacted.Redacted> | ReadonlyArray<Redacted.Redacted> | Credential.Credentials | "none"
  readonly headers?: { readonly [name: string]: Credential.Value }
  readonly query?: { readonly [name: string]: Credential.Value }
  readonly limits?: Partial<Limits>
  /** Extra tries at this provider before the commit; absent = 1. */
  readonly retries?: number
  /** Whether what its dialect has no words for (files, batches, pictures) is handed on to it under `/passthrough/ID/…`; absent = no. */
  readonly passthrough?: boolean
  /** How it is reached: through a proxy, with certificates, in a private network. Absent = as all providers are that say nothing; they share their connections. */
  readonly client?: UndiciClient.Options
  /** How its credentials are chosen, when they rest, when it is left out, and what its errors mean; absent = the defaults. */
  readonly policy?: ProviderPolicy.Options
}

/** Registers an executor of one's own making. */
export const install = (executor: Executor): Layer.Layer<ExecutorInstalled, never, Executors> =>
  Layer.effect(ExecutorInstalled, Executors.use((registry) => registry.register(executor)).pipe(Effect.as(true as const)))

const isList = (credentials: Options["credentials"]): credentials is ReadonlyArray<Redacted.Redacted> => Array.isArray(credentials)

const baseUrlOf = ({ baseUrl, dialect }: Options): Effect.Effect<string, Config.ConfigError> =>
  baseUrl === undefined ? Effect.succeed(dialect.baseUrl) : typeof baseUrl === "string" ? Effect.succeed(baseUrl) : baseUrl

const credentialsOf = Effect.fnUntraced(
  function*({ credentials, id: provider }: Options): Effect.fn.Return<Credential.Credentials | undefined, Config.ConfigError> {
    const fixed = (keys: ReadonlyArray<Redacted.Redacted>): Credential.Credentials =>
      Credential.fixed(keys.map((key, index) => Credential.key({ id: `key-${index + 1}`, provider, key })))
    if (credentials === "none") return undefined
    if (Redacted.isRedacted(credentials)) return fixed([credentials])
    if (isList(credentials)) return credentials.length === 0 ? undefined : fixed(credentials)
    return "current" in credentials ? credentials : fixed([yield* credentials])
  }
)

/** Installs the provider over an upstream client of one's own. */
export const layerNoDeps = (options: Options): Layer.Layer<ExecutorInstalled, Config.ConfigError, Executors | UpstreamClient> =>
  Layer.effect(
    ExecutorInstalled,
    Effect.gen(function*() {
      const client = yield* UpstreamClient
      const registry = yield* Executors
      const credentials = yield* credentialsOf(options)
      const { client: _client, credentials: _, ...rest } = options
      const baseUrl = new URL(yield* baseUrlOf(options))
      yield* registry.register(make({ ...rest, id: ProviderId.make(options.id), client, baseUrl, ...(credentials === undefined ? {} : { credentials }) }))
      return true as const
    })
  )

const shared = UndiciClient.layer()

/** Installs the provider, over undici. */
export const layer = (options: Options): Layer.Layer<ExecutorInstalled, Config.ConfigError, Executors> =>
  layerNoDeps(options).pipe(Layer.provide(options.client === undefined ? shared : UndiciClient.layer(options.client)))

/** Installs nothing: for a server whose configuration decides at start-up what there is. */
export const none: Layer.Layer<ExecutorInstalled> = Layer.succeed(ExecutorInstalled)(true)
