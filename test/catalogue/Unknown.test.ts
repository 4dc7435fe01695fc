/** Unknown is unknown, never zero: over all of the catalogue, no price and no limit is 0 unless the source says 0, and what the source does not say is absent. */
import { findProvider, type ModelInfo, type ModelPrice } from "@pydantic/genai-prices"
import * as Catalogue from "@sluice/catalogue/Catalogue"
import type { ModelData, RatesData } from "@sluice/catalogue/CatalogueData"
import { ProviderId } from "@sluice/gateway/ProviderId"
import * as ModelCatalogue from "@sluice/ledger/ModelCatalogue"
import * as PriceBook from "@sluice/ledger/PriceBook"
import { classes } from "@sluice/protocol/CanonicalUsage"
import { Option } from "effect"
import { describe, expect, it } from "vitest"

interface Pair {
  readonly at: string
  readonly sheet: string
  readonly ours: ModelData
  readonly theirs: ModelInfo
}

const pairs: ReadonlyArray<Pair> = Catalogue.ids.flatMap((sheet) => {
  const source = new Map((findProvider({ providerId: sheet })?.models ?? []).map((model) => [model.id, model]))
  return (Catalogue.sheet(sheet)?.models ?? []).flatMap((ours) => {
    const theirs = source.get(ours.id)
    return theirs === undefined ? [] : [{ at: `${sheet}/${ours.id}`, sheet, ours, theirs }]
  })
})

const pricesOf = ({ prices }: ModelInfo): ReadonlyArray<ModelPrice> => Array.isArray(prices) ? prices.map((each) => each.prices) : [prices]

/** Every number the source states for a model, and whether it calls it free by its name. */
const statesZero = (theirs: ModelInfo): boolean =>
  theirs.id.endsWith(":free") ||
  pricesOf(theirs).some((price) =>
    Object.values(price).some((value) => value === 0 || (typeof value === "object" && (value.base === 0 || value.tiers.some((tier) => tier.price === 0))))
  )

const ratesOf = ({ prices }: ModelData): ReadonlyArray<RatesData> => prices.flatMap(({ rates, tiers = [] }) => [rates, ...tiers.map((tier) => tier.rates)])
const zeros = (ours: ModelData): ReadonlyArray<string> =>
  ratesOf(ours).flatMap((rates) => Object.entries(rates).filter(([, amount]) => Number(amount) === 0).map(([name]) => name))

describe("the catalogue", () => {
  it("has the models of its source and no others", () => {
    expect(pairs.length).toBe(Catalogue.ids.reduce((sum, id) => sum + (Catalogue.sheet(id)?.models.length ?? 0), 0))
    expect(pairs.length).toBeGreaterThan(1400)
  })

  it("has no price of 0 that the source does not state", () => {
    expect(pairs.filter(({ ours, theirs }) => zeros(ours).length > 0 && !statesZero(theirs)).map(({ at, ours }) => `${at}: ${zeros(ours).join()}`)).toEqual([])
    expect(pairs.filter(({ ours }) => zeros(ours).length > 0).length).toBeGreaterThan(0)
  })

  it("has the limits of the source where it has them, and none where it has not", () => {
    expect(pairs.filter(({ ours, theirs }) => ours.context !== theirs.context_window).map(({ at }) => at)).toEqual([])
    const known = pairs.filter(({ ours }) => ours.context !== undefined)
    expect(known.filter(({ ours }) => !Number.isSafeInteger(ours.context) || (ours.context ?? 0) <= 0).map(({ at }) => at)).toEqual([])
    expect(known.length).toBeGreaterThan(500)
    expect(known.length).toBeLessThan(pairs.length)
  })

  it("calls deprecated what the source calls so", () => {
    expect(pairs.filter(({ ours, theirs }) => (ours.deprecated === true) !== (theirs.deprecated === true)).map(({ at }) => at)).toEqual([])
    expect(pairs.some(({ ours }) => ours.deprecated === true)).toBe(true)
  })
})

describe("what the gateway is told", () => {
  const at = Date.UTC(2026, 10, 1)
  const book = PriceBook.make()
  const catalogue = ModelCatalogue.make()

  it("costs something wherever a price is known that is not free", () => {
    const wrong = pairs.flatMap(({ at: name, ours, sheet }) => {
      const provider = ProviderId.make(sheet)
      return classes.flatMap((each) => {
        const cost = Option.getOrUndefined(book.cost({ usage: { [each]: 1_000_000 }, provider, upstreamModel: ours.id, at }))
        // Another model of the sheet may have the name; whichever it is, its price is one of the catalogue
        const found = Catalogue.find(sheet, ours.id)
        return cost === undefined || cost.amount > 0n || (found !== undefined && zeros(found.model).length > 0) ? [] : [`${name}: ${each}`]
      })
    })
    expect(wrong).toEqual([])
  })

  it("is the version and the licence with every fact, and nothing where nothing is known", () => {
    expect([catalogue.version, catalogue.licence]).toEqual([PriceBook.version, "MIT"])
    const find = (provider: string, model: string) => Option.getOrUndefined(catalogue.find({ provider: ProviderId.make(provider), model }))
    expect(find("anthropic", "claude-haiku-4-5-20251001")).toMatchObject({ name: "anthropic/claude-haiku-4-5", info: { contextWindow: 200_000 } })
    expect([find("anthropic", "gpt-4o"), find("nobody-known", "gpt-4o")]).toEqual([undefined, undefined])
    const unlimited = pairs.find(({ ours, sheet }) => ours.context === undefined && Catalogue.find(sheet, ours.id)?.model === ours)
    expect(unlimited).toBeDefined()
    expect(find(unlimited?.sheet ?? "", unlimited?.ours.id ?? "")?.info).not.toHaveProperty("contextWindow")
  })
})
