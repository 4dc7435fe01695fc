/**
 * What service tiers make of prices: the provider's word for the tier it used, and the fraction of the standard price. From the
 * price pages of the providers; the snapshot of prices knows standard prices only. A tier nobody knows has no price.
 */
import type { Price } from "@sluice/gateway/Prices"
import * as Money from "@sluice/protocol/Money"
import { scaled } from "./Pricing.ts"

/** A fraction of the standard price, for models whose ids match. */
interface Fraction {
  readonly tier: RegExp
  readonly models: RegExp
  readonly times: bigint
  readonly over: bigint
}

const all = /^/

/** Capacity that was bought beforehand is priced as if it had been bought by the token. */
const standard = /^(?:default|standard|auto|on_demand|provisioned|provisioned_throughput|scale)$/
const half = { tier: /^(?:flex|batch|on_demand_flex)$/, models: all, times: 1n, over: 2n }

const openai: ReadonlyArray<Fraction> = [
  half,
  { tier: /^priority$/, models: /^gpt-4o-2024-05-13|^gpt-4\.1(?!-nano)|^o3(?!-(?:pro|mini|deep))/, times: 7n, over: 4n },
  { tier: /^priority$/, models: /^gpt-4o-mini/, times: 5n, over: 3n },
  { tier: /^priority$/, models: /^gpt-4o/, times: 17n, over: 10n },
  { tier: /^priority$/, models: /^o4-mini/, times: 20n, over: 11n },
  { tier: /^priority$/, models: /^gpt-5-mini|^gpt-5\.1-codex-mini/, times: 9n, over: 5n },
  { tier: /^priority$/, models: /^gpt-4\.1-nano|^gpt-5(?!-nano)/, times: 2n, over: 1n }
]

const sheets: { readonly [sheet: string]: ReadonlyArray<Fraction> } = {
  openai,
  azure: openai,
  anthropic: [half, { tier: /^priority$/, models: all, times: 1n, over: 1n }],
  google: [half, { tier: /^(?:on_demand_)?priority$/, models: all, times: 9n, over: 5n }],
  groq: [{ tier: /^(?:flex|performance)$/, models: all, times: 1n, over: 1n }]
}

const forThousand = (dollars: bigint): Money.Money => Money.fromPicos(dollars * 1_000_000_000n)

/** What a request costs at Perplexity by how much it searches for, for models whose ids match. */
const searches: ReadonlyArray<{ readonly models: RegExp; readonly request: { readonly [size: string]: Money.Money } }> = [
  { models: /^sonar(?:-reasoning)?$/, request: { low: forThousand(5n), medium: forThousand(8n), high: forThousand(12n) } },
  { models: /^sonar(?:-reasoning)?-pro$/, request: { low: forThousand(6n), medium: forThousand(10n), high: forThousand(14n) } }
]

const searched = (price: Price, model: string, size: string): Price | undefined => {
  const request = searches.find(({ models }) => models.test(model))?.request[size]
  return request === undefined ? undefined : { ...price, rates: { ...price.rates, request } }
}

/** The price of a model of a sheet in the tier that was used; undefined where what the tier costs is not known. */
export const inTier = (price: Price, sheet: string, model: string, tier: string | undefined): Price | undefined => {
  const word = tier?.toLowerCase() ?? ""
  if (word === "" || standard.test(word)) return price
  if (sheet === "perplexity") return searched(price, model, word)
  const fraction = sheets[sheet]?.find((each) => each.tier.test(word) && each.models.test(model))
  return fraction === undefined ? undefined : scaled(price, fraction.times, fraction.over)
}
