/**
 * Puts the gateway of one generation together: reads the registries its parts have filled, compiles its models, and takes what outlives
 * generations as it is. What a generation brings is named here, and nowhere else.
 */
import type { Dialect } from "@sluice/protocol/Dialect"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Chain from "./authentication/Chain.ts"
import type { Authenticator } from "./Authenticator.ts"
import { Catalogue } from "./Catalogue.ts"
import * as Registered from "./credentialPool/Registered.ts"
import type { Executor } from "./Executor.ts"
import { defaultSettings, type Gateway, type Settings } from "./Gateway.ts"
import type { Generation } from "./Generation.ts"
import * as Hooks from "./Hooks.ts"
import { Limits } from "./Limits.ts"
import * as Management from "./Management.ts"
import type { ModelAlias, ModelEntry, ProviderNaming } from "./ModelEntry.ts"
import type * as ModelRegistry from "./ModelRegistry.ts"
import * as Sources from "./models/Sources.ts"
import * as Observers from "./Observers.ts"
import { Prices } from "./Prices.ts"
import type { ProviderId } from "./ProviderId.ts"
import { type Any, Executors, Extensions, Interceptors, Managements, Models, Normalizers, Routers, Schedulers, UsageSinks } from "./Registries.ts"
import { Standing } from "./Standing.ts"
import * as Thinking from "./Thinking.ts"
import { TokenCounter } from "./TokenCounter.ts"
import * as UsageDelivery from "./UsageDelivery.ts"

/** What a gateway is told beside its parts. */
export interface Options {
  /** The protocols clients may speak. Those of the executors need not be among them. */
  readonly dialects: ReadonlyArray<Dialect>
  /** The routes of model names; absent = every name goes to the first executor, `<id>/<model>` to the one named. */
  readonly models?: ReadonlyArray<ModelEntry>
  /** Other names of models; one that several models have makes a pool. */
  readonly aliases?: ReadonlyArray<ModelAlias>
  /** How the models of providers are named, and which are not served. */
  readonly naming?: ReadonlyMap<ProviderId, ProviderNaming>
  readonly settings?: Partial<Settings>
}

/** Without configured models: a prefix for each executor, and the first one for everything else. */
const defaultModels = (executors: ReadonlyArray<Executor>): ReadonlyArray<ModelEntry> => [
  ...executors.map(({ id }): ModelEntry => ({ id: `${id}/*`, targets: [{ provider: id, model: "*" }] })),
  ...executors.slice(0, 1).map(({ id }): ModelEntry => ({ id: "*", targets: [{ provider: id }] }))
]

/** The gateway of a generation; its exchanges live in the scope this is run in. */
export const start = Effect.fnUntraced(
  function*(
    options: Options,
    generation: Generation,
    authenticator: Authenticator["Service"]
  ): Effect.fn.Return<Gateway, ModelRegistry.ModelRegistryError | Management.ManagementError, Any | Standing | Scope.Scope> {
    const executors = yield* Effect.flatMap(Executors, ({ all }) => all)
    const extensions = yield* Effect.flatMap(Extensions, ({ all }) => all)
    const interceptors = yield* Effect.flatMap(Interceptors, ({ all }) => all)
    const sinks = yield* Effect.flatMap(UsageSinks, ({ all }) => all)
    const byId = new Map(executors.map((executor) => [executor.id, executor]))
    const sources = yield* Effect.flatMap(Models, ({ all }) => all)
    const models = yield* Sources.start({ ...options, entries: options.models ?? defaultModels(executors) }, sources, byId)
    const standing = yield* Standing
    yield* Registered.start
    const parts = Hooks.gather(extensions, interceptors, yield* Effect.flatMap(Normalizers, ({ all }) => all), standing.fuses)
    return {
      ...standing,
      generation,
      dialects: options.dialects,
      executors: byId,
      ...parts,
      thinking: Option.getOrElse(yield* Effect.serviceOption(Thinking.Thinking), () => Thinking.rules),
      observers: yield* Observers.start(standing, parts.hooks.observe),
      wantsFrames: parts.hooks.events.length > 0,
      deliveries: yield* UsageDelivery.start(standing, sinks, generation.number),
      management: yield* Effect.flatMap(Managements, ({ all }) => Effect.flatMap(all, Management.distinct)),
      registry: models.registry,
      lists: models.lists,
      catalogue: Option.getOrUndefined(yield* Effect.serviceOption(Catalogue)),
      routers: (yield* Effect.flatMap(Routers, ({ all }) => all)).map((router) => Hooks.install("router", standing.fuses)(router, "open")),
      schedulers: yield* Effect.flatMap(Schedulers, ({ all }) => all),
      authenticator: Chain.counted(authenticator, standing),
      tokenCounter: yield* TokenCounter,
      prices: Option.getOrUndefined(yield* Effect.serviceOption(Prices)),
      limits: Option.getOrUndefined(yield* Effect.serviceOption(Limits)),
      scope: yield* Scope.Scope,
      settings: { ...defaultSettings, ...options.settings }
    }
  }
)
