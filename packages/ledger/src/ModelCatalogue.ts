/**
 * The catalogue as the gateway's port: what is publicly known of a provider's models, told by the provider's address, its id or its
 * protocol like its prices are. Limits and names only; what models cost is the price book's.
 */
import * as Data from "@sluice/catalogue/Catalogue"
import type { ModelData } from "@sluice/catalogue/CatalogueData"
import { Catalogue } from "@sluice/gateway/Catalogue"
import type { ProviderId } from "@sluice/gateway/ProviderId"
import { present } from "@sluice/protocol/Json"
import type { ModelInfo } from "@sluice/protocol/ModelInfo"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ProviderSheets from "./prices/ProviderSheets.ts"

/** What the catalogue is told of providers. */
export interface Options {
  readonly providers?: ReadonlyMap<ProviderId, ProviderSheets.Source>
}

const infoOf = ({ context, deprecated, description, name }: ModelData): ModelInfo =>
  present({ displayName: name, description, contextWindow: context, deprecated: deprecated === true ? true : undefined })

/** The catalogue for these providers. */
export const make = (options: Options = {}): Catalogue["Service"] => {
  const sheetOf = ProviderSheets.make(options.providers)
  return {
    version: Data.version,
    licence: Data.licence,
    find: ({ dialect, model, provider }) => {
      const sheet = sheetOf(provider, dialect)
      const found = sheet === undefined ? undefined : Data.find(sheet, model)
      return found === undefined ? Option.none() : Option.some({ name: `${found.sheet}/${found.model.id}`, info: infoOf(found.model) })
    }
  }
}

/** Lets a gateway know what is publicly known. */
export const layer = (options: Options = {}): Layer.Layer<Catalogue> => Layer.sync(Catalogue, () => make(options))
