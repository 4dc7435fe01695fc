/**
 * The configuration of the server: one YAML file decoded by one schema, or defaults that need no file.
 * Everything the rest of the server needs of it is here; how it is made is in `config/`.
 */
export { issuerId } from "./config/Auth.ts"
export type { Config } from "./config/ConfigSchema.ts"
export { toBytes } from "./config/Fields.ts"
export { jsonSchema } from "./config/JsonSchema.ts"
export { isInMemory } from "./config/LedgerUrl.ts"
export { tenantOf, toApiKeys, toLimitOptions } from "./config/LimitSettings.ts"
export { defaults, listenOn, load, loadDefaults, loadText, parse, readText } from "./config/Load.ts"
export { toAliases, toDiscoveries, toModelEntries, toModelRegistry, toNaming, toProviderNaming } from "./config/ModelRoutes.ts"
export { toPriceBook } from "./config/Prices.ts"
export { toPolicy } from "./config/ProviderPolicies.ts"
export type { Provider } from "./config/Providers.ts"
export { isLoopback } from "./config/Rules.ts"
export { toScheduling } from "./config/Scheduling.ts"
