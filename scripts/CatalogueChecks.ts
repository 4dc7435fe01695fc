// What must hold before a new catalogue is taken: its form, its size, and that nothing that was known has gone or has become another
// order of magnitude without somebody saying that this is right. Pure; `refresh-catalogue.ts` prints what it finds.
import type { DatedPriceData, ModelData, RatesData, SheetData } from "../packages/catalogue/src/CatalogueData.ts"

/** What somebody has looked at and found right. */
export interface Allowed {
  /** Models that are gone, or have no price or limit where they had one. */
  readonly gone?: boolean
  /** Prices and limits that are more than ten times what they were, or less than a tenth. */
  readonly changes?: boolean
}

/** Why a catalogue is not taken. */
export interface Finding {
  readonly kind: "form" | "count" | "gone" | "change"
  readonly message: string
}

/** More than this many times as much, or as little, is a mistake until somebody says that it is none. */
const mostTimes = 10
/** Share of the models that must still be there, of all sheets and of each that has more than a handful. */
const leastKept = { all: 0.95, sheet: 0.8, handful: 10 }

const rateNames: ReadonlyArray<keyof RatesData> = [
  "input",
  "cacheRead",
  "cacheWrite5m",
  "cacheWrite1h",
  "output",
  "reasoning",
  "audioIn",
  "audioOut",
  "toolPrompt",
  "request"
]
const isRateName = (name: string): boolean => rateNames.some((each) => each === name)

const sheetKeys = ["id", "address", "names", "fallbacks", "isReseller", "models"]
const modelKeys = ["id", "match", "name", "description", "context", "deprecated", "prices"]
const priceKeys = ["from", "daily", "rates", "tiers"]

const unknownKeys = (value: object, known: ReadonlyArray<string>, at: string): ReadonlyArray<string> =>
  Object.keys(value).filter((key) => !known.includes(key)).map((key) => `${at} has "${key}", which nobody reads`)

const compiles = (pattern: string): boolean => {
  try {
    return new RegExp(pattern).source !== ""
  } catch {
    return false
  }
}

const ratesForm = (rates: RatesData, at: string): ReadonlyArray<string> =>
  Object.entries(rates).flatMap(([name, amount]: readonly [string, unknown]) => [
    ...(isRateName(name) ? [] : [`${at} prices "${name}", which is no class of tokens`]),
    ...(typeof amount === "string" && /^\d+(?:\.\d{1,12})?$/.test(amount) ? [] : [`${at} costs ${JSON.stringify(amount)} for ${name}, which is no amount`])
  ])

const priceForm = (price: DatedPriceData, at: string): ReadonlyArray<string> => [
  ...unknownKeys(price, priceKeys, at),
  ...ratesForm(price.rates, at),
  ...(price.tiers ?? []).flatMap((tier, index) => [
    ...ratesForm(tier.rates, at),
    ...(Number.isSafeInteger(tier.above) && tier.above > (price.tiers?.[index - 1]?.above ?? -1) ? [] : [`${at} has tiers that do not rise`])
  ]),
  ...(price.from === undefined || !Number.isNaN(Date.parse(price.from)) ? [] : [`${at} has a price from "${price.from}" on, which is no date`]),
  ...(price.daily === undefined || price.daily.every((time) => /^\d\d:\d\d$/.test(time))
    ? []
    : [`${at} has a price at ${price.daily.join(" to ")}, which is no time`])
]

const modelForm = (model: ModelData, at: string): ReadonlyArray<string> => [
  ...unknownKeys(model, modelKeys, at),
  ...(typeof model.id === "string" && model.id !== "" ? [] : [`${at} has no id`]),
  ...(typeof model.match === "string" && compiles(model.match) ? [] : [`${at} matches ${JSON.stringify(model.match)}, which is no regular expression`]),
  ...(model.context === undefined || (Number.isSafeInteger(model.context) && model.context > 0)
    ? []
    : [`${at} has a context of ${model.context} tokens; what is not known is left out`]),
  ...(Array.isArray(model.prices) && model.prices.length > 0 ? model.prices.flatMap((price) => priceForm(price, at)) : [`${at} has no prices`])
]

const repeated = (ids: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(ids.filter((id, index) => ids.indexOf(id) < index))]

const form = (sheets: ReadonlyArray<SheetData>): ReadonlyArray<string> => [
  ...repeated(sheets.map(({ id }) => id)).map((id) => `the sheet ${id} is there twice`),
  ...sheets.flatMap((sheet) => [
    ...unknownKeys(sheet, sheetKeys, sheet.id),
    ...(compiles(sheet.address) ? [] : [`${sheet.id} has an address that is no regular expression`]),
    ...repeated(sheet.models.map(({ id }) => id)).map((id) => `${sheet.id}/${id} is there twice`),
    ...sheet.models.flatMap((model) => modelForm(model, `${sheet.id}/${model.id}`))
  ])
]

const countOf = (sheets: ReadonlyArray<SheetData>): number => sheets.reduce((sum, { models }) => sum + models.length, 0)

const counts = (before: ReadonlyArray<SheetData>, after: ReadonlyArray<SheetData>): ReadonlyArray<string> => [
  ...(countOf(after) >= countOf(before) * leastKept.all ? [] : [`there are ${countOf(after)} models where there were ${countOf(before)}`]),
  ...before.flatMap(({ id, models }) => {
    const now = after.find((sheet) => sheet.id === id)?.models.length ?? 0
    return models.length <= leastKept.handful || now >= models.length * leastKept.sheet ? [] : [`${id} has ${now} models where it had ${models.length}`]
  })
]

/** The price that holds last: what a request costs from now on. */
const latest = ({ prices }: ModelData): RatesData => prices.at(-1)?.rates ?? {}

const isLeap = (before: number, after: number): boolean =>
  before !== after && (before === 0 || after === 0 || after / before > mostTimes || before / after > mostTimes)

const compared = (at: string, before: ModelData, after: ModelData): ReadonlyArray<Finding> => {
  const [rates, newRates] = [latest(before), latest(after)]
  const prices = rateNames.flatMap((name): ReadonlyArray<Finding> => {
    const [was, is] = [rates[name], newRates[name]]
    if (was === undefined) return []
    if (is === undefined) return [{ kind: "gone", message: `${at} has no price for ${name} any more; it was ${was}` }]
    return isLeap(Number(was), Number(is)) ? [{ kind: "change", message: `${at} costs ${is} for ${name} where it cost ${was}` }] : []
  })
  if (before.context === undefined) return prices
  if (after.context === undefined) return [...prices, { kind: "gone", message: `${at} has no context any more; it was ${before.context} tokens` }]
  return isLeap(before.context, after.context)
    ? [...prices, { kind: "change", message: `${at} has a context of ${after.context} tokens where it had ${before.context}` }]
    : prices
}

/** Everything that speaks against taking a catalogue in the place of the one before. */
export const findings = (before: ReadonlyArray<SheetData>, after: ReadonlyArray<SheetData>, allowed: Allowed = {}): ReadonlyArray<Finding> => {
  const changes = before.flatMap((sheet): ReadonlyArray<Finding> => {
    const now = after.find(({ id }) => id === sheet.id)
    if (now === undefined) return [{ kind: "gone", message: `the sheet ${sheet.id} is gone` }]
    const models = new Map(now.models.map((model) => [model.id, model]))
    return sheet.models.flatMap((model): ReadonlyArray<Finding> => {
      const is = models.get(model.id)
      return is === undefined ? [{ kind: "gone", message: `${sheet.id}/${model.id} is gone` }] : compared(`${sheet.id}/${model.id}`, model, is)
    })
  })
  return [
    ...form(after).map((message): Finding => ({ kind: "form", message })),
    ...counts(before, after).map((message): Finding => ({ kind: "count", message })),
    ...changes.filter(({ kind }) => kind === "gone" ? allowed.gone !== true : allowed.changes !== true)
  ]
}
