/**
 * The prices of the catalogue as amounts of money, compiled when they are first needed: which model of a sheet a name means, and what
 * that model costs at a time.
 */
import * as Catalogue from "@sluice/catalogue/Catalogue"
import type { DatedPriceData, ModelData, PriceData, RatesData } from "@sluice/catalogue/CatalogueData"
import type { Price, Rates } from "@sluice/gateway/Prices"
import { classes } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import * as Option from "effect/Option"

/** A model's price in a sheet. */
export interface Found {
  /** The sheet the price is in. */
  readonly sheet: string
  readonly model: string
  /** Sheet and model, and the version of the snapshot before them: what a record of a cost names. */
  readonly name: string
  readonly version: string
  /** Tokens of the model's context, where they are known. */
  readonly context: number | undefined
  readonly at: (time: number) => Price
}

const amount = (text: string | undefined): Money.Money | undefined => text === undefined ? undefined : Option.getOrUndefined(Money.fromDecimal(text))

/** Rates from decimal texts. */
export const rates = (data: RatesData): Rates =>
  Object.fromEntries([...classes, "request" as const].flatMap((name) => {
    const known = amount(data[name])
    return known === undefined ? [] : [[name, known]]
  }))

/** A price from decimal texts. */
export const price = (data: PriceData): Price => ({
  rates: rates(data.rates),
  ...(data.tiers === undefined ? {} : { tiers: data.tiers.map((tier) => ({ above: tier.above, rates: rates(tier.rates) })) })
})

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3, 5))

const holds = ({ daily, from }: DatedPriceData): (time: number) => boolean => {
  if (from !== undefined) {
    const since = Date.parse(from)
    return (time) => time >= since
  }
  if (daily === undefined) return () => true
  const [start, end] = [minuteOf(daily[0]), minuteOf(daily[1])]
  return (time) => {
    const minute = (time / 60_000) % 1_440
    return end < start ? minute >= start || minute < end : minute >= start && minute < end
  }
}

const compileModel = (sheet: string, { context, id, prices }: ModelData): Found => {
  const dated = prices.map((each) => ({ holds: holds(each), price: price(each) }))
  const first = dated[0]?.price ?? { rates: {} }
  const at = dated.length === 1 ? () => first : (time: number) => dated.findLast((each) => each.holds(time))?.price ?? first
  const name = `${sheet}/${id}`
  return { sheet, model: id, name, version: `${Catalogue.version}/${name}`, context, at }
}

// A model's data are one object for as long as the process runs
const compiled = new WeakMap<ModelData, Found>()

/** The model of a sheet, or of those it falls back to, that a name means. */
export const find = (sheetId: string, name: string): Found | undefined => {
  const found = Catalogue.find(sheetId, name)
  if (found === undefined) return undefined
  const known = compiled.get(found.model)
  if (known !== undefined) return known
  const made = compileModel(found.sheet, found.model)
  compiled.set(found.model, made)
  return made
}
