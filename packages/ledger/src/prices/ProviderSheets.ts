/**
 * Whose sheet of the catalogue holds for a provider: the one it is told, the one its address means, the one its id means, and where
 * nothing is known of its address, the one of whoever made the protocol it speaks.
 */
import * as Catalogue from "@sluice/catalogue/Catalogue"
import type { ProviderId } from "@sluice/gateway/ProviderId"

/** Where what is known of a provider's models is looked for. */
export interface Source {
  /** Its address, by which well-known providers are told. */
  readonly address?: string
  /** The id of a sheet of the catalogue, or `none`. Absent = told by the address, else by the provider's id. */
  readonly sheet?: string
}

/** Protocols whose own provider is meant where nothing else is known. */
const sheetOfDialect: { readonly [dialect: string]: string } = {
  "openai-chat": "openai",
  "openai-responses": "openai",
  "anthropic-messages": "anthropic",
  "gemini-generate": "google"
}

/** The sheet of a provider that is asked in a protocol; undefined where there is none. */
export type ProviderSheets = (provider: ProviderId, dialect: string | undefined) => string | undefined

/** The sheets of these providers, and of others by their ids and protocols. Each is looked for once. */
export const make = (sources: ReadonlyMap<ProviderId, Source> = new Map()): ProviderSheets => {
  const known = new Map<string, string>()

  const search = (provider: ProviderId, dialect: string | undefined): string | undefined => {
    const { address, sheet } = sources.get(provider) ?? {}
    if (sheet !== undefined) return sheet
    return (address === undefined ? undefined : Catalogue.ofAddress(address)) ?? Catalogue.ofName(provider) ??
      (address === undefined && dialect !== undefined ? sheetOfDialect[dialect] : undefined)
  }

  return (provider, dialect) => {
    const key = `${provider} ${dialect}`
    const found = known.get(key) ?? search(provider, dialect) ?? "none"
    known.set(key, found)
    return found === "none" ? undefined : found
  }
}
