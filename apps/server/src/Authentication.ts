/** Who may use the server: everybody, or the keys of its configuration and those in its ledger's database. */
import * as ApiKeys from "@sluice/gateway/ApiKeys"
import * as VirtualKeys from "@sluice/gateway/VirtualKeys"
import { Effect, Layer } from "effect"
import { type Config, toApiKeys } from "./Config.ts"
import * as KeySecret from "./KeySecret.ts"
import * as KeyStorage from "./KeyStorage.ts"

/** The authenticator. */
export const layer = (config: Config) => {
  const store = KeyStorage.layer(config)
  if (config.auth.mode === "open") return ApiKeys.layerOpen
  if (store === undefined) return ApiKeys.layerKeys(toApiKeys(config))
  return Layer.unwrap(
    Effect.map(KeySecret.watched(config), (pepper) => VirtualKeys.layer({ keys: toApiKeys(config), pepper, freshFor: config.auth.keysFreshFor }))
  ).pipe(Layer.provide(store))
}
