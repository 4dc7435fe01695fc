/**
 * The model entries of a configuration as the gateway's registry wants them. Used by the rules, which refuse what the registry refuses, and at every start and reload.
 */
import type { ModelEntry, OnClientGone } from "@sluice/gateway/ModelEntry"
import * as ModelRegistry from "@sluice/gateway/ModelRegistry"
import type { Result } from "effect"
import type { Config } from "./ConfigSchema.ts"
import { toBytes } from "./Fields.ts"
import { toPrice } from "./Prices.ts"

/** The registry of a configuration; fails with every problem of its entries. */
export const toModelRegistry = (config: Pick<Config, "models" | "providers">): Result.Result<ModelRegistry.Snapshot, ModelRegistry.ModelRegistryError> =>
  ModelRegistry.make(toModelEntries(config), config.providers.map((provider) => provider.id))

/** The configured routes as the gateway takes them. */
export const toModelEntries = ({ models }: Pick<Config, "models">): ReadonlyArray<ModelEntry> => models.map(toEntry)

// internal

const toEntry = ({ onClientGone, ...model }: Config["models"][number]): ModelEntry => ({
  ...model,
  targets: model.targets.map(({ price, ...target }) => price === undefined ? target : { ...target, price: toPrice(price) }),
  ...(onClientGone === undefined ? {} : { onClientGone: toOnClientGone(onClientGone) })
})

const toOnClientGone = (value: NonNullable<Config["models"][number]["onClientGone"]>): OnClientGone =>
  typeof value === "string" ? value : {
    drain: {
      time: value.drain.time,
      bytes: toBytes(value.drain.bytes)
    }
  }
