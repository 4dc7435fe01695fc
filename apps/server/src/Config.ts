/**
 * The configuration of the server: one YAML file decoded by one schema, or defaults that need no file.
 * Everything the rest of the server needs of it is here; how it is made is in `config/`.
 */
export type { Config } from "./config/ConfigSchema.ts"
export { jsonSchema } from "./config/JsonSchema.ts"
export { isInMemory } from "./config/LedgerUrl.ts"
export { defaults, listenOn, load, loadDefaults, parse } from "./config/Load.ts"
export { toModelEntries, toModelRegistry } from "./config/ModelRoutes.ts"
export type { Provider } from "./config/Providers.ts"
export { isLoopback } from "./config/Rules.ts"
