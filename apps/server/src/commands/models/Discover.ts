/** Asks the providers of a configuration for their lists, once, and gives the models with what they list: what a server does at its start. */
import * as Sources from "@sluice/gateway/models/Sources"
import { Executors, layer as registries } from "@sluice/gateway/Registries"
import { Console, Effect, Layer, References } from "effect"
import { executors } from "../../App.ts"
import { type Config, toAliases, toDiscoveries, toModelEntries, toProviderNaming } from "../../Config.ts"
import * as ProviderCredentials from "../../ProviderCredentials.ts"
import * as SimulatedProvider from "../../SimulatedProvider.ts"

/** The models with those of the lists; a list that cannot be had is told of and left out. */
export const discovered = Effect.fn(
  function*(config: Config) {
    const all = yield* Effect.flatMap(Executors, (registry) => registry.all)
    const sources = toDiscoveries(config).map((discovery) => ({ id: `discovery-${discovery.provider}`, discovery }))
    const configured = { entries: toModelEntries(config), aliases: toAliases(config), naming: toProviderNaming(config) }
    // What could not be read is told below, once
    const running = yield* Sources.start(configured, sources, new Map(all.map((executor) => [executor.id, executor])))
    for (const { credential, failure, models, provider } of running.lists.status()) {
      const whose = credential === undefined ? provider : `${provider} (${credential})`
      const reason = failure?.message ?? (models === undefined ? "it has not come yet" : undefined)
      if (reason !== undefined) yield* Console.error(`The list of ${whose} could not be read: ${reason}`)
    }
    return running.registry.current()
  },
  (effect, config) => Effect.scoped(Effect.provide(effect, layerOf(config))),
  Effect.provideService(References.MinimumLogLevel, "None")
)

const layerOf = (config: Config) =>
  executors(config).pipe(Layer.provideMerge(registries()), Layer.provide([SimulatedProvider.layer, ProviderCredentials.layer(config)]))
