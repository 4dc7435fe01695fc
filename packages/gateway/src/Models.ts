/**
 * The model registrar: parts of a gateway that bring models of their own. What the configuration names goes before what parts bring,
 * and that before what providers list. A name is taken once; the first that has it keeps it.
 *
 * @example
 * Models.layer([{ id: "house-model", targets: [{ provider: ProviderId.make("house") }], info: { contextWindow: 32_768 } }])
 */
import * as Layer from "effect/Layer"
import type { DiscoveryOptions } from "./ModelDiscovery.ts"
import type { ModelAlias, ModelEntry } from "./ModelEntry.ts"
import { Models, type Ordered } from "./Registries.ts"

/** What one part brings. */
export interface ModelSource extends Ordered {
  readonly entries?: ReadonlyArray<ModelEntry>
  readonly aliases?: ReadonlyArray<ModelAlias>
  /** A provider whose own list is to be read. */
  readonly discovery?: DiscoveryOptions
}

/** Hands a source of models to the gateway. */
export const layerSource = (source: ModelSource): Layer.Layer<never, never, Models> => Layer.effectDiscard(Models.use((registry) => registry.register(source)))

/** Hands models to the gateway; `id` names the part where something is wrong with them. */
export const layer = (entries: ReadonlyArray<ModelEntry>, options: { readonly id?: string; readonly aliases?: ReadonlyArray<ModelAlias> } = {}) =>
  layerSource({ id: "models", ...options, entries })
