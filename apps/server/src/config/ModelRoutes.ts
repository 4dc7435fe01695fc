/**
 * The models of a configuration as the gateway's registry wants them: entries, aliases, and how providers name theirs. Used by the rules,
 * which refuse what the registry refuses, and at every start and reload.
 */
import type { DiscoveryOptions } from "@sluice/gateway/ModelDiscovery"
import type { ModelAlias, ModelEntry, OnClientGone, ProviderNaming } from "@sluice/gateway/ModelEntry"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import type { ProviderId } from "@sluice/gateway/ProviderId"
import { present } from "@sluice/protocol/Json"
import type { Result } from "effect"
import type { Config } from "./ConfigSchema.ts"
import { toBytes } from "./Fields.ts"
import { toPrice } from "./Prices.ts"

type Models = Pick<Config, "models" | "aliases" | "providers">

/** The registry of a configuration; fails with every problem of its entries and aliases. Without what providers list: that is known to a running server. */
export const toModelRegistry = (config: Models): Result.Result<ModelRegistry.Snapshot, ModelRegistry.ModelRegistryError> =>
  ModelRegistry.make(toModelEntries(config), config.providers.map((provider) => provider.id), toNaming(config))

/** The configured routes as the gateway takes them. */
export const toModelEntries = ({ models }: Pick<Config, "models">): ReadonlyArray<ModelEntry> => models.map(toEntry)

/** An alias, and where in the file it is written. */
export interface PlacedAlias extends ModelAlias {
  readonly place: ReadonlyArray<PropertyKey>
}

/** All aliases: those of the section, and those that entries give themselves. */
export const toAliases = ({ aliases, models }: Pick<Config, "aliases" | "models">): ReadonlyArray<PlacedAlias> => [
  ...aliases.map((alias, at) => ({ ...alias, place: ["aliases", at] })),
  ...models.flatMap(({ aliases, id }, entry) => aliases.map((alias, at) => ({ alias, model: id, place: ["models", entry, "aliases", at] })))
]

/** How providers name their models, for those that say something of it. */
export const toProviderNaming = ({ providers }: Pick<Config, "providers">): ReadonlyMap<ProviderId, ProviderNaming> =>
  new Map(
    providers.filter(({ excluded, prefix }) => prefix !== undefined || excluded.length > 0).map(({ excluded, forcePrefix, id, prefix }) =>
      [id, present({ prefix, forcePrefix, excluded })] as const
    )
  )

/** What names models beside the entries. */
export const toNaming = (config: Models): ModelRegistry.Naming => ({
  aliases: toAliases(config),
  providers: toProviderNaming(config),
  isOpen: hasDiscovery(config)
})

/** Whether any provider's list is read, so that there may be more models than are written down. */
export const hasDiscovery = ({ providers }: Pick<Config, "providers">): boolean => providers.some(({ discovery }) => discovery !== undefined)

/** The lists that are read. */
export const toDiscoveries = ({ providers }: Pick<Config, "providers">): ReadonlyArray<DiscoveryOptions> =>
  providers.flatMap(({ discovery, id }) => discovery === undefined ? [] : [{ ...discovery, provider: id }])

// internal

const toEntry = ({ aliases: _, forced, info, onClientGone, order, ...model }: Config["models"][number]): ModelEntry => ({
  ...model,
  ...(order === "weighted" ? {} : { order }),
  ...(forced ? { forced } : {}),
  targets: model.targets.map(({ price, ...target }) => price === undefined ? target : { ...target, price: toPrice(price) }),
  ...(info === undefined ? {} : { info }),
  ...(onClientGone === undefined ? {} : { onClientGone: toOnClientGone(onClientGone) })
})

const toOnClientGone = (value: NonNullable<Config["models"][number]["onClientGone"]>): OnClientGone =>
  typeof value === "string" ? value : {
    drain: {
      time: value.drain.time,
      bytes: toBytes(value.drain.bytes)
    }
  }
