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
import type { Executor } from "./Executor.ts"
import { make } from "./httpExecutor/HttpProvider.ts"
import type { Value } from "./httpExecutor/Target.ts"
import { ProviderId } from "./ProviderId.ts"
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
  /** Its key, or several that are taken in turn; `none` = it takes no key. */
  readonly credentials: Redacted.Redacted | Config.Config<Redacted.Redacted> | ReadonlyArray<Redacted.Redacted> | "none"
  readonly headers?: { readonly [name: string]: Value }
  readonly query?: { readonly [name: string]: Value }
  readonly limits?: Partial<Limits>
  /** Extra tries at this provider before the commit; absent = 1. */
  readonly retries?: number
}

/** Registers an executor of one's own making. */
export const install = (executor: Executor): Layer.Layer<ExecutorInstalled, never, Executors> =>
  Layer.effect(ExecutorInstalled, Executors.use((registry) => registry.register(executor)).pipe(Effect.as(true as const)))

/** Takes the members of a list in turn. */
const inTurn = (executors: ReadonlyArray<Executor>, first: Executor): Executor => {
  let turn = 0
  return { ...first, open: (attempt) => (executors[turn++ % executors.length] ?? first).open(attempt) }
}

const isConfig = (credentials: Options["credentials"]): credentials is Config.Config<Redacted.Redacted> =>
  typeof credentials === "object" && !Redacted.isRedacted(credentials) && !Array.isArray(credentials)

const baseUrlOf = ({ baseUrl, dialect }: Options): Effect.Effect<string, Config.ConfigError> =>
  baseUrl === undefined ? Effect.succeed(dialect.baseUrl) : typeof baseUrl === "string" ? Effect.succeed(baseUrl) : baseUrl

const keysOf = Effect.fnUntraced(
  function*(credentials: Options["credentials"]): Effect.fn.Return<ReadonlyArray<Redacted.Redacted | "none">, Config.ConfigError> {
    if (isConfig(credentials)) return [yield* credentials]
    if (credentials === "none" || Redacted.isRedacted(credentials)) return [credentials]
    return credentials.length === 0 ? ["none"] : credentials
  }
)

/** Installs the provider over an upstream client of one's own. */
export const layerNoDeps = (options: Options): Layer.Layer<ExecutorInstalled, Config.ConfigError, Executors | UpstreamClient> =>
  Layer.effect(
    ExecutorInstalled,
    Effect.gen(function*() {
      const client = yield* UpstreamClient
      const registry = yield* Executors
      const keys = yield* keysOf(options.credentials)
      const id = ProviderId.make(options.id)
      const { credentials: _, ...rest } = options
      const baseUrl = new URL(yield* baseUrlOf(options))
      const executors = keys.map((credential) => make({ ...rest, id, client, credential, baseUrl }))
      const [first] = executors
      if (first !== undefined) yield* registry.register(inTurn(executors, first))
      return true as const
    })
  )

const client = UndiciClient.layer()

/** Installs the provider, over undici. */
export const layer = (options: Options): Layer.Layer<ExecutorInstalled, Config.ConfigError, Executors> => layerNoDeps(options).pipe(Layer.provide(client))

/** Installs nothing: for a server whose configuration decides at start-up what there is. */
export const none: Layer.Layer<ExecutorInstalled> = Layer.succeed(ExecutorInstalled)(true)
