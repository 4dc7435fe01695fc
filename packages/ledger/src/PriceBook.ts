/**
 * The price book: what models cost, from the catalogue's published prices and from a configuration's own, which go first. Nothing is
 * fetched: new prices come with a new version of the catalogue, or are written down by whoever knows them.
 */
import * as Catalogue from "@sluice/catalogue/Catalogue"
import * as Prices from "@sluice/gateway/Prices"
import type { ProviderId } from "@sluice/gateway/ProviderId"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"
import * as Pricing from "./prices/Pricing.ts"
import * as ProviderSheets from "./prices/ProviderSheets.ts"
import { inTier } from "./prices/ServiceTiers.ts"
import * as Sheets from "./prices/Sheets.ts"

/** A price that goes before those of the catalogue. */
export interface Override {
  /** The model's name, or a pattern with `*`: as the provider serves it, as it is asked for it, or as clients name it. */
  readonly model: string
  /** Only at this provider; absent = at all of them. */
  readonly provider?: ProviderId
  readonly price: Prices.Price
}

/** What a price book is told. */
export interface Options {
  readonly overrides?: ReadonlyArray<Override>
  readonly providers?: ReadonlyMap<ProviderId, ProviderSheets.Source>
  /** Tokens that an answer is taken to have at most where nobody limited it. */
  readonly assumedOutput?: number
}

/** The ids of the sheets of the catalogue: providers with published prices. */
export const sheets: ReadonlyArray<string> = Catalogue.ids

/** Version of the catalogue. */
export const version: string = Catalogue.version

/** Tokens that an answer is taken to have at most where nobody limited it. */
export const assumedOutput = 32_768

/** A price and where it is from: the model it is listed for, and the version of its source, which records of costs name. */
export interface Quote {
  readonly price: Prices.Price
  readonly model: string
  readonly version: string
  /** Tokens of the model's context, where the source of the price knows them. */
  readonly context?: number | undefined
}

/** The prices, and the price that a request would be charged by. */
export interface Book extends Service {
  /** None where no price is known. */
  readonly quote: (priced: Prices.Priced) => Option.Option<Quote>
}

type Service = Prices.Prices["Service"]

/** Looked-up names that are remembered; clients may ask for any number of them. */
const maxRemembered = 4_096

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&")

const globOf = (glob: string): RegExp => new RegExp(`^${glob.split("*").map(escaped).join(".*")}$`)

const digest = (price: Prices.Price): string =>
  createHash("sha256").update(JSON.stringify(price, (_, value) => typeof value === "bigint" ? value.toString() : value)).digest("hex").slice(0, 8)

const names = ({ model, servedModel, upstreamModel }: Prices.Priced): ReadonlyArray<string> =>
  [servedModel, upstreamModel, model].filter((name) => name !== undefined)

/** A price book. */
export const make = (options: Options = {}): Book => {
  const overrides = (options.overrides ?? []).map(({ model, price, provider }) => ({
    model,
    provider,
    price,
    glob: globOf(model),
    version: `config-${digest(price)}`
  }))
  const routeVersions = new WeakMap<Prices.Price, string>()
  const sheetOf = ProviderSheets.make(options.providers)
  const remembered = new Map<string, Sheets.Found | "none">()

  const routeVersion = (price: Prices.Price): string => {
    const known = routeVersions.get(price)
    if (known !== undefined) return known
    const made = `route-${digest(price)}`
    routeVersions.set(price, made)
    return made
  }

  const sheetFor = ({ provider, upstream }: Prices.Priced): string | undefined => provider === undefined ? undefined : sheetOf(provider, upstream)

  const search = (priced: Prices.Priced, sheet: string): Sheets.Found | undefined => {
    for (const name of names(priced)) {
      const found = Sheets.find(sheet, name)
      if (found !== undefined) return found
    }
    return undefined
  }

  const listed = (priced: Prices.Priced): Sheets.Found | undefined => {
    const sheet = sheetFor(priced)
    if (sheet === undefined) return undefined
    const key = `${sheet}\n${priced.servedModel}\n${priced.upstreamModel}\n${priced.model}`
    const known = remembered.get(key)
    if (known !== undefined) return known === "none" ? undefined : known
    const found = search(priced, sheet)
    if (remembered.size >= maxRemembered) remembered.clear()
    remembered.set(key, found ?? "none")
    return found
  }

  const quote = (priced: Prices.Priced): Quote | undefined => {
    if (priced.price !== undefined) return { price: priced.price, model: priced.upstreamModel ?? priced.model ?? "", version: routeVersion(priced.price) }
    for (const name of overrides.length === 0 ? [] : names(priced)) {
      const own = overrides.find(({ glob, provider }) => (provider === undefined || provider === priced.provider) && glob.test(name))
      if (own !== undefined) return { price: own.price, model: own.model, version: own.version }
    }
    const found = listed(priced)
    if (found === undefined) return undefined
    const standard = found.at(priced.at)
    const price = priced.tier === undefined ? standard : inTier(standard, found.sheet, found.model, priced.tier)
    return price && { price, model: found.name, version: found.version, context: found.context }
  }

  return {
    quote: (priced) => Option.fromUndefinedOr(quote(priced)),
    cost: (spent) => {
      const found = quote(spent)
      const cost = found && Pricing.cost(found.price, spent.usage)
      return found === undefined || cost === undefined ? Option.none() : Option.some({ ...cost, model: found.model, version: found.version })
    },
    bound: (asked) => {
      const found = quote(asked)
      if (found === undefined) return Option.none()
      const room = Math.max(0, (found.context ?? Number.MAX_SAFE_INTEGER) - asked.estimatedInput)
      const writes = found.price.rates.output !== undefined || found.price.rates.reasoning !== undefined || found.price.rates.audioOut !== undefined
      const output = asked.maxOutput ?? (writes ? Math.min(options.assumedOutput ?? assumedOutput, room) : 0)
      return Option.fromUndefinedOr(Pricing.bound(found.price, asked.estimatedInput, output))
    }
  }
}

/** The price book as the gateway's prices. */
export const layer = (options: Options = {}): Layer.Layer<Prices.Prices> => Layer.sync(Prices.Prices, () => make(options))
