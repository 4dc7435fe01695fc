/**
 * The snapshot of prices, compiled when it is first needed: whose sheet is asked for a provider, which model of it a name means, and
 * what that model costs at a time.
 */
import type { Price, Rates } from "@sluice/gateway/Prices"
import { classes } from "@sluice/protocol/CanonicalUsage"
import * as Money from "@sluice/protocol/Money"
import * as Option from "effect/Option"
import * as Generated from "./Generated.ts"
import * as Names from "./Names.ts"
import type { DatedPriceData, ModelData, PriceData, RatesData, SheetData } from "./SheetData.ts"
import * as SheetIndex from "./SheetIndex.ts"

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
  return { sheet, model: id, name, version: `${Generated.version}/${name}`, context, at }
}

type Finder = (name: string) => Found | undefined

const compileSheet = ({ id, models }: SheetData): Finder => {
  const index = SheetIndex.make(models.map(({ match }) => match))
  const found: Array<Found | undefined> = []
  return (name) => {
    const at = index(name)
    const model = at === undefined ? undefined : models[at]
    return at === undefined || model === undefined ? undefined : found[at] ??= compileModel(id, model)
  }
}

const compiled = new Map<string, Finder>()

const finderOf = (sheet: SheetData): Finder => {
  const known = compiled.get(sheet.id)
  if (known !== undefined) return known
  const made = compileSheet(sheet)
  compiled.set(sheet.id, made)
  return made
}

const byId = new Map(Generated.sheets.map((sheet) => [sheet.id, sheet]))

/** The ids of all sheets. */
export const ids: ReadonlyArray<string> = Generated.sheets.map(({ id }) => id)

/** The model of a sheet, or of those it falls back to, that a name means. */
export const find = (sheetId: string, name: string): Found | undefined => {
  const sheet = byId.get(sheetId)
  if (sheet === undefined) return undefined
  const own = finderOf(sheet)
  for (const each of Names.variants(name)) {
    const found = own(each)
    if (found !== undefined) return found
  }
  const vendor = sheet.isReseller === true && name.includes("/") ? ofName(name.slice(0, name.indexOf("/"))) : undefined
  for (const fallback of vendor === undefined || vendor === sheetId ? sheet.fallbacks ?? [] : [vendor]) {
    const other = find(fallback, name)
    if (other !== undefined) return other
  }
  return undefined
}

/** The sheet of an address. */
export const ofAddress = (address: string): string | undefined => Generated.sheets.find((sheet) => new RegExp(`^(?:${sheet.address})`).test(address))?.id

/** The sheet that a provider's own name means. */
export const ofName = (name: string): string | undefined => {
  const lower = name.toLowerCase()
  return byId.has(lower) ? lower : Generated.sheets.find(({ names }) => names !== undefined && new RegExp(names).test(lower))?.id
}
