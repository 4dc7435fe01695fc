/**
 * The catalogue port: what is publicly known of models, by provider. Optional: without it lists say what the configuration and the
 * providers say. Nothing is fetched: a catalogue is data with a version and a licence. `ModelCatalogue` of the package `ledger` is the
 * default.
 *
 * @example
 * Catalogue.layer({ version: "house-1", licence: "MIT", find: ({ model }) => model === "house" ? Option.some(known) : Option.none() })
 */
import type { ModelInfo } from "@sluice/protocol/ModelInfo"
import type { DialectId } from "@sluice/protocol/Wire"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { ProviderId } from "./ProviderId.ts"

/** Whose facts are wanted. */
export interface Sought {
  /** The provider's name of the model. */
  readonly model: string
  readonly provider: ProviderId
  /** The protocol the provider is asked in. */
  readonly dialect?: DialectId
}

/** What a catalogue says of a model. A fact it does not have is absent: unknown is unknown, never zero. */
export interface CatalogueEntry {
  /** The model as the catalogue calls it. */
  readonly name: string
  readonly info: ModelInfo
}

/** Where facts about models are looked up. Plain functions without effects. */
export class Catalogue extends Context.Service<Catalogue, {
  /** Where the facts are from, and of which version they are. */
  readonly version: string
  /** The licence of the data. */
  readonly licence: string
  readonly find: (sought: Sought) => Option.Option<CatalogueEntry>
}>()("@sluice/gateway/Catalogue") {}

/** A catalogue of one's own. */
export const layer = (catalogue: Catalogue["Service"]): Layer.Layer<Catalogue> => Layer.succeed(Catalogue)(catalogue)
